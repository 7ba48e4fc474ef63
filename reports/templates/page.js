"use strict";
// Buttons that copy a listing, or the LaTeX of displayed equations; without this script the page says the same.
(function () {
  var said = document.createElement("div");
  said.className = "unseen";
  said.setAttribute("role", "status");
  document.body.appendChild(said);

  function put(text, button) {
    function done() {
      var label = button.textContent;
      button.textContent = "Copied";
      said.textContent = "Copied";
      setTimeout(function () { button.textContent = label; said.textContent = ""; }, 1500);
    }
    function byHand() {
      var area = document.createElement("textarea");
      area.value = text;
      document.body.appendChild(area);
      area.select();
      if (document.execCommand("copy")) { done(); }
      area.remove();
      button.focus();
    }
    if (navigator.clipboard) { navigator.clipboard.writeText(text).then(done, byHand); } else { byHand(); }
  }

  function add(block, label, name, text) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = label;
    button.setAttribute("aria-label", name);
    button.addEventListener("click", function () { put(text(), button); });
    block.appendChild(button);
  }

  document.querySelectorAll("div.listing").forEach(function (block) {
    add(block, "Copy", "Copy this listing", function () { return block.querySelector("code").textContent + "\n"; });
  });
  document.querySelectorAll("div.equations").forEach(function (block) {
    add(block, "LaTeX", "Copy these equations as LaTeX", function () { return block.dataset.latex + "\n"; });
  });

  // What scrolls sideways can be reached from the keyboard, and only that.
  function reach() {
    document.querySelectorAll(".scroll").forEach(function (box) {
      if (box.scrollWidth > box.clientWidth + 1) { box.tabIndex = 0; } else { box.removeAttribute("tabindex"); }
    });
  }
  reach();
  window.addEventListener("resize", reach);
}());

"use strict";
// The search of the index: the entries are in the page, this only orders them and hides the others.
(function () {
  var form = document.querySelector("form.search"), input = document.getElementById("skip.query");
  var said = document.getElementById("skip.said"), found = document.getElementById("skip.found");
  var all = document.getElementById("skip.all"), list = found.querySelector("ul");
  var entries = Array.from(all.querySelectorAll("li.entry"));
  var homes = entries.map(function (entry) { return entry.parentNode; });
  var texts = JSON.parse(document.getElementById("skip.data").textContent);
  var GREEK = ("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau " +
    "upsilon phi chi psi omega").split(" ");
  var WEIGHTS = { name: 50, title: 40, symbols: 30, family: 20, summary: 8, source: 8, more: 3 };

  // Small letters without accents, Greek letters by their names, British endings, words apart by one space.
  function plain(text) {
    return text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[\u03b1-\u03c9]/g, function (letter) {
      return GREEK[letter.charCodeAt(0) - 945];
    }).replace(/iz(?=ation|er|ed|ing|e\b)/g, "is").replace(/[\s_\-\u2010-\u2015]+/g, " ").trim();
  }

  var index = texts.map(function (fields) {
    var made = {};
    Object.keys(WEIGHTS).forEach(function (field) { made[field] = plain(fields[field]); });
    return made;
  });

  function score(fields, word) {
    var best = 0;
    Object.keys(WEIGHTS).forEach(function (field) {
      var text = " " + fields[field] + " ", weight = WEIGHTS[field];
      var at = text.includes(" " + word + " ") ? 3 : text.includes(" " + word) ? 2 : text.includes(word) ? 1 : 0;
      if (at) { best = Math.max(best, weight * at + (fields.name === word ? 500 : 0)); }
    });
    return best;
  }

  function ranked(query) {
    var words = query.split(" "), whole = query.replace(/ /g, "_");
    var kept = [];
    index.forEach(function (fields, number) {
      var scores = words.map(function (word) { return score(fields, word); });
      if (scores.every(Boolean)) {
        var bonus = texts[number].name === whole ? 1000 : (" " + fields.title).includes(" " + query) ? 100 : 0;
        kept.push([bonus + scores.reduce(function (a, b) { return a + b; }), number]);
      }
    });
    kept.sort(function (a, b) { return b[0] - a[0] || a[1] - b[1]; });
    return kept.map(function (pair) { return pair[1]; });
  }

  // Letters that have to be changed, added or left out to make one word of the other.
  function distance(one, other) {
    var row = Array.from({ length: other.length + 1 }, function (_, k) { return k; });
    Array.from(one).forEach(function (letter, i) {
      var next = [i + 1];
      Array.from(other).forEach(function (each, j) {
        next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (letter === each ? 0 : 1)));
      });
      row = next;
    });
    return row[other.length];
  }

  function nearest(query) {
    var near = index.map(function (fields, number) {
      var words = [fields.name].concat(fields.name.split(" "), fields.title.split(" "));
      return [Math.min.apply(null, words.map(function (word) { return distance(query, word); })), number];
    });
    return near.sort(function (a, b) { return a[0] - b[0] || a[1] - b[1]; }).filter(function (pair) {
      return Math.max(1, Math.floor(query.length / 3)) >= pair[0];
    }).slice(0, 5).map(function (pair) { return pair[1]; });
  }

  function mark(query) {
    if (!window.Highlight || !CSS.highlights) { return; }
    var ranges = [];
    list.querySelectorAll("a, code, p").forEach(function (element) {
      Array.from(element.childNodes).forEach(function (node) {
        if (node.nodeType !== 3) { return; }
        query.split(" ").forEach(function (word) {
          var at = node.data.toLowerCase().indexOf(word);
          if (at === -1) { return; }
          var range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + word.length);
          ranges.push(range);
        });
      });
    });
    CSS.highlights.set("found", new Highlight(...ranges));
  }

  function search() {
    var query = plain(input.value), hits = query ? ranked(query) : [];
    entries.forEach(function (entry, number) { homes[number].appendChild(entry); });  // all at home, in their order
    var near = query ? (hits.length ? [] : nearest(query)) : [];
    (hits.length ? hits : near).forEach(function (number) { list.appendChild(entries[number]); });
    found.hidden = !query;
    all.hidden = Boolean(query);
    said.textContent = !query ? "" : hits.length === 1 ? "1 operation found" : hits.length ? hits.length + " operations found"
      : near.length ? "Nothing found for \u201c" + input.value.trim() + "\u201d. Nearest:"
      : "Nothing found for \u201c" + input.value.trim() + "\u201d.";
    mark(query);
    try { history.replaceState(null, "", query ? "#q=" + encodeURIComponent(input.value.trim()) : location.pathname); } catch (_) { /* a local file */ }
  }

  function links() {
    return Array.from((found.hidden ? all : found).querySelectorAll("li.entry > div > a"));
  }

  function move(event, step) {
    var shown = links(), at = shown.indexOf(document.activeElement), next = at + step;
    if (0 > next) { input.focus(); } else if (shown[next]) { shown[next].focus(); }
    event.preventDefault();
  }

  form.hidden = false;
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var first = links()[0];
    if (input.value.trim()) { if (first) { first.click(); } }
  });
  input.addEventListener("input", search);
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey) { return; }
    var inside = document.activeElement === input, moving = inside || links().includes(document.activeElement);
    if (event.key === "/" ? !inside : false) { input.focus(); input.select(); event.preventDefault(); }
    else if (event.key === "ArrowDown" ? moving : false) { move(event, 1); }
    else if (event.key === "ArrowUp" ? moving : false) { move(event, -1); }
    else if (event.key === "Escape" ? moving : false) { input.value = ""; search(); input.focus(); }
  });
  function fromAddress() {
    if (location.hash.startsWith("#q=")) { input.value = decodeURIComponent(location.hash.slice(3)); search(); }
  }
  window.addEventListener("hashchange", fromAddress);
  fromAddress();
}());

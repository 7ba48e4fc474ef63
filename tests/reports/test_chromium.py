"""Pages as a browser shows them: formulas have room, nothing runs or loads that should not, the search finds."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from derive.notation.tree import Letter, Sign, row
from reports.document import Document, Equations, Figure, Line, Section, paragraph
from reports.html.writer import html
from tests.reports.chromium import Seen, View, look

# Every formula has a size, and what is wider than the text can be moved in a box of its own.
MEASURE = """
function measured(view) {
  var page = view.document, root = page.documentElement, body = page.querySelector("main").getBoundingClientRect();
  function box(element) {
    for (var each = element.parentElement; each; each = each.parentElement) {
      if (["auto", "scroll"].includes(view.getComputedStyle(each).overflowX)) { return each; }
    }
    return null;
  }
  var all = Array.from(page.querySelectorAll("math")).filter(function (each) { return each.checkVisibility(); });
  return {
    formulas: all.length,
    empty: all.filter(function (each) {
      var size = each.getBoundingClientRect();
      return !(size.width > 0 && size.height > 0);
    }).map(function (each) { return each.outerHTML; }),
    outside: all.filter(function (each) {
      return !box(each) && each.getBoundingClientRect().right > body.right + 1;
    }).map(function (each) { return each.getAttribute("aria-label"); }),
    moved: Array.from(page.querySelectorAll(".equations > .scroll")).filter(function (each) {
      return each.scrollWidth > each.clientWidth + 1;
    }).length,
    reasons: Array.from(page.querySelectorAll("td.reason")).map(function (each) {
      var line = each.parentElement.querySelector("td.right").getBoundingClientRect();
      return line.bottom > each.getBoundingClientRect().top + 2 ? "beside" : "below";
    }),
    overflow: root.scrollWidth - root.clientWidth,
    paper: view.getComputedStyle(page.body).backgroundColor,
    picture: Array.from(page.querySelectorAll("figure img")).map(function (each) {
      return [each.complete, each.naturalWidth > 0, view.getComputedStyle(each).backgroundColor];
    }),
    buttons: page.querySelectorAll("button.copy").length,
    owned: view.owned === undefined ? "" : view.owned,
  };
}
var found = {};
Object.keys(views).forEach(function (name) { found[name] = measured(views[name]); });
"""

# What a reader does at the index: type, look, move, open.
SEARCH = """
var view = views.index, page = view.document, input = page.querySelector("input");
function pause() { return new Promise(function (go) { setTimeout(go, 50); }); }
function shown() {
  return Array.from(page.querySelectorAll("li.entry > div > a")).filter(function (each) { return each.checkVisibility(); })
    .map(function (each) { return each.textContent; });
}
function key(name) { page.activeElement.dispatchEvent(new view.KeyboardEvent("keydown", { key: name, bubbles: true })); }
async function said(query) {
  input.value = query;
  input.dispatchEvent(new view.Event("input"));
  await pause();
  return [shown(), page.getElementById("skip.said").textContent];
}
found.search = { before: shown().length };
key("/");
found.search.focused = page.activeElement === input;
found.search.layer = await said("layer norm");
found.search.american = await said("REGULARIZER");
found.search.greek = await said("γ");
found.search.source = await said("nair hinton");
found.search.misspelt = await said("lyer_norm");
found.search.nothing = await said("qqqqqqqq");
found.search.hostile = await said("</script><script>alert(1)</script>");
found.search.several = await said("layer");
found.search.cleared = (await said("")) [0].length;
await said("dense");
key("ArrowDown");
found.search.moved = page.activeElement.textContent;
key("ArrowUp");
found.search.back = page.activeElement === input;
page.querySelector("form").requestSubmit();
for (var k = 0; k < 100; k++) {
  await pause();
  if (!views.index.location.href.endsWith("index.html") && views.index.document.readyState === "complete") { break; }
}
found.search.opened = views.index.location.href;
return found;
"""


@pytest.fixture(scope="module")
def seen(made_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """One start of the browser, which looks at all that the tests below ask about."""
    folder = tmp_path_factory.mktemp("browser")
    layer = made_site / "operations" / "layer_norm.html"
    doctored = made_site.parent / "doctored"
    if not doctored.exists():
        shutil.copytree(made_site, doctored)
    broken = doctored / "operations" / "layer_norm.html"
    text = layer.read_text("utf-8")
    intruder = '<script>window.owned = "yes";</script><img src="https://example.org/x.png" alt="" /><main'
    broken.write_text(text.replace("<main", intruder, 1).replace("overflow-x: auto", ""), "utf-8")
    drawn = Figure(
        "f", {"svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'}, "Caption.", "Words."
    )
    long = row(*(box for _ in range(30) for box in (Letter("x"), Sign("plus"))))
    blocks = (drawn, paragraph("A formula in running text: ", long, "."), Equations((Line(Letter("y"), long),)))
    made = folder / "made.html"
    made.write_text(html(Document("Made", (Section("One", blocks),))), "utf-8")
    views = {
        "made": View(made, 380, True),
        "wide": View(layer),
        "narrow": View(layer, 380),
        "dark": View(layer, 380, True),
        "index": View(made_site / "index.html"),
        "small": View(made_site / "index.html", 380),
        "about": View(made_site / "about.html", 380),
        "all": View(made_site / "all.html", 380),
        "doctored": View(broken, 380),
    }
    return look(views, MEASURE + SEARCH, folder)


PAGES = ["wide", "narrow", "dark", "made", "index", "small", "about", "all"]


@pytest.mark.parametrize("name", PAGES)
def test_formulas_have_a_size_and_the_page_is_no_wider_than_its_window(seen: Seen, name: str) -> None:
    found = seen.result[name]
    assert found["formulas"] > (100 if name in ("wide", "narrow", "dark") else 0) or name == "all"
    assert (found["empty"], found["outside"], found["overflow"]) == ([], [], 0)


def test_long_formulas_move_in_their_own_box_on_a_telephone_only(seen: Seen) -> None:
    assert seen.result["wide"]["moved"] == 0
    assert seen.result["narrow"]["moved"] > 0


def test_a_reason_stands_beside_its_line_and_on_a_telephone_below(seen: Seen) -> None:
    assert set(seen.result["wide"]["reasons"]) == {"beside"}
    assert set(seen.result["narrow"]["reasons"]) == {"below"}


def test_nothing_is_refused_and_no_script_fails(seen: Seen) -> None:
    """A page that asked for anything outside itself would be refused by its own policy, and the console would say so."""
    assert [line for line in seen.console if "/doctored/" not in line] == []


def test_what_does_not_belong_to_a_page_is_refused(seen: Seen) -> None:
    assert seen.result["doctored"]["owned"] == ""
    refused = " ".join(line for line in seen.console if "/doctored/" in line)
    assert re.search(r"script.*violates", refused)
    assert re.search(r"image.*violates", refused)


def test_dark_is_dark_and_pictures_stay_on_white(seen: Seen) -> None:
    papers = {name: sum(map(int, re.findall(r"\d+", seen.result[name]["paper"])[:3])) for name in ("narrow", "dark")}
    assert papers["dark"] < 150 < 600 < papers["narrow"]
    assert seen.result["made"]["picture"] == [[True, True, "rgb(255, 255, 255)"]]


def test_there_are_buttons_to_copy(seen: Seen) -> None:
    assert seen.result["wide"]["buttons"] > 10


def test_the_search_finds_operations(seen: Seen) -> None:
    found: dict[str, Any] = seen.result["search"]
    assert found["before"] == found["cleared"] == 5
    assert found["focused"]
    layer = "Layer normalisation"
    assert found["layer"] == [[layer], "1 operation found"]
    assert found["american"] == [["L2 penalty"], "1 operation found"]
    assert found["greek"][0] == [layer]
    assert found["source"][0] == ["Rectified linear unit"]
    assert found["misspelt"] == [[layer], "Nothing found for “lyer_norm”. Nearest:"]
    assert found["nothing"] == [[], "Nothing found for “qqqqqqqq”."]
    assert len(found["hostile"][0]) == 1
    assert len(found["several"][0]) > 1
    assert found["several"][1] == f"{len(found['several'][0])} operations found"


def test_the_search_is_driven_by_keys(seen: Seen) -> None:
    found: dict[str, Any] = seen.result["search"]
    assert found["moved"].startswith("Dense")
    assert found["back"]
    assert found["opened"].endswith("operations/dense.html")

"""What a page in HTML owes its reader: contrast, headings in order, nothing but ours that runs, equations to copy."""

from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from derive.notation.tree import Accent, Big, Fraction, Letter, Number, Row, Sign, row
from derive.registry import get
from derive.reverse import derive
from numeric import compile as generate
from reports.codec import dumps, loads
from reports.document import (
    Block,
    Code,
    Document,
    Equations,
    Figure,
    Items,
    Line,
    Link,
    Listing,
    Section,
    Table,
    anchor,
    paragraph,
    text,
)
from reports.html.code import highlighted
from reports.html.frame import script, style
from reports.html.math import mathml
from reports.html.writer import html, inline
from reports.page import page

XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"


@pytest.fixture(scope="module")
def whole() -> Document:
    """A page with every kind of section but the evidence."""
    operation = get("layer_norm")
    derivation = derive(operation)
    return page(operation, derivation, None, generate(derivation))


def small(*blocks: Block, label: str = "one") -> Document:
    return Document("A small document", (Section("One", blocks, (), label),))


def parsed(written: str) -> ET.Element:
    return ET.fromstring(written.split("\n", 1)[1])


# -- colours --------------------------------------------------------------------------------------------------------------

PAPERS = ("--paper", "--tint", "--warn", "--mark")
INKS = {
    "--ink": PAPERS,
    "--soft": ("--paper", "--tint", "--warn"),
    "--link": ("--paper", "--tint", "--warn"),
    **{f"--{name}": ("--paper", "--tint") for name in ("keyword", "name", "string", "number", "comment")},
}


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"(--[a-z]+): (#[0-9a-f]{3,6})", block))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2: from 1 (equal) to 21 (black on white)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def schemes() -> dict[str, dict[str, str]]:
    light, dark, printed = (colours(block) for block in re.findall(r":root \{(.*?)\}", style(), re.DOTALL))
    return {"light": light, "dark": dark, "print": printed}


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_every_ink_can_be_read_on_every_paper(scheme: str) -> None:
    found = schemes()[scheme]
    poor = {
        (ink, paper): round(contrast(found[ink], found[paper]), 2)
        for ink, papers in INKS.items()
        for paper in papers
        if contrast(found[ink], found[paper]) < 4.5
    }
    assert poor == {}


def test_the_schemes_name_the_same_colours_and_nothing_else_names_one() -> None:
    found = schemes()
    assert found["light"].keys() == found["dark"].keys() == found["print"].keys()
    rest = re.sub(r":root \{.*?\}", "", style(), flags=re.DOTALL)
    assert set(re.findall(r"#[0-9a-f]{3,6}\b", rest)) == {"#fff"}  # below pictures, which are drawn on white
    assert set(re.findall(r"var\((--[a-z]+)", rest)) - {"--share"} <= found["light"].keys()


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.005)  # the grey that just fails


# -- structure ------------------------------------------------------------------------------------------------------------


def test_headings_go_down_one_step_at_a_time(whole: Document) -> None:
    levels = [int(level) for level in re.findall(r"<h([1-6])>", html(whole))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))


def test_landmarks_language_and_a_way_past_the_contents(whole: Document) -> None:
    root = parsed(html(whole))
    assert root.get("lang") == "en"
    body = root.find(f"{XHTML}body")
    assert body is not None
    first = body[0]
    assert (first.get("class"), first.get("href")) == ("skip", "#skip.content")
    (main,) = root.iter(f"{XHTML}main")
    assert main.get("id") == "skip.content"
    assert all(nav.get("aria-label") for nav in root.iter(f"{XHTML}nav"))
    assert all(len(picture.get("alt") or "") > 20 for picture in root.iter(f"{XHTML}img"))


def test_every_cell_of_a_header_says_what_it_heads(whole: Document) -> None:
    root = parsed(html(whole))
    tables = [table for table in root.iter(f"{XHTML}table") if table.get("role") != "presentation"]
    assert len(tables) == 3
    for table in tables:
        heads = list(table.iter(f"{XHTML}th"))
        rows = list(table.iter(f"{XHTML}tr"))
        assert all(head.get("scope") in ("col", "row") for head in heads)
        assert [row[0].get("scope") for row in rows[1:]] == ["row"] * (len(rows) - 1)


def test_identifiers_from_any_label_are_unique_and_found() -> None:
    labels = ["a b", 'a"b', "a<b", "a.20.b", "skip.content", "größe"]
    assert len({anchor(label) for label in [*labels, "skip.data"]}) == len(labels) + 1
    document = Document("t", tuple(Section("s", (paragraph("x"),), (), label) for label in labels))
    root = parsed(html(document))
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids)) == len(labels) + 1
    assert {(link.get("href") or "")[1:] for link in root.iter(f"{XHTML}a")} == set(ids)


# -- what may run ---------------------------------------------------------------------------------------------------------


def test_the_policy_lets_nothing_in_but_our_script_by_its_hash() -> None:
    root = parsed(html(small(paragraph("x"))))
    (said,) = [m.get("content") or "" for m in root.iter(f"{XHTML}meta") if m.get("http-equiv")]
    rules = dict(rule.strip().split(" ", 1) for rule in said.split(";"))
    assert rules["default-src"] == "'none'"
    (ours,) = [element.text or "" for element in root.iter(f"{XHTML}script")]
    digest = base64.b64encode(hashlib.sha256(ours.encode()).digest()).decode()
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert not re.search(r"https?:", said)
    assert not [e for e in root.iter() for name in e.attrib if name.startswith("on")]


def test_scripts_can_stand_in_a_page_that_is_xml() -> None:
    assert "addEventListener" in script("page.js")


# -- formulas -------------------------------------------------------------------------------------------------------------


def test_a_bar_can_be_told_from_no_bar() -> None:
    """The style sheet lifts a bar off its letter, and draws the one over a word, which Chromium would draw twice."""
    assert '<mo stretchy="false" class="bar">\u00af</mo>' in mathml(Accent("bar", Letter("x")))
    assert 'class="overline"' in mathml(Accent("bar", Letter("var", "upright")))
    assert all(rule in style() for rule in (".bar {", "mover:has(> .overline)"))


def test_displayed_formulas_are_set_as_such() -> None:
    box = row(Big("sum", Letter("i")), Fraction(row(Letter("x"), Sign("minus"), Letter("y")), Letter("n")))
    shown, running = mathml(box, True), mathml(box)
    assert 'displaystyle="true"' in shown
    assert "display=" not in shown + running
    # TeX has no room around a minus in a fraction of running text, and has it in a displayed one.
    assert '<mo lspace="0" rspace="0">−</mo>' in running
    assert '<mo lspace="0" rspace="0">−</mo>' not in shown


def test_the_latex_of_displayed_equations_is_there_to_be_copied() -> None:
    lines = (
        Line(Letter("y"), Letter("a")),
        Line(None, Letter("b"), text("because")),
        Line(None, Letter("c"), equals=False),
    )
    root = parsed(html(small(Equations(lines))))
    (found,) = [e.get("data-latex") for e in root.iter() if e.get("data-latex")]
    assert found == "\\begin{align*}\ny &= a \\\\\n&= b \\\\\n& c\n\\end{align*}"


def test_a_long_formula_in_running_text_can_scroll_by_itself() -> None:
    long = Row(tuple(box for _ in range(14) for box in (Letter("x"), Sign("plus")))[:-1])
    assert inline(text(long)).startswith('<span class="wide"><math')
    assert inline(text(Number("1"))).startswith("<math")


def numbered() -> Document:
    """Equations that are referred to: by a reason, and from the margin of a listing."""
    first = Line(Letter("y"), Letter("a"), text("because"), number="(1)", label="eq 1")
    second = Line(None, Letter("b"), text("by ", Link("(1)", "eq 1")))
    code = Listing("\n    a = 1\n    y = a\n", "python", "", {2: Link("(1)", "eq 1")})
    return small(Equations((first, second)), code)


def test_equations_have_numbers_that_links_lead_to() -> None:
    root = parsed(html(numbered()))
    (mark,) = [cell for cell in root.iter(f"{XHTML}td") if cell.get("class") == "number"]
    assert (mark.text, mark.get("id")) == ("(1)", anchor("eq 1"))
    targets = [a.get("href") for a in root.iter(f"{XHTML}a") if a.text == "(1)"]
    assert targets == [f"#{anchor('eq 1')}"] * 2


def test_what_stands_in_the_margin_stands_beside_its_line() -> None:
    root = parsed(html(numbered()))
    code, margin = root.iter(f"{XHTML}pre")
    assert "".join(code.itertext()) == "a = 1\ny = a"
    assert "".join(margin.itertext()) == "\n(1)"
    assert margin.text is None  # what parses HTML drops a newline right behind the tag


def test_a_document_keeps_its_margins_in_the_cache() -> None:
    assert loads(dumps(numbered())) == numbered()


# -- program text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    return x*2  # <b> & 'c'\n",
        'y = """two\nlines"""\nz = f"{y!r} < {1}"',
        "x = (  # never closed",
        "  bad\n indent",
        "",
        "größe = 'ß'  # ∑\n\n",
        "\tif True: pass",
    ],
)
def test_marks_change_no_character_of_a_listing(code: str) -> None:
    marked = highlighted(code, "python")
    assert "".join(ET.fromstring(f"<pre>{marked}</pre>").itertext()) == code


def test_keywords_and_comments_are_marked() -> None:
    marked = highlighted("def f():\n    return None  # done", "python")
    assert re.findall(r'<span class="(\w+)">(.*?)</span>', marked) == [
        ("keyword", "def"), ("name", "f"), ("keyword", "return"), ("keyword", "None"), ("comment", "# done"),
    ]  # fmt: skip


def test_the_words_of_a_figure_and_of_every_block_are_escaped() -> None:
    evil = '"><script>alert(1)</script>'
    document = small(
        Figure("f", {"svg": b"<svg/>"}, evil, evil),
        Table((evil,), ((text(evil),),), (), evil),
        Listing(evil, evil, evil),
        Items((text(Code(evil)),)),
        label=evil,
    )
    root = parsed(html(document))
    assert len(list(root.iter(f"{XHTML}script"))) == 1
    (picture,) = root.iter(f"{XHTML}img")
    assert picture.get("alt") == evil

"""The whole catalog in every format: it compiles, nothing is too wide, nothing raw is left, equal input gives equal bytes."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

from derive.latex import box_latex
from derive.notation.tree import Fraction, Letter, Number, Row, Sign, Words
from reports.binding.pages import Page
from reports.document import (
    Block,
    Code,
    Document,
    Equations,
    Items,
    Line,
    Listing,
    Note,
    Paragraph,
    Section,
    Table,
    Text,
    formulas,
    paragraph,
    text,
)
from reports.engines import latex_run, typst_pdf, typst_query
from reports.html.writer import html
from reports.latex.writer import latex
from reports.markdown.writer import markdown
from reports.typst.math import box_typst
from reports.typst.writer import typst
from reports.writing import assets
from tests.shares import BOOK

MATHML = "{http://www.w3.org/1998/Math/MathML}math"
XHTML = "{http://www.w3.org/1999/xhtml}"


def small(*blocks: Block) -> Document:
    return Document("A small document", (Section("One", blocks, (), "one"),))


# -- Typst ----------------------------------------------------------------------------------------------------------------


def test_typst_compiles_the_catalog_to_the_same_bytes_twice(
    book: Document, printed: dict[str, tuple[bytes, str]]
) -> None:
    first, _ = printed["typst"]
    assert first.startswith(b"%PDF-")
    assert first == typst_pdf(typst(book), assets(book, "svg"))


def test_no_equation_is_wider_than_its_room_in_typst(book: Document) -> None:
    found = typst_query(typst(book, measured=True), "<formula>", assets(book, "svg"))
    assert len(found) > 100
    assert [each["alt"] for each in found if each["wide"] > each["room"] + 0.01] == []


def test_an_equation_that_is_too_wide_is_seen_and_made_smaller() -> None:
    word = Letter("unbreakable" * 12, "upright")
    source = typst(small(Equations((Line(Letter("x"), word),))), measured=True)
    (found,) = typst_query(source.replace(", fit: true", ""), "<formula>")
    assert found["wide"] > found["room"]
    (found,) = typst_query(source, "<formula>")
    assert 0.9 * found["room"] < found["wide"] <= found["room"] + 0.01


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext to read the words of a PDF")
@pytest.mark.parametrize("kind", ["book", "page"])
def test_no_title_is_hyphenated_in_typst(kind: str) -> None:
    title = "Representations of neural-network operations and differentiation " * 3
    section = Section(title.strip(), (paragraph("words"),), (), "one")
    document = Document(title.strip(), (section,), subtitle=title, summary=text(title), kind=kind)
    done = subprocess.run(["pdftotext", "-", "-"], input=typst_pdf(typst(document)), capture_output=True, check=True)
    ends = [
        line.split()[-1]
        for line in done.stdout.decode().splitlines()
        if line.rstrip().endswith(("-", "\u00ad", "\u2010"))
    ]
    assert [end for end in ends if end != "neural-"] == []


# -- LaTeX ----------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("tex")
def test_latex_compiles_the_catalog_without_overfull_lines(printed: dict[str, tuple[bytes, str]]) -> None:
    pdf, log = printed["latex"]
    assert pdf.startswith(b"%PDF-")
    wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\)", log)]
    assert [points for points in wide if points > 5] == []
    assert "Missing character" not in log
    assert "undefined" not in log.lower().replace("undefined control", "undefined control")


@pytest.mark.usefixtures("tex")
def test_an_overfull_line_is_seen_and_made_smaller() -> None:
    word = Letter("unbreakable" * 12, "upright")
    source = latex(small(Equations((Line(Letter("x"), word), Line(word, Letter("y"))))))
    definition = r"\\newcommand\{\\fitted\}\[2\](.|\n)*?\\fi\}"
    as_it_is = re.sub(definition, r"\\newcommand{\\fitted}[2]{#2}", source)
    for page, wide in ((source, False), (as_it_is, True)):
        _, log = latex_run(page)
        assert bool(re.search(r"Overfull \\hbox \(\d\d+\.\d+pt too wide\)", log)) is wide


def test_latex_loads_no_other_packages(book: Document) -> None:
    loaded = {p for group in re.findall(r"\\usepackage(?:\[.*?\])?\{(.*?)\}", latex(book)) for p in group.split(",")}
    mathematics = {"amsmath", "amssymb", "booktabs", "listings", "hyperref", "microtype", "graphicx"}
    assert loaded == mathematics | {
        "fontenc",
        "inputenc",
        "lmodern",
    }  # the latter three belong to every pdfLaTeX document
    assert r"\allowdisplaybreaks" in latex(book)


# -- HTML -----------------------------------------------------------------------------------------------------------------


def test_html_is_well_formed_and_self_contained(book: Document) -> None:
    page = html(book)
    root = ET.fromstring(page.split("\n", 1)[1])
    assert root.tag == f"{XHTML}html"
    for element in root.iter():
        for attribute in ("src", "href"):
            target = element.get(attribute, "#")
            assert target.startswith(("#", "data:")), target
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    for link in root.iter(f"{XHTML}a"):
        assert (link.get("href") or "")[1:] in ids


def test_html_has_mathml_for_every_formula_and_no_latex_left(book: Document) -> None:
    root = ET.fromstring(html(book).split("\n", 1)[1])
    mathematics = list(root.iter(MATHML))
    assert len(mathematics) >= len(formulas(book))
    assert all(element.get("aria-label") for element in mathematics)
    shown = [
        piece
        for element in root.iter()
        if element.tag.endswith(("mi", "mo", "mn", "mtext"))
        for piece in element.itertext()
    ]
    assert [piece for piece in shown if "\\" in piece or "$" in piece] == []
    assert not list(root.iter("{http://www.w3.org/1998/Math/MathML}merror"))


def test_pictures_have_words() -> None:
    from reports.document import Figure

    figure = Figure("plot", {"svg": b"<svg/>"}, "A caption.", "What is seen.")
    assert 'alt="What is seen."' in html(small(figure))
    assert '"What is seen."' in typst(small(figure))
    assert "![What is seen.](plot.svg)" in markdown(small(figure))


# -- Markdown -------------------------------------------------------------------------------------------------------------


def test_markdown_tables_have_as_many_cells_as_columns() -> None:
    table = Table(("a|b", "c"), ((text("x | y"), text(Code("p|q"))), (text("z"), text(Letter("w")))))
    rows = [line for line in markdown(small(table)).splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert {len(re.split(r"(?<!\\)\|", row)) for row in rows} == {4}


# -- one tree, four languages ---------------------------------------------------------------------------------------------


def test_every_operation_is_in_every_format(book: Document) -> None:
    titles = [inner.title for chapter in book.sections for inner in chapter.sections]
    assert len(titles) >= len(BOOK)
    for writer in (html, latex, typst, markdown):
        page = writer(book)
        assert [title for title in titles if title not in page] == []


def test_every_kind_of_block_is_written_in_every_format() -> None:
    document = small(
        paragraph("words ", Letter("x"), Text("strong", True), Code("code_1")),
        Equations((Line(Letter("y"), Fraction(Number("1"), Letter("n")), text("because"), Letter("n")),), boxed=True),
        Table(("head",), ((text("cell"),),), caption="table caption"),
        Listing("def f():\n    return 1", "python", "listing caption"),
        Items((text("item"),)),
        Note(text("careful"), "warning"),
    )
    words = (
        "words",
        "strong",
        "because",
        "head",
        "cell",
        "table caption",
        "return",
        "listing caption",
        "item",
        "Attention",
        "careful",
    )
    for writer in (html, latex, typst, markdown):
        page = writer(document)
        assert [word for word in words if word not in page] == [], writer
    typst_pdf(typst(document))


def test_a_long_result_stands_between_rules_in_latex_where_pages_may_end() -> None:
    def of(count: int) -> str:
        return latex(small(Equations(tuple(Line(Letter("y"), Letter(each)) for each in "abcdefg"[:count]), boxed=True)))

    inside = of(7).partition(r"\begin{ruled}")[2].partition(r"\end{ruled}")[0]
    assert all(rf"y &= {each}" in inside for each in "abcdefg")
    assert r"\boxed" not in of(7)
    assert r"\boxed" in of(6)
    assert r"\begin{ruled}" not in of(6)


def test_long_lines_are_broken_at_top_level_terms() -> None:
    terms = [box for k in range(40) for box in (Sign("plus"), Letter(f"{'abcdefgh'[k % 8]}"), Words("xyz"))][1:]
    lines = latex(small(Equations((Line(Letter("y"), Row(tuple(terms))),)))).count(r"&\quad +")
    assert lines >= 2


def test_printers_know_the_same_signs() -> None:
    from derive import latex as latex_printer
    from reports import spoken
    from reports.typst import math as typst_printer

    assert set(latex_printer.SIGNS) == set(typst_printer.SIGNS) == set(spoken.SIGNS)
    assert set(latex_printer.FENCES) == set(typst_printer.FENCES) == set(spoken.FENCES)


def test_an_unknown_box_or_block_is_an_error_in_every_printer() -> None:
    from derive.notation import Box, width
    from reports.document import Block
    from reports.spoken import box_words

    for printer in (box_latex, box_typst, box_words, width):
        with pytest.raises(TypeError, match="Box"):
            printer(Box())
    for writer in (html, latex, typst, markdown):
        with pytest.raises(TypeError, match="Block"):
            writer(small(Block()))


def test_expression_box_is_what_the_writers_get(book: Document, core: tuple[Page, ...]) -> None:
    """Formulas come as trees: no box of the book holds LaTeX or Typst text."""
    from dataclasses import fields, is_dataclass

    def strings(value: object) -> list[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, tuple):
            return [s for part in value for s in strings(part)]
        if is_dataclass(value):
            return [s for f in fields(value) for s in strings(getattr(value, f.name))]
        return []

    found = [s for box in formulas(book) for s in strings(box)]
    letters = {tensor.name for page in core for tensor in page.operation.program.inputs if len(tensor.name) == 1}
    assert letters
    assert letters <= set(found)
    assert [s for s in found if "\\" in s or "$" in s or "#" in s] == []


def test_paragraphs_keep_what_they_say() -> None:
    assert "50\\%" in latex(small(Paragraph(text("50%"))))

"""The book as it comes out of both engines: the same words, nothing in the margin, nothing of the language that it was set in."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from html import unescape

import pytest

from reports.document import Code as Typewriter
from reports.document import Document, Equations, Line, Listing, Section, Table, Text, paragraph, text
from reports.engines import latex_run, typst_pdf
from reports.latex.writer import latex
from reports.typst.writer import typst
from tests.reports.conftest import TEX

MARGIN = 25 * 72 / 25.4 - 5  # points: the templates' margins, less what an overfull line may have
pytestmark = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext to read a PDF")
ENGINES = ["typst", pytest.param("latex", marks=pytest.mark.skipif(not TEX, reason="needs latexmk and pdflatex"))]


@dataclass(frozen=True)
class Word:
    """A word where it stands on paper, in points from the left."""

    page: int
    left: float
    right: float
    text: str


def words(pdf: bytes) -> tuple[float, list[Word]]:
    """The width of the paper, and every word."""
    done = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True)
    found, page, width = [], 0, 0.0
    for line in done.stdout.decode().splitlines():
        if (paper := re.search(r'<page width="([\d.]+)"', line)) is not None:
            page, width = page + 1, float(paper[1])
        elif (word := re.search(r'<word xMin="([-\d.]+)" .*xMax="([-\d.]+)" .*?>(.*)</word>', line)) is not None:
            found.append(Word(page, float(word[1]), float(word[2]), unescape(word[3])))
    return width, found


def plain(pdf: bytes) -> str:
    """The words of a PDF as a reader's program copies them."""
    done = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def squeezed(words: str) -> str:
    """Without spaces, hyphens and ligatures, which are the engines' own affair."""
    for ligature, letters in (("ﬃ", "ffi"), ("ﬄ", "ffl"), ("ﬁ", "fi"), ("ﬂ", "fl"), ("ﬀ", "ff")):
        words = words.replace(ligature, letters)
    return re.sub(r"[\W_]+", "", words)


def texts(part: object) -> Iterator[str]:
    """Every plain text of a document."""
    if isinstance(part, Text):
        yield part.text
    elif isinstance(part, tuple):
        for inner in part:
            yield from texts(inner)
    elif is_dataclass(part):
        for each in fields(part):
            yield from texts(getattr(part, each.name))


@pytest.mark.parametrize("engine", ENGINES)
def test_no_word_stands_in_the_margin(printed: dict[str, tuple[bytes, str]], engine: str) -> None:
    width, found = words(printed[engine][0])
    assert len(found) > 3000
    assert [word for word in found if word.left < MARGIN or word.right > width - MARGIN] == []


@pytest.mark.parametrize("engine", ENGINES)
def test_no_markup_is_left(printed: dict[str, tuple[bytes, str]], engine: str) -> None:
    shown = plain(printed[engine][0])
    # a backslash stands in no word of the catalog; the others are Typst's and TeX's own
    assert (
        re.findall(r"\\[a-zA-Z]+|\$|\\[()]|#(?:m|c|rhs|lhs|link)\(|attach\(|frac\(|operatorname|mathbf|label\(", shown)
        == []
    )
    assert "??" not in shown


def test_both_engines_say_the_same(printed: dict[str, tuple[bytes, str]], book: Document) -> None:
    """The words of titles and sentences, in the same number; formulas and what depends on line breaks aside."""
    if len(printed) < 2:
        pytest.skip("needs latexmk and pdflatex")

    vocabulary = {word for piece in texts(book) for word in re.findall(r"[A-Za-z]{4,}", piece)}
    assert len(vocabulary) > 200
    for pdf, _ in printed.values():
        shown = squeezed(plain(pdf))
        missing = sorted(word for word in vocabulary if word not in shown)
        assert len(missing) <= 0.005 * len(vocabulary), missing  # one that a page's end divides has its number inside
        for section in (inner for part in book.sections for inner in (part, *part.sections)):
            assert squeezed(section.title) in shown, section.title


@pytest.mark.parametrize("engine", ENGINES)
def test_wide_tables_code_and_formulas_that_leave_the_text_are_seen(engine: str) -> None:
    """What this file looks for is found where it is."""
    from derive.notation.tree import Letter

    wide = Section("s", (Equations((Line(Letter("x"), Letter("unbreakable" * 12, "upright")),)),))
    table = Table(("a", "b"), ((text(Typewriter("x" * 30)), text("w")),))
    good = Section("s", (Listing("word " * 60), table, paragraph("w")))
    for section, clean in ((wide, False), (good, True)):
        document = Document("d", (section,))
        if engine == "typst":
            pdf = typst_pdf(typst(document).replace(", fit: true", ""))
        else:
            pdf = latex_run(re.sub(r"\\fitted\{[\d.]+em\}", "", latex(document)))[0]
        width, found = words(pdf)
        assert [word for word in found if word.right > width - MARGIN and clean] == []
        assert clean or any(word.right > width - MARGIN for word in found)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_numbers_of_equations_stand_in_one_column(engine: str) -> None:
    """With a reason beside them or without."""
    from derive.notation.tree import Letter

    def line(number: int, reason: str) -> Line:
        return Line(
            Letter("x"), Letter("y"), text(reason) if reason else (), number=f"({number})", label=f"eq-{number}"
        )

    block = Equations(
        (line(101, "because"), line(102, ""), line(103, "for a reason of many more words than fit in a line"))
    )
    document = Document("d", (Section("s", (block,)),))
    pdf = typst_pdf(typst(document)) if engine == "typst" else latex_run(latex(document))[0]
    ends = [word.right for word in words(pdf)[1] if word.text in ("(101)", "(102)", "(103)")]
    assert len(ends) == 3
    assert max(ends) - min(ends) < 0.1

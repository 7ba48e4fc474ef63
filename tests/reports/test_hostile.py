"""Hostile names and texts appear literally, and do nothing, in every format."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.latex import escape
from derive.notation.names import name_box
from derive.registry import declare
from derive.reverse import derive
from numeric import compile as generate
from reports.document import (
    Code,
    Document,
    Figure,
    Items,
    Line,
    Listing,
    Note,
    Section,
    Table,
    figures,
    file_stem,
    paragraph,
    text,
)
from reports.document import Equations as Display
from reports.engines import latex_run, typst_pdf
from reports.errors import CompileError
from reports.html.frame import script
from reports.html.writer import html
from reports.latex.writer import latex
from reports.markdown.writer import markdown
from reports.page import page
from reports.typst.math import string
from reports.typst.writer import typst
from reports.writing import report, write_page

HOSTILE = [
    r"\write18{touch owned}", r"\input{/etc/passwd}", "<script>alert(1)</script>", "50% & more_ #1 ^2 ~3 $x$",
    "#import sys; #panic()", "`code` **bold** [link](x) | cell", '"quoted" \'single\'', "]] -- --- `` ''", "&amp; &lt;",
    "∑ é ß 中 ✓", r"\end{lstlisting}\x",
    "@label <label> = heading", "// comment /* */", "ends with backslash \\", "bell \x07 null \0",
]  # fmt: skip


def section(words: str, label: str) -> Section:
    """The words at every place of a section where words can stand."""
    blocks = (
        paragraph(words, Code(words)),
        Table((words, "b"), ((text(words), text(Code(words))),), caption=words),
        Listing(f"x = 1\n{words}\n", "python", words),
        Items((text(words),)),
        Note(text(words), "warning"),
        Display((Line(name_box("x"), name_box("y"), text(words)),)),
    )
    return Section(words, blocks, (), label)


def everywhere(words: str, *others: str) -> Document:
    """A document with the words at every place, and a section for each of the others."""
    sections = tuple(section(each, f"part-{number}") for number, each in enumerate((words, *others)))
    return Document(words, sections, subtitle=words, summary=text(words), colophon=(words,))


def visible(words: str) -> str:
    """As every writer shows control characters: by their numbers."""
    return "".join(c if c.isprintable() else f"[U+{ord(c):04X}]" for c in words)


@pytest.mark.parametrize("words", HOSTILE)
def test_html_shows_it_literally(words: str) -> None:
    root = ET.fromstring(html(everywhere(words)).split("\n", 1)[1])
    assert [e.text for e in root.iter() if e.tag.endswith("script")] == [script("page.js")]
    shown = "".join(root.itertext())
    assert shown.count(visible(words)) >= 10


@pytest.mark.parametrize("words", HOSTILE)
def test_typst_compiles_it_and_prints_it(words: str) -> None:
    source = typst(everywhere(words))
    assert source.count(visible(string(words))) >= 9
    assert typst_pdf(source).startswith(b"%PDF-")


def test_typst_shows_a_character_that_no_font_has_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CompileError, match="alt text"):  # other problems are not retried
        typst_pdf('#set document(title: "x")\n$ x $')
    monkeypatch.setattr("reports.engines._by_number", lambda _: "")
    with pytest.raises(CompileError, match="could not be displayed"):
        typst_pdf(typst(everywhere("中 ا")))


@pytest.mark.usefixtures("tex")
def test_latex_compiles_it_and_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pdf, log = latex_run(latex(everywhere(*HOSTILE)))
    assert pdf.startswith(b"%PDF-")
    assert "runsystem" not in log
    assert "/etc/passwd" not in re.findall(r"\((/[^\s()]*)", log)  # the files that TeX opened
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=60)
@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",)), max_size=40))
def test_escaped_latex_holds_no_active_character(words: str) -> None:
    bare = re.sub(r"\\(textbackslash|textasciicircum|textasciitilde|textless|textgreater)\{\}", "", escape(words))
    bare = re.sub(r"\\[{}$&#%_]", "", bare)
    assert not re.search(r"[\\{}$&#%_^~<>]", bare)


@settings(max_examples=60)
@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=40))
def test_markdown_code_keeps_the_text(words: str) -> None:
    shown = markdown(Document("t", (Section("s", (paragraph(Code(words)),)),))).split("\n\n")[-1].rstrip("\n")
    fence = re.match("`+", shown)
    assert fence is not None
    inside = shown[len(fence[0]) : -len(fence[0])]
    assert inside in (words, f" {words} ")
    assert fence[0] not in re.findall("`+", words)


def test_a_hostile_operation_has_a_page_in_every_format(tmp_path: Path) -> None:
    operation = declare("x_1[n], größe[n]; # \\write18{x} <script> $ % #\nL_0 = sum(x_1**2*größe)", name="evil")
    derivation = derive(operation)
    document = page(operation, derivation, None, generate(derivation))
    assert typst_pdf(typst(document), {f.name + ".svg": f.data["svg"] for f in figures(document)}).startswith(b"%PDF-")
    root = ET.fromstring(html(document).split("\n", 1)[1])
    assert "<script>" in "".join(root.itertext())
    assert r"\write18\{x\}" not in html(document)
    assert r"\write18{x} <script>" in markdown(document)  # in a fenced listing, where everything is literal


@pytest.mark.parametrize("name", ["../esc", 'x"y), panic("', "a}\\input{b", "größe_中"])
def test_a_hostile_name_leaves_no_folder_and_breaks_no_picture(name: str, tmp_path: Path) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    document = Document(name, (Section("s", (Figure(f"{name}_graph", {"svg": svg, "pdf": b"%PDF"}, name, name),)),))
    folder = tmp_path / "in"
    folder.mkdir()
    write_page(document, folder, file_stem(name), ("pdf", "tex", "md", "html"))
    assert [file.name for file in tmp_path.iterdir()] == ["in"]
    written = {file.name for file in folder.iterdir()}
    assert len(written) == 6
    assert all(re.fullmatch(r"[\w-]+\.\w+", file) for file in written)
    (tex,) = folder.glob("*.tex")
    (picture,) = re.findall(r"\\includegraphics\[.*?\]\{(.*)\}$", tex.read_text("utf-8"), re.MULTILINE)
    assert picture in written


def test_a_report_stays_in_its_folder(tmp_path: Path) -> None:
    operation = declare("x[n]; y[i] = x[i]**2", name="../esc")
    (page_file,) = [f for f in report([operation], tmp_path / "in", ("md",), evidence=False) if f.suffix == ".md"]
    assert page_file.resolve().parent == (tmp_path / "in").resolve()
    assert [file.name for file in tmp_path.iterdir()] == ["in"]


HOSTILE_FILE = r"""# \write18{touch owned} <script>alert(1)</script> 50% & #1
x_1[T, n, d], größe[d, m], h_0[n, m], W_rec[m, m]
h[-1, i, j] = h_0[i, j]
s_x[t, i, j] = sum(x_1[t, i, k]*größe[k, j], k)
h[t, i, j] = tanh(s_x[t, i, j] + sum(h[t-1, i, k]*W_rec[k, j], k))
"""


@pytest.mark.parametrize("detail", ["brief", "full"])
def test_a_hostile_network_of_ones_own_has_its_page(detail: str) -> None:
    """The title is the file's first comment; equation labels, margins and links hold names that are no ASCII."""
    operation = declare(HOSTILE_FILE, name="größen_netz")
    derivation = derive(operation)
    document = page(operation, derivation, None, generate(derivation), detail=detail)
    pictures = {f.name + ".svg": f.data["svg"] for f in figures(document) if "svg" in f.data}
    assert typst_pdf(typst(document), pictures).startswith(b"%PDF-")
    root = ET.fromstring(html(document).split("\n", 1)[1])
    shown = "".join(root.itertext())
    assert "<script>alert(1)</script> 50% & #1" in shown
    assert "alert" not in "".join(e.text or "" for e in root.iter() if e.tag.endswith("script"))
    assert r"\write18" not in re.sub(r"(?s)\\begin\{lstlisting\}.*?\\end\{lstlisting\}", "", latex(document))

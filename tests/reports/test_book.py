"""The book as a whole: every link has its target, every operation is in the chapters and in the index, every source is cited."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from derive.registry import names
from reports import writing
from reports.binding.bind import bind
from reports.binding.chapters import family
from reports.binding.front import VERDICTS, front
from reports.binding.pages import Page
from reports.document import (
    Document,
    Index,
    Link,
    Paragraph,
    References,
    Section,
    Table,
    address,
    anchor,
    labels,
    links,
    paragraph,
    plain,
    text,
)
from reports.engines import latex_run, typst_pdf
from reports.html.writer import html
from reports.latex.text import inline as in_latex
from reports.latex.writer import latex
from reports.markdown.writer import inline as in_markdown
from reports.typst.writer import inline as in_typst
from reports.typst.writer import typst
from tests.shares import BOOK
from verify import strata
from verify.verdicts import Verdict

OUTSIDE = "https://example.org/a_b?x=1&y=50%25#frag~z{}$^'\"<>\\()"


def chapter(book: Document, label: str) -> Section:
    return next(section for section in book.sections if section.label == label)


def test_every_link_inside_the_book_has_its_target_once(book: Document, core: tuple[Page, ...]) -> None:
    inside = [link.target for link in links(book) if not link.outside]
    assert len(inside) > 5 * len(core)  # overview, index, references, sources
    assert sorted(set(inside) - set(labels(book))) == []
    assert len(labels(book)) == len(set(labels(book)))
    anchors = [anchor(label) for label in labels(book)]
    assert len(anchors) == len(set(anchors))


def test_a_section_of_the_book_is_labelled_as_no_operation_can_be_called(
    book: Document, core: tuple[Page, ...]
) -> None:
    names = [page.operation.name for page in core]
    own = {label for label in labels(book) if not any(label == name or label.startswith(f"{name}-") for name in names)}
    assert "book-index" in own
    assert [label for label in own if label.isidentifier()] == []


def test_links_are_found_wherever_words_can_stand() -> None:
    link = Link("there", "here")
    blocks = (
        paragraph(link),
        Table(("a",), ((text(link),),)),
        References((("work", text(link)),)),
        Index((link,)),
    )
    document = Document(
        "d", (Section("s", blocks, (Section("t", (paragraph(link),), (), "here"),)),), summary=text(link)
    )
    assert links(document) == [link] * 6
    assert labels(document) == ["work", "here"]


def test_every_operation_is_in_its_chapter_its_table_and_the_index(book: Document, core: tuple[Page, ...]) -> None:
    entries = [
        entry for block in chapter(book, "book-index").blocks if isinstance(block, Index) for entry in block.entries
    ]
    rows: list[str] = []
    for section in book.sections:
        for block in section.blocks if section.label.startswith("chapter-") else ():
            if isinstance(block, Table):
                rows += [cell.target for row in block.rows for cell in row[0] if isinstance(cell, Link)]
    assert sorted(rows) == sorted(page.operation.name for page in core)
    for page in core:
        words = {entry.text for entry in entries if entry.target == page.operation.name}
        assert page.operation.title in words
        shown = "".join(c for c in "".join(words).casefold() if c.isalnum())
        assert page.operation.name.replace("_", "") in shown
        assert page.gradients, page.operation.name
    assert len(entries) == len({(entry.text, entry.target) for entry in entries})


def test_the_index_is_in_the_order_of_the_alphabet(book: Document) -> None:
    blocks = chapter(book, "book-index").blocks
    letters = [plain(block.content) for block in blocks if isinstance(block, Paragraph)]
    entries = [entry.text for block in blocks if isinstance(block, Index) for entry in block.entries]
    assert letters == sorted(letters)
    plains = ["".join(c for c in entry.casefold() if c.isalnum()) for entry in entries]
    assert plains == sorted(plains)


def test_the_front_explains_every_verdict_and_every_stratum() -> None:
    assert set(VERDICTS) == set(Verdict)
    _, reading = front((), evidence=True)
    words = [
        plain(row[0])
        for part in reading.sections
        for block in part.blocks
        if isinstance(block, Table)
        for row in block.rows
    ]
    assert set(strata.names()) <= set(words)


def test_every_operation_cites_its_sources_by_number(book: Document, core: tuple[Page, ...]) -> None:
    sections = {inner.label: inner for part in book.sections for inner in part.sections}
    (works,) = (block for block in chapter(book, "book-references").blocks if isinstance(block, References))
    numbers = {label: f"[{k}]" for k, (label, _) in enumerate(works.entries, 1)}
    for page in core:
        blocks = sections[page.operation.name].blocks
        cited = [
            p
            for b in blocks
            if isinstance(b, Paragraph)
            for p in b.content
            if isinstance(p, Link) and p.target in numbers
        ]
        assert len(cited) == page.operation.source.count(";") + 1, page.operation.name
        assert all(link.text == numbers[link.target] for link in cited)
    back = [link.target for _, entry in works.entries for link in entry if isinstance(link, Link)]
    assert set(back) == {page.operation.name for page in core}


def test_the_page_numbers_of_the_index_are_those_of_the_pages(book: Document) -> None:
    latex_source, typst_source = latex(book), typst(book)
    assert all(rf"{{{name}}}" in latex_source.partition(r"\entry{")[2] for name in BOOK)
    assert all(f'#entry(label("{name}"))' in typst_source for name in BOOK)


# -- links in four languages ------------------------------------------------------------------------------------------------


def test_an_address_is_escaped_for_each_language() -> None:
    link = (Link("out", OUTSIDE),)
    known = address(OUTSIDE)
    assert not set(known) & set(' {}\\^"<>$')
    assert rf"\href{{{known}}}" in in_latex(link).replace(r"\string", "").replace("\\_", "_").replace(
        "\\&", "&"
    ).replace("\\#", "#").replace("\\%", "%")
    assert f'#link("{known}")' in in_typst(link)
    assert known.replace("(", "%28").replace(")", "%29") in in_markdown(link)
    page = html(Document("d", (Section("s", (paragraph(*link),)),)))
    assert f'href="{known.replace("&", "&amp;")}"' in page


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "http://example.org", "//example.org", "a}{\\write18{x}", "é <x>"]
)
def test_whatever_is_no_https_address_is_a_label(target: str) -> None:
    section = Section("s", (paragraph(Link("here", target)),), (Section("t", (), (), target),))
    document = Document("d", (section,))
    assert f'href="#{anchor(target)}"' in html(document)
    assert set(anchor(target)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")
    assert typst_pdf(typst(document)).startswith(b"%PDF-")


@pytest.mark.usefixtures("tex")
def test_latex_sets_links_references_and_an_index() -> None:
    sections = (
        Section("A", (paragraph(Link("in", "b}%"), Link("code_x", "w", True), Link("out", OUTSIDE)),), numbered=False),
        Section("B", (References((("w", text("A work. ")),)),), (Section("inner", (), (), "inner"),), "b}%"),
        Section("C", (Index(tuple(Link(f"entry {k}", "w") for k in range(99))),), (), "c", columns=2, numbered=False),
    )
    pdf, log = latex_run(latex(Document("d", sections, kind="book")))
    assert pdf.startswith(b"%PDF-")
    assert "undefined" not in log
    assert "Overfull" not in log


def test_unknown_categories_have_a_chapter_of_their_own(core: tuple[Page, ...]) -> None:
    odd = replace(core[0], operation=replace(core[0].operation, category="oddity"))
    found = bind([odd, core[1]], evidence=False)
    usual = family(core[1].operation.category).title
    assert [s.title for s in found.sections if s.label.startswith("chapter-")] == [usual, "Oddity"]


def test_nothing_of_the_catalog_is_left_out_of_a_book_by_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def none(operations: Any, **_: Any) -> Any:
        asked.extend(operation.name for operation in operations)
        return iter(())

    monkeypatch.setattr(writing, "pages", none)
    monkeypatch.setattr(writing, "pdf", lambda *_: b"%PDF-")
    writing.book(tmp_path / "b.pdf")
    assert tuple(asked) == names()

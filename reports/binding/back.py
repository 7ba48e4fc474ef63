"""What comes behind the chapters: the index, the references with their numbers, and the colophon."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from itertools import groupby

from derive.operation import Operation
from reports.binding.pages import Page
from reports.binding.sources import Work, citations, gathered, keys, meant
from reports.document import (
    Block,
    Code,
    Index,
    Inline,
    Items,
    Link,
    Paragraph,
    References,
    Section,
    Text,
    paragraph,
    text,
)
from reports.settings import SEED
from reports.versions import versions_line


def index(operations: Sequence[Operation]) -> Section:
    """Every operation by its title and by its name, in the order of the alphabet."""
    entries: dict[str, Link] = {}
    for operation in operations:
        title = operation.title or operation.name
        entries[title] = Link(title, operation.name)
        if _letters(operation.name) != _letters(title):  # else both would stand side by side
            entries[operation.name] = Link(operation.name, operation.name, code=True)
    blocks: list[Block] = []
    ordered = sorted(entries, key=lambda words: (_letters(words), words))
    for letter, group in groupby(ordered, key=lambda words: _letters(words)[:1].upper()):
        blocks += [Paragraph((Text(letter, True),)), Index(tuple(entries[words] for words in group))]
    return Section("Index of operations", tuple(blocks), (), "book-index", columns=2, numbered=False)


def _letters(words: str) -> str:
    """What counts in the alphabet."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().casefold()
    return "".join(c for c in plain if c.isalnum()) or words


class Bibliography:
    """The works that operations cite, numbered from 1 in the order of their authors."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = {each.name: each for each in operations}
        self.works = gathered({each.name: each.source for each in operations if each.source})
        self.keys = keys(self.works)

    def section(self) -> Section:
        """The list of references, each with where it is cited."""
        entries = tuple((self._label(work), self._entry(work, uses)) for work, uses in self.works.items())
        blocks = (References(entries),) if entries else (paragraph("No operation names a source."),)
        return Section("References", blocks, (), "book-references", numbered=False)

    def cited(self) -> dict[str, tuple[Inline, ...]]:
        """What is said of each operation's sources, by number."""
        numbers = {work: number for number, work in enumerate(self.works, 1)}
        found: dict[str, tuple[Inline, ...]] = {}
        for name, operation in self.operations.items():
            pieces: list[str | Inline] = []
            own = [work for work, uses in self.works.items() if name in uses]
            for citation in citations(operation.source):
                work = own[meant(own, citation.work)[0]]
                pieces += [", " if pieces else "", Link(f"[{numbers[work]}]", self._label(work))]
                pieces += [f" ({citation.place})"] if citation.place else []
            if pieces:
                found[name] = text("Source: " if len(pieces) < 4 else "Sources: ", *pieces, ".")
        return found

    def _label(self, work: Work) -> str:
        return f"work-{self.keys[work]}"

    def _entry(self, work: Work, uses: Mapping[str, Sequence[str]]) -> tuple[Inline, ...]:
        pieces: list[str | Inline] = [f"{work}. Cited in "]
        for number, name in enumerate(uses):
            operation = self.operations[name]
            pieces += [", " if number else "", Link(operation.title or name, name)]
        return text(*pieces, ".")


def colophon(pages: Sequence[Page], evidence: bool, command: str, engine: str) -> Section:
    """What the book was made with, and how to make it again."""
    agreeing = sum(page.verdict == "agrees" for page in pages)
    checks = (
        f"The checks were drawn with seed {SEED}; {agreeing} of {len(pages)} operations agree with every witness."
        if evidence
        else "No checks were run for this book."
    )
    others = [page for page in pages if page.verdict not in ("", "agrees")]
    blocks: list[Block] = [
        paragraph(
            "This book was derived, checked and typeset by a program; nothing in its formulas was typed in by hand. ",
            checks,
        )
    ]
    if others:
        said = (text(Link(page.document.title, page.operation.name), f": {page.verdict}") for page in others)
        blocks.append(Items(tuple(said)))
    blocks += [
        paragraph(f"{versions_line()}."),
        paragraph(
            "It holds no date: the same input gives the same bytes. Typeset with ",
            engine,
            ". Made again by: ",
            Code(command),
        ),
    ]
    return Section("Colophon", tuple(blocks), (), "book-colophon", numbered=False)

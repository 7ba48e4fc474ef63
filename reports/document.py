"""The document model: what a report says, without any output language.

A document is sections of blocks; running text is a sequence of inline pieces; a formula is a tree of boxes
(:mod:`derive.notation`), never text of some language.  Each writer walks this one tree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from derive.notation import Box


@dataclass(frozen=True)
class Inline:
    """Base of what stands in running text."""


@dataclass(frozen=True)
class Text(Inline):
    """Plain words; every character is printed as it is."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Math(Inline):
    """A formula in running text."""

    box: Box


@dataclass(frozen=True)
class Code(Inline):
    """A name or command in typewriter letters."""

    text: str


@dataclass(frozen=True)
class Block:
    """Base of what stands below one another."""


@dataclass(frozen=True)
class Paragraph(Block):
    """Running text."""

    content: tuple[Inline, ...]


@dataclass(frozen=True)
class Line:
    """One line of a displayed derivation: ``left = right``, with its reason and the shape of the value.

    ``left`` is ``None`` where the line continues the one above; ``equals`` is false where it begins a new chain, whose
    first member stands alone.
    """

    left: Box | None
    right: Box
    reason: tuple[Inline, ...] = ()
    shape: Box | None = None
    equals: bool = True


@dataclass(frozen=True)
class Equations(Block):
    """Displayed lines, aligned at their equals signs; ``boxed`` for a result."""

    lines: tuple[Line, ...]
    boxed: bool = False


@dataclass(frozen=True)
class Table(Block):
    """A table; ``weights`` are the relative widths of its columns."""

    header: tuple[str, ...]
    rows: tuple[tuple[tuple[Inline, ...], ...], ...]
    weights: tuple[float, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Listing(Block):
    """Program text."""

    text: str
    language: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Figure(Block):
    """A picture: its vector forms by suffix (``svg``, ``pdf``), a caption, and a description in words."""

    name: str
    data: Mapping[str, bytes]
    caption: str
    description: str
    width: float = 0.7  # of the text's width


@dataclass(frozen=True)
class Items(Block):
    """A list with one paragraph to an item."""

    items: tuple[tuple[Inline, ...], ...]


@dataclass(frozen=True)
class Note(Block):
    """A paragraph set apart: a warning, a failure, what was not checked.  ``kind`` is ``note`` or ``warning``."""

    content: tuple[Inline, ...]
    kind: str = "note"


@dataclass(frozen=True)
class Section:
    """A heading with its blocks and subsections; ``label`` identifies it for links."""

    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    label: str = ""


@dataclass(frozen=True)
class Document:
    """A whole report.  ``kind`` is ``page`` or ``book`` (title page, contents, chapters)."""

    title: str
    sections: tuple[Section, ...]
    subtitle: str = ""
    kind: str = "page"
    summary: tuple[Inline, ...] = ()
    colophon: tuple[str, ...] = field(default=())


def text(*pieces: str | Inline | Box) -> tuple[Inline, ...]:
    """Running text from words, inline pieces and boxes.

    >>> text("plain", Code("x"))
    (Text(text='plain', strong=False), Code(text='x'))
    """
    found: list[Inline] = []
    for piece in pieces:
        if isinstance(piece, str):
            if piece:
                found.append(Text(piece))
        else:
            found.append(Math(piece) if isinstance(piece, Box) else piece)
    return tuple(found)


def paragraph(*pieces: str | Inline | Box) -> Paragraph:
    """A paragraph of :func:`text`."""
    return Paragraph(text(*pieces))


def plain(content: Sequence[Inline]) -> str:
    """The words of running text, formulas read aloud."""
    from reports.spoken import box_words

    return "".join(box_words(p.box) if isinstance(p, Math) else getattr(p, "text", "") for p in content)


def formulas(document: Document) -> list[Box]:
    """Every formula of a document, in reading order (for tests and for measuring)."""
    found: list[Box] = []

    def inline(content: Sequence[Inline]) -> None:
        found.extend(piece.box for piece in content if isinstance(piece, Math))

    def section(part: Section) -> None:
        for block in part.blocks:
            if isinstance(block, Paragraph | Note):
                inline(block.content)
            elif isinstance(block, Items):
                for item in block.items:
                    inline(item)
            elif isinstance(block, Table):
                for line in block.rows:
                    for cell in line:
                        inline(cell)
            elif isinstance(block, Equations):
                for row in block.lines:
                    found.extend(box for box in (row.left, row.right, row.shape) if box is not None)
                    inline(row.reason)
        for inner in part.sections:
            section(inner)

    inline(document.summary)
    for part in document.sections:
        section(part)
    return found


def figures(document: Document) -> list[Figure]:
    """Every picture of a document."""
    found: list[Figure] = []

    def section(part: Section) -> None:
        found.extend(block for block in part.blocks if isinstance(block, Figure))
        for inner in part.sections:
            section(inner)

    for part in document.sections:
        section(part)
    return found

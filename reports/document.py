"""The document model: what a report says, without any output language.

A document is sections of blocks; running text is a sequence of inline pieces; a formula is a tree of boxes
(:mod:`derive.notation`), never text of some language.  Each writer walks this one tree.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from urllib.parse import quote

from derive.notation import Box, Notation
from reports.lines import Claim


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
class Link(Inline):
    """Words that lead somewhere: to what has the label ``target`` in the same document, or to an ``https://`` address.

    ``code`` prints them in typewriter letters.
    """

    text: str
    target: str
    code: bool = False

    @property
    def outside(self) -> bool:
        """Whether the link leaves the document; anything but an https address is a label."""
        return self.target.startswith("https://")


@dataclass(frozen=True)
class Verdict(Inline):
    """What was found, in strong words and a colour: ``tone`` is ``good``, ``partly``, ``bad`` or ``open``."""

    text: str
    tone: str = "open"


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
    first member stands alone.  ``number`` is what the equation is referred to by, ``label`` where a link to it leads, and
    ``claim`` the object that the boxes were set from.
    """

    left: Box | None
    right: Box
    reason: tuple[Inline, ...] = ()
    shape: Box | None = None
    equals: bool = True
    number: str = ""
    label: str = ""
    claim: Claim | None = field(default=None, metadata={"kept": False})  # no part of what is printed


def line(
    claim: Claim,
    notation: Notation,
    reason: tuple[Inline, ...] = (),
    *,
    continued: bool = False,
    shape: bool = True,
    number: str = "",
    label: str = "",
) -> Line:
    """The line that a claim is printed as: ``continued`` leaves its left side out, which is the value of the line above."""
    return Line(
        None if continued else claim.left_box(notation),
        claim.right_box(notation),
        reason,
        claim.shape_box(notation) if shape else None,
        claim.left is not None,
        number,
        label,
        claim,
    )


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
    """Program text; ``margin`` holds what stands beside a line, by the line's number (from 1): the equation it computes."""

    text: str
    language: str = ""
    caption: str = ""
    margin: Mapping[int, Link] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure(Block):
    """A picture: its vector forms by suffix (``svg``, ``pdf``), a caption, and a description in words.

    ``section`` is the key of the section of a page that it belongs to (``forward``, ``evidence``), if to any.
    """

    name: str
    data: Mapping[str, bytes]
    caption: str
    description: str
    width: float = 0.7  # of the text's width
    section: str = ""

    def file(self, suffix: str) -> str:
        """The file that holds one of its forms."""
        return f"{file_stem(self.name)}.{suffix}"


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
class References(Block):
    """Works by their numbers, from 1 on; each has the label by which it is cited."""

    entries: tuple[tuple[str, tuple[Inline, ...]], ...]


@dataclass(frozen=True)
class Index(Block):
    """Links one below another, each with the number of the page that it leads to, where there are pages."""

    entries: tuple[Link, ...]


@dataclass(frozen=True)
class Section:
    """A heading with its blocks and subsections; ``label`` identifies it for links.

    ``columns`` are those of a chapter's text on a page.  Where ``numbered`` is false, neither the heading nor those inside
    have numbers.
    """

    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    label: str = ""
    columns: int = 1
    numbered: bool = True


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


def anchor(label: str) -> str:
    """A label as every output language can write it; different labels stay different.

    >>> anchor("layer_norm-result"), anchor("a b}")
    ('layer_norm-result', 'a.20.b.7d.')
    """
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else f".{ord(c):x}." for c in label)


def file_stem(name: str, plain: str = r"\w[\w-]*") -> str:
    """What a file of a name is called before its suffix: a name that matches ``plain`` as it is, every other marked by a hash,
    so that no two names share a file and none leaves its folder.

    >>> file_stem("layer_norm"), file_stem("../Unsafe")
    ('layer_norm', 'unsafe-0470ac62')
    """
    if re.fullmatch(plain, name) and len(name.encode()) <= 80:
        return name
    words = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")[:40]
    return f"{words or 'operation'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def address(target: str) -> str:
    """An https address in the characters that addresses consist of.

    >>> address('https://example.org/a b"<é>')
    'https://example.org/a%20b%22%3C%C3%A9%3E'
    """
    return quote(target, safe="/:?#[]@!&()*+,;=%~-._")


def links(document: Document) -> list[Link]:
    """Every link of a document, in reading order."""
    found: list[Link] = []

    def look(part: object) -> None:
        if isinstance(part, Link):
            found.append(part)
        elif isinstance(part, Listing):
            found.extend(part.margin.values())

    _walk((document.summary, document.sections), look)
    return found


def labels(document: Document) -> list[str]:
    """Everything in a document that a link can lead to, in reading order."""
    found: list[str] = []

    def look(part: object) -> None:
        if (isinstance(part, Section) and part.label) or (isinstance(part, Line) and part.label):
            found.append(part.label)
        elif isinstance(part, References):
            found.extend(label for label, _ in part.entries)

    _walk(document.sections, look)
    return found


def _walk(part: object, visit: Callable[[object], None]) -> None:
    """Every section, block and inline piece, in reading order; formulas are not looked into."""
    visit(part)
    if isinstance(part, tuple):
        for inner in part:
            _walk(inner, visit)
    elif is_dataclass(part) and not isinstance(part, Box):
        for each in (each for each in fields(part) if each.metadata.get("kept", True)):
            _walk(getattr(part, each.name), visit)


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
            elif isinstance(block, References):
                for _, entry in block.entries:
                    inline(entry)
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

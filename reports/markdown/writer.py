"""Documents in Markdown (CommonMark with tables); formulas are LaTeX between dollar signs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from derive.latex import box_latex, escape
from derive.notation import break_lines, width
from reports.document import (
    Block,
    Code,
    Document,
    Equations,
    Figure,
    Index,
    Inline,
    Items,
    Line,
    Link,
    Listing,
    Math,
    Note,
    Paragraph,
    References,
    Section,
    Table,
    Text,
    address,
    anchor,
    links,
)

LINE = 44.0
_SAFE = re.compile(r"[()]")  # would end the address
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~!&])")


def markdown(document: Document) -> str:
    """The whole document."""
    parts = [f"# {words(document.title)}"]
    if document.subtitle:
        parts.append(f"*{words(document.subtitle)}*")
    if document.summary:
        parts.append(inline(document.summary))
    targets = frozenset(link.target for link in links(document) if not link.outside)
    parts.extend(_section(section, 2, targets) for section in document.sections)
    if document.colophon:
        parts.append("---\n\n" + "  \n".join(words(line) for line in document.colophon))
    return "\n\n".join(parts) + "\n"


def words(text: str) -> str:
    r"""Text that Markdown prints literally.

    >>> words("a_b * <script>")
    'a\\_b \\* \\<script\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split("\n")))


def inline(content: Sequence[Inline]) -> str:
    """Running text."""
    return "".join(_piece(piece) for piece in content)


def _piece(piece: Inline) -> str:
    match piece:
        case Text(text, strong):
            return f"**{words(text)}**" if strong else words(text)
        case Math(box):
            return f"${box_latex(box)}$"
        case Code(text):
            return code(text)
        case Link(text, target, typewriter):
            where = _SAFE.sub(lambda c: f"%{ord(c[0]):02X}", address(target)) if piece.outside else f"#{anchor(target)}"
            return f"[{code(text) if typewriter else words(text)}]({where})"
    raise TypeError(f"no Markdown is known for {type(piece).__name__}")


def code(text: str) -> str:
    """Typewriter letters, between more backticks than the text has in a row."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _section(section: Section, level: int, targets: frozenset[str]) -> str:
    mark = [_mark(section.label)] if section.label in targets else []  # only what a link leads to: marks are HTML
    parts = [*mark, f"{'#' * min(level, 6)} {words(section.title)}"]
    parts.extend(_block(block) for block in section.blocks)
    parts.extend(_section(inner, level + 1, targets) for inner in section.sections)
    return "\n\n".join(parts)


def _mark(label: str) -> str:
    return f'<a id="{anchor(label)}"></a>'


def _block(block: Block) -> str:
    match block:
        case Paragraph(content):
            return inline(content)
        case Equations(lines, boxed):
            return _equations(lines, boxed)
        case Table():
            return _table(block)
        case Listing(text, language, caption):
            longest = max((len(run) for run in re.findall("`+", text)), default=0)
            fence = "`" * max(3, longest + 1)
            head = f"*{words(caption)}*\n\n" if caption else ""
            return f"{head}{fence}{language}\n{text.rstrip()}\n{fence}"
        case Figure(name, data, caption, description, _):
            suffix = next(s for s in ("svg", "png", "pdf") if s in data)
            return f"![{words(description)}]({name}.{suffix})\n\n*{words(caption)}*"
        case Items(items):
            return "\n".join(f"- {inline(item)}" for item in items)
        case References(entries):
            return "\n".join(f"{k}. {_mark(name)}{inline(content)}" for k, (name, content) in enumerate(entries, 1))
        case Index(entries):
            return "\n".join(f"- {_piece(entry)}" for entry in entries)
        case Note(content, kind):
            return f"> {'**Attention.** ' if kind == 'warning' else ''}{inline(content)}"
    raise TypeError(f"no Markdown is known for {type(block).__name__}")


def _equations(lines: Sequence[Line], boxed: bool) -> str:
    lead = max((width(line.left) for line in lines if line.left is not None), default=0.0)
    rows = []
    for line in lines:
        left = box_latex(line.left) if line.left is not None else ""
        first, *others = break_lines(line.right, LINE - lead - 2)
        broken = [
            f"{left} &{'=' if line.equals else ''} {box_latex(first)}",
            *(rf"&\quad {box_latex(other)}" for other in others),
        ]
        if line.shape is not None:
            broken[-1] += rf" \quad {{\scriptstyle {box_latex(line.shape)}}}"
        if line.reason:
            broken[0] += " && " + "".join(_reason(piece) for piece in line.reason)
        rows.extend(broken)
    body = "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"
    return f"$$\n\\boxed{{{body}}}\n$$" if boxed else f"$$\n{body}\n$$"


def _reason(piece: Inline) -> str:
    if isinstance(piece, Math):
        return box_latex(piece.box)
    return rf"\text{{{escape(getattr(piece, 'text', ''))}}}"


def _cell(content: Sequence[Inline]) -> str:
    """Running text in a table, where every bar would end the cell, also in code and formulas."""
    pieces = []
    for piece in content:
        match piece:
            case Code(text):
                pieces.append(code(text).replace("|", r"\|"))
            case Math(box):
                formula = box_latex(box).replace("|", r"\vert ")
                pieces.append(f"${formula}$")
            case _:
                pieces.append(_piece(piece))
    return "".join(pieces)


def _table(table: Table) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("\n", " ") for cell in cells) + " |"

    rows = [line([words(cell) for cell in table.header]), line(["---"] * len(table.header))]
    rows += [line([_cell(cell) for cell in cells]) for cells in table.rows]
    head = f"*{words(table.caption)}*\n\n" if table.caption else ""
    return head + "\n".join(rows)

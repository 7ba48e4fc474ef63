"""Documents in Markdown (CommonMark with tables); formulas are LaTeX, spelt so that GitHub and notebooks show them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import dedent
from urllib.parse import quote

from derive.latex import box_latex
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
    Verdict,
    address,
    anchor,
    links,
)
from reports.markdown import math
from reports.markdown.math import GITHUB, Flavour

LINE = 44.0  # em: what GitHub shows without a scroll bar
REASON = 13.0  # em of it, where there are reasons
_SAFE = re.compile(r"[()]")  # would end the address
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~!&])")
_START = re.compile(r"(?:([-+=])|(\d+)([.)]))")  # what begins a list or underlines a heading


def markdown(document: Document, flavour: Flavour = GITHUB) -> str:
    """The whole document."""
    parts = [f"# {words(document.title)}"]
    if document.subtitle:
        parts.append(f"*{words(document.subtitle)}*")
    if document.summary:
        parts.append(_flowing(document.summary, flavour))
    targets = frozenset(link.target for link in links(document) if not link.outside)
    parts.extend(_section(section, 2, targets, flavour) for section in document.sections)
    if document.colophon:
        parts.append("---\n\n" + "  \n".join(words(line) for line in document.colophon))
    return "\n\n".join(parts) + "\n"


def words(text: str) -> str:
    r"""Text that Markdown prints literally.

    >>> words("a_b * <script>")
    'a\\_b \\* \\<script\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split("\n")))


def inline(content: Sequence[Inline], flavour: Flavour = GITHUB, cell: bool = False) -> str:
    """Running text; in a ``cell`` of a table every bar would end it, also in code."""
    written = ""
    for piece in content:
        if isinstance(piece, Math) and (written[-1:].isalnum() or written.endswith("-")):
            written += " "  # behind a letter, a dollar sign begins no formula
        written += _piece(piece, flavour, cell)
    return written


def _piece(piece: Inline, flavour: Flavour, cell: bool) -> str:
    match piece:
        case Text(text, strong):
            return f"**{words(text)}**" if strong else words(text)
        case Math(box):
            return flavour.inline(box)
        case Code(text):
            return code(text).replace("|", r"\|") if cell else code(text)
        case Link(text, target, typewriter):
            where = _SAFE.sub(lambda c: f"%{ord(c[0]):02X}", address(target)) if piece.outside else f"#{anchor(target)}"
            return f"[{_piece(Code(text) if typewriter else Text(text), flavour, cell)}]({where})"
        case Verdict(text):
            return f"**{words(text)}**"
    raise TypeError(f"no Markdown is known for {type(piece).__name__}")


def _flowing(content: Sequence[Inline], flavour: Flavour) -> str:
    """Running text that begins a line."""
    text = inline(content, flavour).lstrip()
    found = _START.match(text)
    if found is None:
        return text
    return f"\\{found[1]}{text[found.end() :]}" if found[1] else f"{found[2]}\\{found[3]}{text[found.end() :]}"


def code(text: str) -> str:
    """Typewriter letters, between more backticks than the text has in a row."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _section(section: Section, level: int, targets: frozenset[str], flavour: Flavour) -> str:
    mark = [_mark(section.label)] if section.label in targets else []
    parts = [*mark, f"{'#' * min(level, 6)} {words(section.title)}"]
    parts.extend(block_markdown(block, flavour, targets) for block in section.blocks)
    parts.extend(_section(inner, level + 1, targets, flavour) for inner in section.sections)
    return "\n\n".join(parts)


def _mark(label: str) -> str:
    return f'<a id="{anchor(label)}"></a>'


def block_markdown(block: Block, flavour: Flavour = GITHUB, targets: frozenset[str] = frozenset()) -> str:
    """One block; ``targets`` are the labels that links lead to: only those are marked, since marks are HTML."""
    match block:
        case Paragraph(content):
            return _flowing(content, flavour)
        case Equations(lines, boxed):
            return _equations(lines, boxed, flavour, targets)
        case Table():
            return _table(block, flavour)
        case Listing(text, language, caption, margin):
            text = dedent(text.strip("\n"))
            longest = max((len(run) for run in re.findall("`+", text)), default=0)
            fence = "`" * max(3, longest + 1)
            head = f"*{words(caption)}*\n\n" if caption else ""
            kind = re.sub(r"[^\w+-]", "", language)
            marks = ", ".join(f"line {number} {inline((link,), flavour)}" for number, link in sorted(margin.items()))
            below = f"\n\nComputed here: {marks}" if marks else ""
            return f"{head}{fence}{kind}\n{text.rstrip()}\n{fence}{below}"
        case Figure(_, data, caption, description, _):
            suffix = next(s for s in ("svg", "png", "pdf") if s in data)
            return f"![{words(description)}]({quote(block.file(suffix))})\n\n*{words(caption)}*"
        case Items(items):
            return "\n".join(f"- {_flowing(item, flavour)}" for item in items)
        case References(entries):
            works = ((_mark(name), inline(content, flavour)) for name, content in entries)
            return "\n".join(f"{number}. {mark}{work}" for number, (mark, work) in enumerate(works, 1))
        case Index(entries):
            return "\n".join(f"- {inline((entry,), flavour)}" for entry in entries)
        case Note(content, kind):
            head = "**Attention.** " if kind == "warning" else ""
            return f"> {head}{inline(content, flavour) if head else _flowing(content, flavour)}"
    raise TypeError(f"no Markdown is known for {type(block).__name__}")


def _equations(lines: Sequence[Line], boxed: bool, flavour: Flavour, targets: frozenset[str]) -> str:
    lead = max((width(line.left) for line in lines if line.left is not None), default=0.0)
    room = LINE - lead - 2 - (REASON if any(line.reason for line in lines) else 0.0)
    rows = []
    for line in lines:
        left = box_latex(line.left) if line.left is not None else ""
        first, *others = break_lines(line.right, max(room, LINE / 3))
        broken = [
            f"{left} &{'=' if line.equals else ''} {box_latex(first)}",
            *(rf"&\quad {box_latex(other)}" for other in others),
        ]
        broken = [math.tame(row.strip()) for row in broken]
        if line.shape is not None:
            broken[-1] += rf" \quad {{\scriptstyle {math.tame(box_latex(line.shape))}}}"
        if line.reason:
            broken[0] += " && " + "".join(map(_reason, line.reason))
        if line.number:
            broken[0] += f"{'' if line.reason else ' &&'} \\quad {math.text(line.number)}"
        rows.extend(broken)
    body = "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"
    places = "".join(_mark(line.label) for line in lines if line.label in targets)
    shown = flavour.display(f"\\boxed{{{body}}}" if boxed else body)
    return f"{places}\n\n{shown}" if places else shown


def _reason(piece: Inline) -> str:
    if isinstance(piece, Math):
        return math.tame(box_latex(piece.box))
    return math.text(getattr(piece, "text", ""))


def _table(table: Table, flavour: Flavour) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("\n", " ") for cell in cells) + " |"

    rows = [line([words(cell) for cell in table.header]), line(["---"] * len(table.header))]
    rows += [line([inline(cell, flavour, cell=True) for cell in cells]) for cells in table.rows]
    head = f"*{words(table.caption)}*\n\n" if table.caption else ""
    return head + "\n".join(rows)

"""Documents in Typst.  Text is written as string literals, so that nothing in it can be taken for markup."""

from __future__ import annotations

from collections.abc import Sequence

from derive.notation import Box, break_lines, width
from derive.notation.tree import EQUALS, row
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
    plain,
)
from reports.spoken import box_words
from reports.templates import render
from reports.typst.math import box_typst, string

LINE = 44.0  # em: the text width of the template
REASON = 0.27  # of the text width, for the column of reasons
NUMBER = 2.4  # em, for the column of numbers


def typst(document: Document, *, measured: bool = False) -> str:
    """The whole document.

    ``measured`` keeps the width of every formula in lines, in points, and the room it has as metadata with the label
    ``<formula>`` (:func:`reports.engines.typst_query`); that takes a layout more of each.
    """
    return render(
        "document.typ",
        measured=measured,
        kind=document.kind,
        title=string(document.title),
        subtitle=string(document.subtitle),
        summary=inline(document.summary),
        colophon=[string(line) for line in document.colophon],
        body="\n\n".join(_section(section, 1) for section in document.sections),
    )


def inline(content: Sequence[Inline]) -> str:
    """Running text."""
    return "".join(_piece(piece) for piece in content)


def _piece(piece: Inline) -> str:
    match piece:
        case Text(text, strong):
            return f"#strong({string(text)})" if strong else f"#{string(text)}"
        case Math(box):
            return f"#m({string(box_words(box))}, ${box_typst(box)}$)"
        case Code(text):
            return f"#c({string(text)})"
        case Link(text, target, code):
            words = f"#c({string(text)})" if code else f"#{string(text)}"
            return f"#link({string(address(target)) if piece.outside else _label(target)})[{words}]"
        case Verdict(text, tone):
            return f"#verdict({string(tone)}, {string(text)})"
    raise TypeError(f"no Typst is known for {type(piece).__name__}")


def _label(label: str) -> str:
    return f"label({string(anchor(label))})"


def _section(section: Section, level: int, numbered: bool = True) -> str:
    numbered = numbered and section.numbered
    plain_heading = "" if numbered else ", numbering: none"
    heading = f"heading(level: {level}{plain_heading}, {string(section.title)})"
    parts = [f"#[#{heading}#{_label(section.label)}]" if section.label else f"#{heading}"]
    blocks = "\n\n".join(map(_block, section.blocks))
    parts.append(f"#columns({section.columns})[\n{blocks}\n]" if section.columns > 1 else blocks)
    parts.extend(_section(inner, level + 1, numbered) for inner in section.sections)
    return "\n\n".join(parts)


def _block(block: Block) -> str:
    match block:
        case Paragraph(content):
            return f"#lead[{inline(content)}]" if plain(content).endswith(":") else inline(content)
        case Equations():
            return _equations(block)
        case Table():
            return _table(block)
        case Listing(text, language, caption, margin):
            head = f"#caption({string(caption)})\n" if caption else ""
            marks = "".join(f', "{number}": [{inline((link,))}]' for number, link in sorted(margin.items()))
            beside = f", margin: ({marks[2:]},)" if marks else ""
            return f"{head}#listing({string(language)}, {string(text.rstrip())}{beside})"
        case Figure(_, data, caption, description, share):
            suffix = next(s for s in ("svg", "png", "pdf") if s in data)
            return f"#picture({string(block.file(suffix))}, {share * 100:g}%, {string(caption)}, {string(description)})"
        case Items(items):
            return "#items(" + ", ".join(f"[{inline(item)}]" for item in items) + ",)"
        case References(entries):
            cells = ", ".join(
                f"[\\[{k}\\]], [#metadata(none)#{_label(name)}{inline(content)}]"
                for k, (name, content) in enumerate(entries, 1)
            )
            return f"#references({cells},)"
        case Index(entries):
            return "\n".join(f"#entry({_label(entry.target)})[{_piece(entry)}]" for entry in entries)
        case Note(content, kind):
            return f"#note({string(kind)})[{inline(content)}]"
    raise TypeError(f"no Typst is known for {type(block).__name__}")


def _equations(block: Equations) -> str:
    reasons = any(line.reason for line in block.lines)
    lead = max((min(width(line.left), LINE / 2) for line in block.lines if line.left is not None), default=0.0)
    share = 1.0 - (REASON if reasons else 0.0)
    numbers = any(line.number for line in block.lines)
    room = LINE * share - lead - (3.5 if block.boxed else 2.0) - (NUMBER if numbers else 0.0)
    cells = [cell for line in block.lines for cell in _rows(line, room, reasons, numbers)]
    name = "boxed" if block.boxed else "derivation"
    settings = ", ".join("true" if has else "false" for has in (reasons, numbers))
    return f"#{name}({settings},\n  " + ",\n  ".join(cells) + ",\n)"


def _rows(line: Line, room: float, reasons: bool, numbers: bool) -> list[str]:
    """The cells of one line: left side, equals sign with right side, reason, number."""
    shape = width(line.shape) * 0.8 + 1.5 if line.shape is not None else 0.0
    pieces = break_lines(line.right, room)
    left = _display(line.left) if line.left is not None else "[]"
    cells = []
    for number, piece in enumerate(pieces):
        box = row(EQUALS, piece) if number == 0 and line.equals else piece
        mark = ""
        if number == len(pieces) - 1 and line.shape is not None:
            mark = f", shape: ${box_typst(line.shape)}$"
            if width(piece) + shape > room:
                mark += ", below: true"
        if width(piece) > room:
            mark += ", fit: true"
        indent = ", indent: true" if number and line.equals else ""
        cells += [left if number == 0 else "[]", f"rhs({string(_words(line, box))}, ${box_typst(box)}${indent}{mark})"]
        if reasons:
            cells.append(f"[{inline(line.reason)}]" if number == 0 else "[]")
        if numbers:
            mark = f"eqn({_label(line.label) if line.label else 'none'}, {string(line.number)})"
            cells.append(mark if number == 0 and line.number else "[]")
    return cells


def _words(line: Line, box: Box) -> str:
    return f"{box_words(line.left)} {box_words(box)}" if line.left is not None else box_words(box)


def _display(box: Box) -> str:
    fit = ", fit: true" if width(box) > LINE / 2 else ""
    return f"lhs({string(box_words(box))}, ${box_typst(box)}${fit})"


def _table(table: Table) -> str:
    weights = table.weights or tuple(1.0 for _ in table.header)
    columns = ", ".join(f"{weight:g}fr" for weight in weights)
    header = ", ".join(f"[#strong({string(cell)})]" for cell in table.header)
    rows = "".join("  " + ", ".join(f"[{inline(cell)}]" for cell in line) + ",\n" for line in table.rows)
    caption = f"#caption({string(table.caption)})\n" if table.caption else ""
    return f"{caption}#grid-table(({columns},), ({header},),\n{rows})"

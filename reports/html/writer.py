"""Documents in HTML: one file that needs no other and no network; formulas are MathML.

The only script is ours (buttons that copy); the page's policy names it by its hash, so that no other can run.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from textwrap import dedent

from derive.notation import break_lines, width
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
)
from reports.html.code import highlighted
from reports.html.frame import ALONE, Frame, framed
from reports.html.math import lines_latex, mathml
from reports.templates import render

LINE = 44.0  # em: the width of the column of text; a longer formula is broken
REASON = 13.0  # em of it are the column of reasons
EQUALS_SIGN, SPACE, SHRUNK = 1.5, 1.4, 0.8  # em: before a right-hand side; before a shape, and how large that is set
WIDE = 15.0  # em: a formula in running text that a telephone cannot hold
MIME = {"svg": "image/svg+xml", "png": "image/png"}


def html(document: Document, frame: Frame = ALONE) -> str:
    """The whole document, as a file that stands alone or as a page of a site."""
    head = [f"<h1>{escape(document.title)}</h1>"]
    if document.subtitle:
        head.append(f'<p class="subtitle">{escape(document.subtitle)}</p>')
    if document.summary:
        head.append(f'<p class="summary">{inline(document.summary)}</p>')
    body = [_section(section, 2) for section in document.sections]
    return framed(
        document.title,
        "\n".join(["<header>", *head, "</header>", _contents(document.sections), *body]),
        frame=frame,
        colophon=document.colophon,
    )


def fragment(blocks: Sequence[Block]) -> str:
    """Blocks with their style, to stand in somebody else's page (a notebook)."""
    inside = "\n".join(block_html(block) for block in blocks)
    return f'<div class="backproof"><style>{render("fragment.css")}</style>\n{inside}\n</div>'


def inline(content: Sequence[Inline]) -> str:
    """Running text."""
    return "".join(_piece(piece) for piece in content)


def _piece(piece: Inline) -> str:
    match piece:
        case Text(text, strong):
            return f"<strong>{escape(text)}</strong>" if strong else escape(text)
        case Math(box):
            return f'<span class="wide">{mathml(box)}</span>' if width(box) > WIDE else mathml(box)
        case Code(text):
            return f"<code>{escape(text)}</code>"
        case Link(text, target, code):
            href = escape(address(target) if piece.outside else f"#{anchor(target)}", quote=True)
            words = f"<code>{escape(text)}</code>" if code else escape(text)
            return f'<a href="{href}">{words}</a>'
        case Verdict(text, tone):
            return f'<strong class="verdict-{escape(tone, quote=True)}">{escape(text)}</strong>'
    raise TypeError(f"no HTML is known for {type(piece).__name__}")


def _contents(sections: Sequence[Section]) -> str:
    entries = [f'<li><a href="#{anchor(s.label)}">{escape(s.title)}</a></li>' for s in sections if s.label]
    if len(entries) <= 2:
        return ""
    return f'<nav class="contents" aria-label="On this page">\n<ul>\n{"".join(entries)}\n</ul>\n</nav>'


def _section(section: Section, level: int) -> str:
    label = f' id="{anchor(section.label)}"' if section.label else ""
    tag = f"h{min(level, 6)}"
    parts = [f"<section{label}>", f"<{tag}>{escape(section.title)}</{tag}>"]
    parts.extend(block_html(block) for block in section.blocks)
    parts.extend(_section(inner, level + 1) for inner in section.sections)
    return "\n".join([*parts, "</section>"])


def block_html(block: Block) -> str:
    """One block."""
    match block:
        case Paragraph(content):
            return f"<p>{inline(content)}</p>"
        case Equations():
            return _equations(block)
        case Table():
            return _table(block)
        case Listing():
            return _listing(block)
        case Figure(_, data, caption, description, share):
            suffix = next(s for s in MIME if s in data)
            uri = f"data:{MIME[suffix]};base64,{base64.b64encode(data[suffix]).decode()}"
            alt = escape(description, quote=True)
            picture = f'<img src="{uri}" alt="{alt}" style="--share:{share * 100:g}%" />'
            return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"
        case Items(items):
            return "<ul>" + "".join(f"<li>{inline(item)}</li>" for item in items) + "</ul>"
        case References(entries):
            works = (f'<li id="{anchor(name)}">{inline(content)}</li>' for name, content in entries)
            return '<ol class="references">' + "".join(works) + "</ol>"
        case Index(entries):
            return '<ul class="index">' + "".join(f"<li>{inline((entry,))}</li>" for entry in entries) + "</ul>"
        case Note(content, kind):
            head = "<strong>Attention.</strong> " if kind == "warning" else ""
            return f'<p class="{escape(kind, quote=True)}" role="note">{head}{inline(content)}</p>'
    raise TypeError(f"no HTML is known for {type(block).__name__}")


def _listing(block: Listing) -> str:
    """Program text; what stands in its margin is a column of its own, line by line."""
    text = dedent(block.text.strip("\n")).rstrip()
    head = f'<p class="caption">{escape(block.caption)}</p>\n' if block.caption else ""
    code = f'<pre class="scroll"><code>{highlighted(text, block.language)}</code></pre>'
    if not block.margin:
        return f'{head}<div class="listing">{code}</div>'
    numbers = range(1, text.count("\n") + 2)
    marks = "\n".join(inline((block.margin[number],)) if number in block.margin else "" for number in numbers)
    # in a span, since a newline right behind <pre> is none
    margin = f'<pre class="margin" aria-label="Equations computed"><span>{marks}</span></pre>'
    return f'{head}<div class="listing annotated">{code}{margin}</div>'


def _equations(block: Equations) -> str:
    """A table for the eye only: read line by line it is ``left``, ``= right``, the shape, the reason."""
    reasons = any(line.reason for line in block.lines)
    numbers = any(line.number for line in block.lines)
    marks = (("boxed", block.boxed), ("reasoned", reasons), ("numbered", numbers))
    kind = " ".join(["derivation", *(name for name, holds in marks if holds)])
    lead = max((width(line.left) for line in block.lines if line.left is not None), default=0.0)
    room = LINE - (REASON if reasons else 0.0) - (2.0 if block.boxed else 0.0) - (2.5 if numbers else 0.0)
    rows = "\n".join(part for line in block.lines for part in _rows(line, max(room - lead, room / 2)))
    latex = escape(lines_latex(block.lines), quote=True).replace("\n", "&#10;")
    return (
        f'<div class="equations" data-latex="{latex}"><div class="scroll">'
        f'<table class="{kind}" role="presentation">\n{rows}\n</table></div></div>'
    )


def _rows(line: Line, room: float) -> list[str]:
    """A line, broken where it is too wide; its shape stands behind it, or below where there is no room."""
    left = mathml(line.left, True) if line.left is not None else ""
    first, *others = break_lines(line.right, room - EQUALS_SIGN)
    end = f'<td class="reason">{inline(line.reason)}</td>' if line.reason else ""
    if line.number or line.label:
        mark = f' id="{anchor(line.label)}"' if line.label else ""
        end += f'<td class="number"{mark}>{escape(line.number)}</td>'
    opens = ' class="opens"' if line.left is not None or not line.equals else ""
    cells = [mathml(row(EQUALS, first) if line.equals else first, True), *(mathml(other, True) for other in others)]
    if line.shape is not None:
        shape = f'<span class="shape">{mathml(line.shape)}</span>'
        last = width(others[-1]) if others else width(first)
        if last + SHRUNK * width(line.shape) + EQUALS_SIGN + SPACE <= room:
            cells[-1] += f" {shape}"
        else:
            cells.append(shape)
    rows = [f'<tr{opens}><td class="left">{left}</td><td class="right">{cells[0]}</td>{end}</tr>']
    rows += [f'<tr><td class="left"></td><td class="right more">{cell}</td></tr>' for cell in cells[1:]]
    return rows


def _table(table: Table) -> str:
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    header = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.header)
    rows = "\n".join(_cells(line) for line in table.rows)
    head = f"<thead><tr>{header}</tr></thead>"
    return f'<div class="scroll"><table class="data">{caption}{head}\n<tbody>\n{rows}\n</tbody></table></div>'


def _cells(line: Sequence[Sequence[Inline]]) -> str:
    """The first cell says what the row is about."""
    first, *others = (inline(cell) for cell in line)
    return f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in others) + "</tr>"

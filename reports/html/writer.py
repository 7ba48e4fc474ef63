"""Documents in HTML: no script, no file beside it; formulas are MathML."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from functools import cache
from html import escape, unescape
from typing import Any

from derive.latex import box_latex
from derive.notation import Box, break_lines
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
    address,
    anchor,
)
from reports.errors import extra
from reports.spoken import box_words
from reports.templates import render

_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9A-Fa-f]+);)\w+;")  # XML knows five names only
LINE = 40.0  # em: where a long formula is broken
MIME = {"svg": "image/svg+xml", "png": "image/png"}


@cache
def _converter() -> Any:
    with extra("math_core"):
        from math_core import LatexToMathML
    return LatexToMathML(xml_namespace=True)


def mathml(box: Box, display: bool = False) -> str:
    """A formula in MathML, with its words for readers that cannot see it."""
    code = str(_converter().convert_with_local_state(box_latex(box), displaystyle=display))
    label = escape(box_words(box), quote=True)
    code = _ENTITY.sub(lambda found: unescape(found[0]), code)
    return code.replace("<math ", f'<math aria-label="{label}" ', 1)


def html(document: Document) -> str:
    """The whole document."""
    return render(
        "document.html",
        title=escape(document.title),
        subtitle=escape(document.subtitle),
        summary=inline(document.summary),
        colophon=[escape(line) for line in document.colophon],
        contents=_contents(document.sections),
        body="\n".join(_section(section, 2) for section in document.sections),
        css=render("style.css"),
    )


def inline(content: Sequence[Inline]) -> str:
    """Running text."""
    return "".join(_piece(piece) for piece in content)


def _piece(piece: Inline) -> str:
    match piece:
        case Text(text, strong):
            return f"<strong>{escape(text)}</strong>" if strong else escape(text)
        case Math(box):
            return mathml(box)
        case Code(text):
            return f"<code>{escape(text)}</code>"
        case Link(text, target, code):
            href = escape(address(target) if piece.outside else f"#{anchor(target)}", quote=True)
            words = f"<code>{escape(text)}</code>" if code else escape(text)
            return f'<a href="{href}">{words}</a>'
    raise TypeError(f"no HTML is known for {type(piece).__name__}")


def _contents(sections: Sequence[Section]) -> str:
    entries = [f'<li><a href="#{anchor(s.label)}">{escape(s.title)}</a></li>' for s in sections if s.label]
    return f'<nav aria-label="Contents"><ul>{"".join(entries)}</ul></nav>' if len(entries) > 2 else ""


def _section(section: Section, level: int) -> str:
    label = f' id="{anchor(section.label)}"' if section.label else ""
    tag = f"h{min(level, 6)}"
    parts = [f"<section{label}>", f"<{tag}>{escape(section.title)}</{tag}>"]
    parts.extend(_block(block) for block in section.blocks)
    parts.extend(_section(inner, level + 1) for inner in section.sections)
    return "\n".join([*parts, "</section>"])


def _block(block: Block) -> str:
    match block:
        case Paragraph(content):
            return f"<p>{inline(content)}</p>"
        case Equations(lines, boxed):
            kind = "boxed" if boxed else "derivation"
            rows = "\n".join(part for line in lines for part in _rows(line))
            return f'<div class="scroll"><table class="{kind}" role="presentation">\n{rows}\n</table></div>'
        case Table():
            return _table(block)
        case Listing(text, language, caption):
            head = f"<p class='caption'>{escape(caption)}</p>\n" if caption else ""
            return f'{head}<pre tabindex="0"><code class="{escape(language, quote=True)}">{escape(text.rstrip())}</code></pre>'
        case Figure(_, data, caption, description, share):
            suffix = next(s for s in MIME if s in data)
            uri = f"data:{MIME[suffix]};base64,{base64.b64encode(data[suffix]).decode()}"
            picture = f'<img src="{uri}" alt="{escape(description, quote=True)}" style="width:{share * 100:g}%" />'
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
            return f'<p class="{kind}">{head}{inline(content)}</p>'
    raise TypeError(f"no HTML is known for {type(block).__name__}")


def _rows(line: Line) -> list[str]:
    left = mathml(line.left, True) if line.left is not None else ""
    first, *others = break_lines(line.right, LINE)
    reason = inline(line.reason)
    shapes = ["" for _ in range(len(others))] + [
        "" if line.shape is None else f' <span class="shape">{mathml(line.shape)}</span>'
    ]
    rows = [
        f'<tr><td class="left">{left}</td><td>{mathml(row(EQUALS, first) if line.equals else first, True)}{shapes[0]}</td>'
        f'<td class="reason">{reason}</td></tr>'
    ]
    for other, shape in zip(others, shapes[1:], strict=True):
        rows.append(f'<tr><td></td><td class="more">{mathml(other, True)}{shape}</td><td></td></tr>')
    return rows


def _table(table: Table) -> str:
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    header = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.header)
    rows = "\n".join("<tr>" + "".join(f"<td>{inline(cell)}</td>" for cell in line) + "</tr>" for line in table.rows)
    head = f"<thead><tr>{header}</tr></thead>"
    return f'<div class="scroll"><table class="data">{caption}{head}\n<tbody>\n{rows}\n</tbody></table></div>'

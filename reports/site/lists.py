"""The site's lists: the index by family with its search, and all operations from A to Z."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape

from reports.binding.chapters import family
from reports.document import Equations, anchor
from reports.html.frame import framed
from reports.html.writer import block_html, inline
from reports.site.bars import chrome
from reports.site.entries import Entry

Families = Mapping[str, Sequence[Entry]]


def index_page(families: Families, evidence: bool = True) -> str:
    """The front page: every operation with its gradient, by family; the search needs the script, the list does not."""
    entries = [entry for members in families.values() for entry in members]
    jumps = "".join(
        f'<li><a href="#{anchor("family-" + kind)}">{escape(family(kind).title)}</a> {len(members)}</li>'
        for kind, members in families.items()
    )
    checked = ", and checked" if evidence else ""
    sections = "\n".join(_family(kind, members) for kind, members in families.items())
    content = f"""<header>
<h1>Gradients of neural-network operations</h1>
<p class="summary">{_count(len(entries))}, each declared as index equations and differentiated symbolically{checked}.
A bar is the derivative of a scalar by the tensor under it. <a href="about.html">How to read this</a></p>
</header>
<form class="search" role="search" hidden="hidden">
<label for="skip.query">Search names, titles, symbols and sources</label>
<div><input id="skip.query" type="search" autocomplete="off" spellcheck="false" aria-describedby="skip.keys" />
<span id="skip.keys"><kbd>/</kbd> to search, <kbd>↓</kbd> <kbd>↑</kbd> to move, <kbd>Enter</kbd> to open</span></div>
<p id="skip.said" role="status" aria-live="polite"></p>
</form>
<section id="skip.found" aria-label="Found" hidden="hidden"><ul class="entries"></ul></section>
<div id="skip.all">
<nav class="families" aria-label="Families"><ul>{jumps}</ul></nav>
{sections}
</div>"""
    return framed(
        "Gradients of neural-network operations",
        content,
        frame=chrome("index.html", styles="style.css"),
        scripts=("page.js", "search.js"),
        data=data([entry.searched() for entry in entries]),
        description="Operations of neural networks with their derived, generated and verified gradients.",
    )


def data(value: object) -> str:
    """JSON that can stand in a script element, whatever it says.

    >>> data({"t": "</script> &"})
    '{"t": "\\\\u003c/script\\\\u003e \\\\u0026"}'
    """
    text = json.dumps(value, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _family(kind: str, members: Sequence[Entry]) -> str:
    about = family(kind)
    opening = f"<p>{escape(about.introduction)}</p>\n" if about.introduction else ""
    items = "\n".join(map(_entry, members))
    head = f'<section id="{anchor("family-" + kind)}">\n<h2>{escape(about.title)}</h2>\n{opening}'
    return f'{head}<ul class="entries">\n{items}\n</ul>\n</section>'


def _entry(entry: Entry) -> str:
    words = f"<p>{inline(entry.document.summary)}</p>" if entry.document.summary else ""
    more = f'<p class="rest">and {entry.hidden} more on its page</p>' if entry.hidden and entry.shown else ""
    shown = block_html(Equations(entry.shown)) if entry.shown else '<p class="rest">on its page</p>'
    doubt = f' <span class="verdict">{escape(entry.page.verdict)}</span>' if not entry.page.ok else ""
    return (
        f'<li class="entry"><div><a href="operations/{entry.file}">{escape(entry.title)}</a>{doubt}'
        f"<code>{escape(entry.operation.name)}</code>{words}</div>"
        f'<div class="gradient">{shown}{more}</div></li>'
    )


def all_page(entries: Sequence[Entry]) -> str:
    """Every page of the site, from A to Z."""
    rows = []
    for entry in sorted(entries, key=lambda each: (each.title.lower(), each.operation.name)):
        program = entry.operation.program
        inputs = ", ".join(tensor.name for tensor in entry.operation.inputs)
        rows.append(
            f'<tr><th scope="row"><a href="operations/{entry.file}">{escape(entry.title)}</a></th>'
            f"<td><code>{escape(entry.operation.name)}</code></td><td>{escape(family(entry.family).title)}</td>"
            f"<td><code>{escape(inputs)}</code></td><td><code>{escape(', '.join(program.outputs))}</code></td>"
            f"<td>{escape(entry.page.verdict or 'not checked')}</td></tr>"
        )
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("Operation", "Name", "Family", "Inputs", "Outputs", "Verdict")
    )
    table = f'<div class="scroll"><table class="data"><thead><tr>{heads}</tr></thead>\n<tbody>\n' + "\n".join(rows)
    content = f"<header><h1>All operations</h1></header>\n{table}\n</tbody></table></div>"
    return framed("All operations", content, frame=chrome("all.html", styles="style.css"))


def _count(number: int) -> str:
    return "1 operation" if number == 1 else f"{number} operations"

"""The bars of a site's page: where it lies, what is beside it."""

from __future__ import annotations

from html import escape

from reports.binding.chapters import family
from reports.document import anchor
from reports.html.frame import Frame
from reports.site.entries import Entry

SITE = "backproof"
PAGES = {"index.html": "Operations", "all.html": "A to Z", "references.html": "References", "about.html": "About"}


def chrome(current: str, *, styles: str) -> Frame:
    """The frame of one of the pages beside the operations."""
    return Frame(styles, _bar("", current), "", SITE)


def operation_frame(entry: Entry, before: Entry | None, after: Entry | None) -> Frame:
    """The frame of an operation's page: its place in the catalog above, its neighbours below."""
    kin = f"../index.html#{anchor('family-' + entry.family)}"
    crumbs = (
        '<nav class="crumbs" aria-label="Breadcrumb"><ol>'
        '<li><a href="../index.html">Operations</a></li>'
        f'<li><a href="{kin}">{escape(family(entry.family).title)}</a></li>'
        f'<li aria-current="page">{escape(entry.title)}</li></ol></nav>'
    )
    links = [
        f'<a rel="{rel}" href="{each.file}"><span>{said}</span> {escape(each.title)}</a>'
        for rel, said, each in (("prev", "Previous", before), ("next", "Next", after))
        if each is not None
    ]
    up = f'<a class="up" href="{kin}"><span>Up</span> {escape(family(entry.family).title)}</a>'
    if before is not None:
        links.insert(1, up)
    else:
        links.insert(0, up)
    bottom = f'<nav class="neighbours" aria-label="Neighbouring operations">{"".join(links)}</nav>'
    return Frame("../style.css", _bar("../", "") + "\n" + crumbs, bottom, SITE)


def _bar(root: str, current: str) -> str:
    here = ' aria-current="page"'
    links = "".join(
        f'<li><a href="{root}{file}"{here if file == current else ""}>{title}</a></li>' for file, title in PAGES.items()
    )
    home = f'<a class="home" href="{root}index.html">{SITE}</a>'
    return f'<header class="bar"><nav aria-label="Site">{home}<ul>{links}</ul></nav></header>'

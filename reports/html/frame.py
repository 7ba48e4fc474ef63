"""What is around a document: a file that stands alone, or a page of a site; and what a browser may do with either."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape

from reports.templates import render


@dataclass(frozen=True)
class Frame:
    """``styles`` is the address of the style sheet (empty: it stands in the page); ``top`` and ``bottom`` are the HTML of
    a site's bars, ``site`` the name that follows the title."""

    styles: str = ""
    top: str = ""
    bottom: str = ""
    site: str = ""


ALONE = Frame()


def script(name: str) -> str:
    """One of our scripts.  It stands in pages that are XML too, where neither ``<`` nor ``&`` may be."""
    text = render(name)
    assert not set("<&") & set(text), f"{name} must do without the characters < and &"
    return text


def policy(frame: Frame, scripts: Sequence[str]) -> str:
    """The page's Content-Security-Policy: nothing from any network, and no script but ours, by its hash."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    own = " 'self' file:" if frame.styles else ""
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'{own}; script-src {hashes}; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def style() -> str:
    """The style sheet of every page."""
    return render("style.css")


def framed(
    title: str,
    content: str,
    *,
    frame: Frame = ALONE,
    colophon: Sequence[str] = (),
    scripts: Sequence[str] = ("page.js",),
    data: str = "",
    description: str = "",
) -> str:
    """A whole page: ``content`` is HTML, ``title`` and ``description`` are words.

    ``data`` is JSON in which every ``<`` is written by its number.
    """
    texts = [script(name) for name in scripts]
    return render(
        "document.html",
        title=escape(f"{title} · {frame.site}" if frame.site else title),
        description=escape(description, quote=True),
        policy=escape(policy(frame, texts), quote=True),
        styles=escape(frame.styles, quote=True),
        css=style(),
        top=frame.top,
        bottom=frame.bottom,
        content=content,
        colophon=[escape(line) for line in colophon],
        data=data,
        scripts=texts,
    )

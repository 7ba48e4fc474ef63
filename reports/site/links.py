"""Links between the pages of a site: a document leads to labels, and a label may stand in another file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from reports.document import anchor

# Our own writer made the pages: in their text and attributes no quotation mark stands for itself.
_ID = re.compile(r' id="([^"]+)"')
_INSIDE = re.compile(r' href="#([^"]+)"')


def linked(pages: Mapping[str, str], homes: Mapping[str, str]) -> dict[str, str]:
    """The pages, by file, in which every link leads to where its label stands; ``homes`` gives labels that are whole files.

    A label that stands nowhere is an error of ours (``KeyError``).

    >>> linked({"a.html": '<a href="#x">', "b/c.html": '<p id="x"><a href="#f">'}, {"f": "a.html"})
    {'a.html': '<a href="b/c.html#x">', 'b/c.html': '<p id="x"><a href="../a.html">'}
    """
    ids = {file: set(_ID.findall(page)) for file, page in pages.items()}
    places = {label: file for file in pages for label in ids[file]}
    files = {anchor(label): file for label, file in homes.items()}

    def led(file: str, page: str) -> str:
        def href(found: re.Match[str]) -> str:
            label = found[1]
            if label in ids[file]:
                return found[0]
            address, fragment = (files[label], "") if label in files else (places[label], f"#{label}")
            return f' href="{posixpath.relpath(address, posixpath.dirname(file) or ".")}{fragment}"'

        return _INSIDE.sub(href, page)

    return {file: led(file, page) for file, page in pages.items()}

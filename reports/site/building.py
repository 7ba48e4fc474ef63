"""``site``: gather pages, write them into a new folder, and put that in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from derive.operation import Operation
from derive.registry import operations as catalog
from reports.binding.back import Bibliography
from reports.binding.cache import Cache
from reports.binding.chapters import FAMILIES, related
from reports.binding.pages import Page, Progress, pages
from reports.html.frame import style
from reports.html.writer import html
from reports.site import prose
from reports.site.bars import chrome, operation_frame
from reports.site.entries import Entry
from reports.site.folder import whole_folder
from reports.site.links import linked
from reports.site.lists import all_page, index_page
from reports.templates import render

STYLES = "style.css"


def site(
    out: Path,
    operations: Sequence[Operation] | None = None,
    *,
    evidence: bool = True,
    jobs: int = 1,
    cache: Path | Cache | None = None,
    progress: Progress | None = None,
    judged: Callable[[Page], None] | None = None,
    **settings: Any,
) -> Path:
    """Write a static site of operations (default: the whole catalog) into the folder ``out``; returns its front page.

    The site needs no server and no network.  It is there whole or not at all: an earlier site stays until the new one takes
    its place.  ``judged`` is told each page as it is finished; ``jobs``, ``cache``, ``progress`` and ``settings`` are those of
    :func:`reports.binding.pages.pages`.

    Raises :class:`reports.errors.ReportError` where two operations have one name, or where the folder holds files that no
    earlier site wrote, or cannot be written.
    """
    chosen = tuple(catalog() if operations is None else operations)
    with whole_folder(out) as folder:
        found = []
        for page in pages(chosen, evidence=evidence, jobs=jobs, cache=cache, progress=progress, **settings):
            if judged is not None:
                judged(page)
            found.append(page)
        for file, text in written(found, evidence).items():
            place = folder / file
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, encoding="utf-8", newline="\n")
    return out / "index.html"


def written(found: Sequence[Page], evidence: bool = True) -> dict[str, str]:
    """Every file of the site with its text."""
    families = by_family(map(Entry, found))
    ordered = [entry for members in families.values() for entry in members]
    works = Bibliography([page.operation for page in found])
    cited, relations = works.cited(), related([page.operation for page in found])
    made = {
        "index.html": index_page(families, evidence),
        "all.html": all_page(ordered),
        "references.html": html(prose.references(works), chrome("references.html", styles=STYLES)),
        "about.html": html(prose.about(found, evidence), chrome("about.html", styles=STYLES)),
    }
    for number, entry in enumerate(ordered):
        before = ordered[number - 1] if number else None
        after = ordered[number + 1] if number + 1 < len(ordered) else None
        document = prose.operation(entry.page, cited, relations)
        made[f"operations/{entry.file}"] = html(document, operation_frame(entry, before, after))
    homes = {entry.operation.name: f"operations/{entry.file}" for entry in ordered}
    return {**linked(made, homes), STYLES: style() + render("site.css")}


def by_family(entries: Iterable[Entry]) -> Mapping[str, Sequence[Entry]]:
    """The families in the order of the book's chapters, each in the order of its titles."""
    ordered = sorted(entries, key=lambda entry: (entry.title.lower(), entry.operation.name))
    kinds = dict.fromkeys([*FAMILIES, *(entry.family for entry in ordered)])
    found = {kind: [entry for entry in ordered if entry.family == kind] for kind in kinds}
    return {kind: members for kind, members in found.items() if members}

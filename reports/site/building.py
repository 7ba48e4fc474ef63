"""``site``: gather pages, write them into a new folder, and put that in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from derive.operation import Operation
from derive.registry import operations as catalog
from reports.errors import ReportError
from reports.html.frame import style
from reports.html.writer import html
from reports.site.about import about
from reports.site.bars import chrome, operation_frame
from reports.site.entries import Entry
from reports.site.folder import whole_folder
from reports.site.lists import all_page, index_page, references_page
from reports.templates import render
from reports.writing import CHAPTERS, SEED, _page
from verify.evidence import Evidence

Progress = Callable[..., None]


def site(
    out: Path,
    operations: Sequence[Operation] | None = None,
    *,
    evidence: bool = True,
    progress: Progress | None = None,
    judged: Callable[[Evidence], None] | None = None,
) -> Path:
    """Write a static site of operations (default: the whole catalog) into the folder ``out``; returns its front page.

    The site needs no server and no network.  It is there whole or not at all: an earlier site stays until the new one takes
    its place.  ``judged`` is told each operation's evidence.

    Raises :class:`reports.errors.ReportError` where two operations have one name, or where the folder holds files that no
    earlier site wrote, or cannot be written.
    """
    chosen = tuple(catalog() if operations is None else operations)
    names = [operation.name for operation in chosen]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ReportError(f"two operations are called {twice}; a site has one page for a name: leave one of them out")
    with whole_folder(out) as folder:
        entries = list(_entries(chosen, evidence, progress, judged))
        families = _families(entries)
        titles = {kind: CHAPTERS.get(kind, kind.capitalize()) for kind in families}
        ordered = [entry for members in families.values() for entry in members]
        (folder / "operations").mkdir()
        for number, entry in enumerate(ordered):
            before = ordered[number - 1] if number else None
            after = ordered[number + 1] if number + 1 < len(ordered) else None
            page = html(entry.document, operation_frame(entry, before, after, titles))
            _write(folder / "operations" / entry.file, page)
        _write(folder / "index.html", index_page(families, titles))
        _write(folder / "all.html", all_page(ordered, titles))
        _write(folder / "references.html", references_page(ordered))
        explained = about(len(ordered), SEED if evidence else None)
        _write(folder / "about.html", html(explained, chrome("about.html", styles="style.css")))
        _write(folder / "style.css", style() + render("site.css"))
    return out / "index.html"


def _entries(
    operations: Sequence[Operation],
    evidence: bool,
    progress: Progress | None,
    judged: Callable[[Evidence], None] | None,
) -> Iterator[Entry]:
    """The page of each operation.  The one place that knows how pages are made."""
    verdicts: dict[str, str] = {}

    def seen(found: Evidence) -> None:
        verdicts[found.operation] = str(found.verdict)
        if judged is not None:
            judged(found)

    for number, operation in enumerate(operations):
        if progress is not None:
            progress(operation.name, number, len(operations))
        document = _page(operation, evidence, seen)
        yield Entry(operation, document, verdicts.get(operation.name, ""))


def _families(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """The families in the order of the book's chapters, each in the order of its titles."""
    kinds = dict.fromkeys([*CHAPTERS, *(entry.family for entry in entries)])
    found = {kind: [entry for entry in entries if entry.family == kind] for kind in kinds}
    return {
        kind: sorted(members, key=lambda e: (e.title.lower(), e.operation.name))
        for kind, members in found.items()
        if members
    }


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")

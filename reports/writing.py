"""``report`` and ``book``: gather, typeset, write whole files only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from derive.operation import Operation
from derive.registry import declarations, subject
from derive.registry import operations as catalog
from reports.binding.bind import COMMAND, bind
from reports.binding.cache import Cache
from reports.binding.compared import compared
from reports.binding.pages import Page, Progress, pages
from reports.binding.sources import bibtex
from reports.binding.typeset import typeset
from reports.document import Document, figures, file_stem
from reports.engines import latex_pdf, make_folder, write_whole
from reports.errors import ReportError
from reports.html.writer import html
from reports.latex.writer import latex
from reports.markdown.writer import markdown
from reports.settings import Settings
from reports.typst.writer import typst

Judged = Callable[[Page], None]  # is told each page as it is finished
FORMATS = ("pdf", "html", "tex", "md")
ENGINES = ("typst", "latex")


def report(
    operations: Sequence[Operation],
    out: Path,
    formats: Sequence[str] = FORMATS,
    *,
    evidence: bool = True,
    jobs: int = 1,
    cache: Path | Cache | None = None,
    progress: Progress | None = None,
    judged: Judged | None = None,
    **settings: Any,
) -> list[Path]:
    """Write each operation's page into the folder ``out``, in every format asked for; returns the files written.

    ``pdf`` is made without TeX; ``jobs``, ``cache``, ``progress`` and ``settings`` are those of
    :func:`reports.binding.pages.pages`.  A file is there whole or not at all.  Raises :class:`reports.errors.ReportError` for
    an unknown format or a folder that cannot be written.

    Among the settings are ``detail`` (``brief``, ``lecture``, ``full``) and ``layout`` (``rows``, ``columns``).
    """
    unknown = [each for each in formats if each not in FORMATS]
    if unknown:
        raise ReportError(f"there is no format {unknown[0]!r}; formats: {', '.join(FORMATS)}")
    make_folder(out)
    written: list[Path] = []
    kept = cache if isinstance(cache, Cache) else Cache(cache)
    kinds = tuple(
        kind for kind in ("svg", "pdf") if {"svg": {"pdf", "html", "md"}, "pdf": {"tex"}}[kind] & set(formats)
    )
    made = pages(operations, evidence=evidence, pictures=kinds, jobs=jobs, cache=kept, progress=progress, **settings)
    for page in made:
        if judged is not None:
            judged(page)
        written.extend(write_page(page.document, out, file_stem(page.operation.name), formats, kept))
    kept.prune()
    return written


def book(
    out: Path,
    operations: Sequence[Operation] | None = None,
    engine: str = "typst",
    progress: Progress | None = None,
    *,
    evidence: bool = True,
    jobs: int = 1,
    cache: Path | Cache | None = None,
    references: Path | None = None,
    judged: Judged | None = None,
    **settings: Any,
) -> Path:
    """Write all operations (default: the whole catalog) as one PDF: title page, contents, notation, chapters, index, references.

    ``engine`` is ``"typst"``, which needs nothing installed, or ``"latex"``; ``references`` is a file for the works in BibTeX;
    ``jobs``, ``cache`` and ``settings`` are those of :func:`reports.binding.pages.pages`.  Raises
    :class:`reports.errors.ReportError` (an unknown engine, an engine that is not installed, a folder that cannot be written).
    """
    if engine not in ENGINES:
        raise ReportError(f"there is no engine {engine!r}; engines: {', '.join(ENGINES)}")
    chosen = tuple(catalog() if operations is None else operations)
    for folder in dict.fromkeys(file.parent for file in (out, references) if file is not None):
        make_folder(folder)
    kinds = ("pdf",) if engine == "latex" else ("svg",)
    kept = cache if isinstance(cache, Cache) else Cache(cache)
    bound: list[Page] = []
    for page in pages(chosen, evidence=evidence, pictures=kinds, jobs=jobs, cache=kept, progress=progress, **settings):
        if judged is not None:
            judged(page)
        bound.append(page)
    if progress is not None:
        progress(f"typesetting with {engine}", len(chosen), len(chosen))
    command = _command(chosen, engine, settings)
    together = compared(chosen, kinds, kept)
    document = bind(bound, evidence=evidence, command=command, engine=engine, together=together)
    content = pdf(document, engine, kept)
    kept.prune()
    if references is not None:
        write_whole(references, bibtex({each.name: each.source for each in chosen if each.source}).encode())
    return write_whole(out, content)


def _command(operations: Sequence[Operation], engine: str, settings: Mapping[str, Any]) -> str:
    """What makes a book again."""
    words = [COMMAND + Settings(**settings).options] + ([f"--engine {engine}"] if engine != "typst" else [])
    subjects = [subject(each) for each in operations]
    if subjects != [each.name for each in declarations()]:
        words += subjects
    return " ".join(words)


def pdf(document: Document, engine: str = "typst", cache: Cache | None = None) -> bytes:
    """The PDF of a document; one that Typst made is kept in ``cache``, and taken from there."""
    if engine == "latex":
        return latex_pdf(latex(document), assets(document, "pdf"))
    return typeset(typst(document), assets(document, "svg"), cache or Cache(None))


def write_page(
    document: Document, folder: Path, name: str, formats: Iterable[str], cache: Cache | None = None
) -> list[Path]:
    """One document in several formats, its PDF by way of ``cache``; pictures lie beside the formats that cannot hold them."""
    written = []
    for suffix in formats:
        if suffix == "pdf":
            content = pdf(document, cache=cache)
        elif suffix == "html":
            content = html(document).encode()
        else:
            content = (latex(document) if suffix == "tex" else markdown(document)).encode()
            kind = "pdf" if suffix == "tex" else "svg"
            written += [write_whole(folder / asset, data) for asset, data in assets(document, kind).items()]
        written.append(write_whole(folder / f"{name}.{suffix}", content))
    return written


def assets(document: Document, suffix: str) -> dict[str, bytes]:
    """The pictures of a document by file name."""
    return {figure.file(suffix): figure.data[suffix] for figure in figures(document) if suffix in figure.data}


__all__ = ["assets", "bind", "book", "pdf", "report", "write_page"]

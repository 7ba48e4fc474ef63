"""``report`` and ``book``: gather, typeset, write whole files only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from derive.derivation import Derivation
from derive.operation import Operation
from derive.registry import operations as catalog
from derive.reverse import derive
from numeric import Function
from numeric import compile as generate
from reports.document import Document, Figure, Paragraph, Section, figures, paragraph, text
from reports.engines import latex_pdf, make_folder, typst_pdf, write_whole
from reports.errors import ReportError
from reports.html.writer import html
from reports.latex.writer import latex
from reports.markdown.writer import markdown
from reports.page import page, sections
from reports.typst.writer import typst
from verify import verify
from verify.evidence import Evidence, versions

Progress = Callable[..., None]
Judged = Callable[[Evidence], None]  # is told each verdict as it is found
FORMATS = ("pdf", "html", "tex", "md")
ENGINES = ("typst", "latex")
SEED = 2026  # the checks of a report are repeatable: equal input gives equal bytes
CHAPTERS = {
    "activation": "Activation functions",
    "layer": "Layers",
    "loss": "Loss functions",
    "network": "Networks",
    "regulariser": "Regularisers",
    "optimizer": "Optimizers",
}


def report(
    operations: Sequence[Operation],
    out: Path,
    formats: Sequence[str] = FORMATS,
    *,
    evidence: bool = True,
    progress: Progress | None = None,
    judged: Judged | None = None,
) -> list[Path]:
    """Write each operation's page into the folder ``out``, in every format asked for; returns the files written.

    ``pdf`` is made without TeX.  A file is there whole or not at all.  Raises :class:`reports.errors.ReportError` for an
    unknown format or a folder that cannot be written.
    """
    unknown = [each for each in formats if each not in FORMATS]
    if unknown:
        raise ReportError(f"there is no format {unknown[0]!r}; formats: {', '.join(FORMATS)}")
    make_folder(out)
    written: list[Path] = []
    for number, operation in enumerate(operations):
        _say(progress, operation.name, number, len(operations))
        written.extend(write_page(_page(operation, evidence, judged), out, operation.name, formats))
    _say(progress, "done", len(operations), len(operations))
    return written


def book(
    out: Path,
    operations: Sequence[Operation] | None = None,
    engine: str = "typst",
    progress: Progress | None = None,
    *,
    evidence: bool = True,
    judged: Judged | None = None,
) -> Path:
    """Write all operations (default: the whole catalog) as one PDF: title page, contents, chapters, bibliography.

    ``engine`` is ``"typst"``, which needs nothing installed, or ``"latex"``.  Raises :class:`reports.errors.ReportError`
    (an unknown engine, an engine that is not installed, a folder that cannot be written).
    """
    if engine not in ENGINES:
        raise ReportError(f"there is no engine {engine!r}; engines: {', '.join(ENGINES)}")
    chosen = tuple(catalog() if operations is None else operations)
    make_folder(out.parent)
    pages: list[tuple[Operation, tuple[Section, ...]]] = []
    for number, operation in enumerate(chosen):
        _say(progress, operation.name, number, len(chosen))
        pages.append((operation, sections(operation, *_parts(operation, evidence, judged))))
    _say(progress, f"typesetting with {engine}", len(chosen), len(chosen))
    document = bind(pages, evidence)
    write_whole(out, pdf(document, engine))
    return out


def pdf(document: Document, engine: str = "typst") -> bytes:
    """The PDF of a document."""
    if engine == "latex":
        return latex_pdf(latex(document), assets(document, "pdf"))
    return typst_pdf(typst(document), assets(document, "svg"))


def write_page(document: Document, folder: Path, name: str, formats: Iterable[str]) -> list[Path]:
    """One document in several formats; pictures lie beside the formats that cannot hold them."""
    written = []
    for suffix in formats:
        if suffix == "pdf":
            content = pdf(document)
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
    return {f"{figure.name}.{suffix}": figure.data[suffix] for figure in figures(document) if suffix in figure.data}


def bind(pages: Sequence[tuple[Operation, tuple[Section, ...]]], evidence: bool = True) -> Document:
    """Pages as chapters of one book, by category."""
    kinds = dict.fromkeys([*CHAPTERS, *(operation.category for operation, _ in pages)])
    chapters = [_reading()]
    for kind in kinds:
        inside = [
            Section(operation.title or operation.name, _opening(operation), parts, operation.name)
            for operation, parts in pages
            if operation.category == kind
        ]
        if inside:
            chapters.append(Section(CHAPTERS.get(kind, kind.capitalize()), (), tuple(inside), f"chapter-{kind}"))
    chapters.append(_bibliography([operation for operation, _ in pages]))
    found = ", ".join(f"{name} {number}" for name, number in versions().items())
    checks = f"Checks drawn with seed {SEED}." if evidence else "No checks were run for this book."
    return Document(
        "Gradients of neural-network operations",
        tuple(chapters),
        subtitle="derived, verified and typeset by backproof",
        kind="book",
        summary=text(
            f"{len(pages)} operations, each declared as index equations. Every formula is printed from the derivation object that "
            "also generates the code and that the checks evaluate; no derivative was typed in."
        ),
        colophon=(f"Versions: {found}.", checks),
    )


def _opening(operation: Operation) -> tuple[Paragraph, ...]:
    words = operation.summary or operation.interpretation
    return (paragraph(words),) if words else ()


def _reading() -> Section:
    """How to read the pages."""
    return Section(
        "How to read this book",
        (
            paragraph(
                "Tensors are arrays with named indices; an index runs from 0 to its extent less one, and a sum says over which. A "
                "bar over a tensor is the derivative of a scalar by it, of the same shape. Matrix form uses the transpose, the "
                "elementwise product and quotient (a dot and a stroke in a circle), diag(v) for the diagonal matrix of a vector, "
                "and a bold 1 for a vector or array of ones."
            ),
            paragraph(
                "A bracket around a condition is 1 where the condition holds and 0 elsewhere; what it multiplies is then not "
                "looked at. The chain rule writes one bracket for every index by which a tensor is read, and the next lines remove "
                "them by summing."
            ),
            paragraph(
                "Evidence: an independent forward is differentiated by JAX; ball arithmetic encloses the true value of every "
                "gradient element; finite differences and the Taylor remainder need nothing but the forward; where the operation "
                "is a polynomial, fractions decide exactly. A verdict is one of: agrees, wrong formula, wrong convention, "
                "inaccurate, outside the domain, cannot decide."
            ),
        ),
        (),
        "how-to-read",
    )


def _bibliography(operations: Sequence[Operation]) -> Section:
    """Every source once, with the operations that cite it."""
    from reports.document import Items

    cited: dict[str, list[str]] = {}
    for operation in operations:
        for source in filter(None, (part.strip() for part in operation.source.split(";"))):
            cited.setdefault(source, []).append(operation.title or operation.name)
    items = tuple(text(f"{source}. ({'; '.join(users)})") for source, users in sorted(cited.items()))
    return Section("Bibliography", (Items(items),) if items else (), (), "bibliography")


def _page(operation: Operation, evidence: bool, judged: Judged | None = None) -> Document:
    return page(operation, *_parts(operation, evidence, judged))


def _parts(
    operation: Operation, evidence: bool, judged: Judged | None = None
) -> tuple[Derivation, Evidence | None, Function]:
    derivation = derive(operation)
    function = generate(derivation)
    found = verify(operation, seed=SEED) if evidence else None
    if found is not None and judged is not None:
        judged(found)
    return derivation, found, function


def _say(progress: Progress | None, what: str, done: int, total: int) -> None:
    if progress is not None:
        progress(what, done, total)


__all__ = ["Figure", "assets", "bind", "book", "pdf", "report", "write_page"]

"""Pages bound into a book: notation, chapters, index, references, colophon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reports.binding.back import Bibliography, colophon, index
from reports.binding.chapters import chapters
from reports.binding.front import front
from reports.binding.pages import Page
from reports.document import Document, Figure, text

COMMAND = "backproof book --out book.pdf"


def bind(
    pages: Sequence[Page],
    *,
    evidence: bool = True,
    command: str = COMMAND,
    engine: str = "typst",
    together: Mapping[str, Figure] | None = None,
) -> Document:
    """Pages as one book.

    ``command`` is what makes it again, ``engine`` what typesets it, ``together`` the pictures of
    :func:`reports.binding.compared.compared`.
    """
    operations = [page.operation for page in pages]
    works = Bibliography(operations)
    return Document(
        "Gradients of neural-network operations",
        (
            *front(operations, evidence),
            *chapters(pages, works.cited(), together or {}),
            index(operations),
            works.section(),
            colophon(pages, evidence, command, engine),
        ),
        subtitle="derived, verified and typeset by backproof",
        kind="book",
        summary=text(
            f"{len(pages)} operation{'s' if len(pages) != 1 else ''}, each declared as index equations. Every formula is printed "
            "from the derivation object that also generates the code and that the checks evaluate; no derivative was typed in."
        ),
    )

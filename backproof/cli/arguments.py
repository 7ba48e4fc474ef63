"""The arguments that several commands share, and what they mean."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backproof.cli.failures import BadInput

if TYPE_CHECKING:
    from derive.operation import Operation

Subject = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE.eqs", help="An operation of the catalog, or a file that declares one (- for stdin)."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Of = Annotated[
    list[str] | None,
    typer.Option("--of", metavar="L", help="Outputs to differentiate (default: all); repeat, or use commas."),
]
Wrt = Annotated[
    list[str] | None,
    typer.Option(
        "--wrt", metavar="W", help="Inputs to differentiate by (default: every parameter); repeat, or use commas."
    ),
]


class Layout(StrEnum):
    """Where samples stand in a matrix."""

    ROWS = "rows"
    COLUMNS = "columns"


class Engine(StrEnum):
    """What makes the PDF."""

    TYPST = "typst"
    LATEX = "latex"


Engined = Annotated[Engine, typer.Option("--engine", help="typst needs nothing installed; latex needs latexmk.")]
FORMATS = ("tex", "pdf", "html", "md")  # those of reports, which are loaded when one is written

# Much more than any declaration needs; the language has a tighter limit of its own.
MAX_BYTES = 20_000_000


def names(given: list[str] | None) -> tuple[str, ...] | None:
    """Repeated and comma-separated names as one tuple; None where the option was not given.

    >>> names(["W,b", "X"])
    ('W', 'b', 'X')
    """
    if not given:
        return None
    parts = tuple(part.strip() for text in given for part in text.split(",") if part.strip())
    if not parts:
        raise BadInput("an option that takes names was given an empty one; write for example --wrt W")
    return parts


def is_file(subject: str) -> bool:
    """Whether an argument means a file and not a name of the catalog.

    >>> is_file("dense"), is_file("./dense.eqs"), is_file("-")
    (False, True, True)
    """
    return subject == "-" or subject.endswith(".eqs") or "/" in subject or "\\" in subject


def operation(subject: str) -> Operation:
    """The operation that an argument names, from the catalog, a file, or standard input."""
    from backproof import front

    if not is_file(subject):
        if not subject.partition(":")[0].isidentifier():
            raise BadInput(
                f"{subject!r} is neither a name of the catalog (backproof list) nor a file; a declaration is read "
                "from a file that ends in .eqs, or from standard input (-)"
            )
        return front.operation(subject)
    try:
        if subject == "-":
            text, name = sys.stdin.buffer.read(MAX_BYTES).decode("utf-8"), "stdin"
        else:
            path = Path(subject)
            with path.open("rb") as file:
                text, name = file.read(MAX_BYTES).decode("utf-8"), re.sub(r"\W", "_", path.stem)
        from derive.registry import declare

        return declare(text, name=name if name.isidentifier() else "operation")
    except Exception as error:
        if not isinstance(error, OSError):
            error.add_note(subject)
        raise


def operations(subjects: list[str] | None) -> list[Operation]:
    """The operations that some arguments name; the whole catalog where there are none."""
    if subjects:
        return [operation(subject) for subject in subjects]
    from derive.registry import get
    from derive.registry import operations as catalog

    return [get(each) if isinstance(each, str) else each for each in catalog()]

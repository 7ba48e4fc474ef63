"""``backproof report NAME... --out DIR`` and ``backproof book --out FILE.pdf``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backproof.cli import DISAGREES
from backproof.cli.arguments import Json, Layout, operations
from backproof.cli.console import emit, progress
from backproof.cli.failures import BadInput

if TYPE_CHECKING:
    from verify import Evidence

FORMATS = ("tex", "pdf", "html", "md")


class Detail(StrEnum):
    """How much of a derivation is shown."""

    BRIEF = "brief"
    LECTURE = "lecture"
    FULL = "full"


Detailed = Annotated[
    Detail,
    typer.Option("--detail", help="The result alone, the derivation as a lecturer writes it, or every recorded step."),
]
LaidOut = Annotated[Layout, typer.Option("--layout", help="Whether the rows or the columns of a matrix are samples.")]


class Engine(StrEnum):
    """What makes the PDF."""

    TYPST = "typst"
    LATEX = "latex"


def report(
    subjects: Annotated[list[str], typer.Argument(metavar="NAME|FILE.eqs...", help="What to report on.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write into; it is made.")],
    formats: Annotated[str, typer.Option("--formats", help="Any of tex,pdf,html,md.")] = ",".join(FORMATS),
    detail: Detailed = Detail.LECTURE,
    layout: LaidOut = Layout.ROWS,
    json: Json = False,
) -> None:
    """Write the pages of some operations: derivation, code and evidence."""
    wanted = parse_formats(formats)
    found = operations(subjects)
    writable(out)
    from reports import report as write

    doubtful: list[Evidence] = []
    with progress("reporting", len(found)) as advance:
        judged = _keep_doubtful(doubtful)
        files = write(found, out, wanted, progress=advance, judged=judged, detail=detail.value, layout=layout.value)
    _say(files, json)
    _end(doubtful)


def book(
    out: Annotated[Path, typer.Option("--out", metavar="FILE.pdf", help="The PDF to write.")],
    subjects: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME|FILE.eqs]...", help="What goes in (default: the whole catalog)."),
    ] = None,
    engine: Annotated[
        Engine, typer.Option("--engine", help="typst needs nothing installed; latex needs latexmk.")
    ] = Engine.TYPST,
    detail: Detailed = Detail.LECTURE,
    layout: LaidOut = Layout.ROWS,
    json: Json = False,
) -> None:
    """Derive, verify and typeset every operation into one PDF."""
    if out.suffix != ".pdf":
        raise BadInput(f"--out takes the name of a PDF file, got {str(out)!r}; write for example --out book.pdf")
    if out.is_dir():
        raise BadInput(f"--out {out} is a folder; name a file in it, for example --out {out / 'book.pdf'}")
    found = operations(subjects)
    writable(out.parent)
    from reports import book as write

    doubtful: list[Evidence] = []
    with progress("book", len(found)) as advance:
        judged = _keep_doubtful(doubtful)
        write(out, found, engine.value, progress=advance, judged=judged, detail=detail.value, layout=layout.value)
    _say([out], json)
    _end(doubtful)


def parse_formats(text: str) -> tuple[str, ...]:
    """``tex,pdf`` as a tuple of formats."""
    wanted = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [each for each in wanted if each not in FORMATS]
    if unknown or not wanted:
        raise BadInput(f"--formats takes any of {', '.join(FORMATS)}, with commas; got {text!r}")
    return wanted


def writable(folder: Path) -> None:
    """Make the folder and try it, before minutes of work go into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInput(f"cannot write into the folder {folder}: {error.strerror}; choose another with --out") from None


def _keep_doubtful(doubtful: list[Evidence]) -> Callable[[Evidence], None]:
    """Collect the evidence whose verdict is not *agrees*."""

    def judged(evidence: Evidence) -> None:
        if not evidence.ok:
            doubtful.append(evidence)

    return judged


def _end(doubtful: list[Evidence]) -> None:
    """The pages are written and show the verdicts; the exit status says it too."""
    for evidence in doubtful:
        typer.echo(f"{evidence.operation}: {evidence.verdict}; see: backproof verify {evidence.operation}", err=True)
    if doubtful:
        raise typer.Exit(DISAGREES)


def _say(files: list[Path], json: bool) -> None:
    if json:
        emit([str(file) for file in files])
    else:
        for file in files:
            typer.echo(str(file))

"""``backproof report NAME... --out DIR`` and ``backproof book --out FILE.pdf``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backproof.cli import DISAGREES
from backproof.cli.arguments import FORMATS, Engine, Engined, Json, Layout, operations
from backproof.cli.console import Advance, emit, progress
from backproof.cli.failures import BadInput, Interrupted

if TYPE_CHECKING:
    from reports import Page
    from reports.binding.cache import Cache


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


Jobs = Annotated[int, typer.Option("--jobs", metavar="N", help="Processes (-1: one for each processor).")]
Kept = Annotated[
    Path | None,
    typer.Option("--cache", metavar="DIR", help="Where finished pages are kept (default: the user's cache folder)."),
]
NotKept = Annotated[bool, typer.Option("--no-cache", help="Make every page anew, and keep none.")]


def report(
    subjects: Annotated[list[str], typer.Argument(metavar="NAME|FILE.eqs...", help="What to report on.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write into; it is made.")],
    formats: Annotated[str, typer.Option("--formats", help="Any of tex,pdf,html,md.")] = ",".join(FORMATS),
    detail: Detailed = Detail.LECTURE,
    layout: LaidOut = Layout.ROWS,
    jobs: Jobs = -1,
    cache: Kept = None,
    no_cache: NotKept = False,
    json: Json = False,
) -> None:
    """Write the pages of some operations: derivation, code and evidence."""
    wanted = parse_formats(formats)
    found = operations(subjects)
    writable(out)
    kept = cache_of(cache, no_cache)
    from reports import report as write

    made = Made()
    with progress("reporting", len(found)) as advance, _interruptible(made, out, kept):
        files = write(
            found, out, wanted, jobs=jobs, cache=kept, progress=made.told(advance), judged=made.keep_doubtful,
            detail=detail.value, layout=layout.value,
        )  # fmt: skip
    say(files, json)
    end(made, kept)


def book(
    out: Annotated[Path, typer.Option("--out", metavar="FILE.pdf", help="The PDF to write.")],
    subjects: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME|FILE.eqs]...", help="What goes in (default: the whole catalog)."),
    ] = None,
    engine: Engined = Engine.TYPST,
    detail: Detailed = Detail.LECTURE,
    layout: LaidOut = Layout.ROWS,
    bibtex: Annotated[
        Path | None, typer.Option("--bibtex", metavar="FILE.bib", help="Write the references as BibTeX, too.")
    ] = None,
    jobs: Jobs = -1,
    cache: Kept = None,
    no_cache: NotKept = False,
    json: Json = False,
) -> None:
    """Derive, verify and typeset every operation into one PDF."""
    _names_file("--out", out, ".pdf", "book.pdf")
    if bibtex is not None:
        _names_file("--bibtex", bibtex, ".bib", "book.bib")
        writable(bibtex.parent, "--bibtex")
    found = operations(subjects)
    writable(out.parent)
    kept = cache_of(cache, no_cache)
    from reports import book as write

    made = Made()
    with progress("book", len(found)) as advance, _interruptible(made, out, kept):
        write(
            out, found, engine=engine.value, references=bibtex, jobs=jobs, cache=kept, progress=made.told(advance),
            judged=made.keep_doubtful, detail=detail.value, layout=layout.value,
        )  # fmt: skip
    say([out, *([bibtex] if bibtex is not None else [])], json)
    end(made, kept)


class Made:
    """How far the work has come, and the pages whose verdict is not *agrees*."""

    def __init__(self) -> None:
        self.what = ""
        self.done = 0
        self.doubtful: list[Page] = []

    def told(self, advance: Advance) -> Advance:
        """Progress that is also remembered here."""

        def both(what: str, done: int | None = None, total: int | None = None) -> None:
            self.what, self.done = what, self.done if done is None else done
            advance(what, done, total)

        return both

    def keep_doubtful(self, page: Page) -> None:
        """Collect the pages whose verdict speaks against an operation."""
        if not page.ok:
            self.doubtful.append(page)


@contextmanager
def _interruptible(made: Made, out: Path, kept: Cache) -> Iterator[None]:
    """Say in one line what an interrupt stopped, and what is there."""
    try:
        yield
    except KeyboardInterrupt as stop:
        where = made.what if made.what.startswith("typesetting") else f"{made.done} pages were made"
        rest = "what was finished is kept, and the same command goes on from there" if kept.folder else "say it again"
        there = (
            f"{out} is as it was"
            if out.is_file()
            else f"{out} was not written"
            if out.suffix
            else "no file is half-written"
        )
        raise Interrupted(f"interrupted ({where}): {there}; {rest}", stop) from None


def cache_of(folder: Path | None, unwanted: bool) -> Cache:
    """The cache that ``--cache`` and ``--no-cache`` ask for."""
    from reports.binding.cache import Cache, default_folder

    if unwanted and folder is not None:
        raise BadInput(f"--no-cache keeps nothing, and --cache {folder} says where; leave one of them out")
    return Cache(None if unwanted else folder or default_folder())


def _names_file(option: str, file: Path, suffix: str, example: str) -> None:
    kind = suffix.removeprefix(".").upper() if suffix == ".pdf" else "BibTeX"
    if file.suffix != suffix:
        raise BadInput(
            f"{option} takes the name of a {kind} file, got {str(file)!r}; write for example {option} {example}"
        )
    if file.is_dir():
        raise BadInput(f"{option} {file} is a folder; name a file in it, for example {option} {file / example}")


def parse_formats(text: str) -> tuple[str, ...]:
    """``tex,pdf`` as a tuple of formats."""
    wanted = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [each for each in wanted if each not in FORMATS]
    if unknown or not wanted:
        raise BadInput(f"--formats takes any of {', '.join(FORMATS)}, with commas; got {text!r}")
    return wanted


def writable(folder: Path, option: str = "--out") -> None:
    """Try the folder, or the one it would be made in, before minutes of work go into it; nothing is left there."""
    try:
        there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise BadInput(
            f"cannot write into the folder {folder}: {error.strerror}; choose another with {option}"
        ) from None


def end(made: Made, kept: Cache) -> None:
    """The pages are written and show the verdicts; the exit status says it too."""
    from derive.registry import subject

    if kept.problem:
        typer.echo(kept.problem, err=True)
    for page in made.doubtful:
        again = f"backproof verify {subject(page.operation)}"
        typer.echo(f"{page.operation.name}: {page.verdict}; see: {again}", err=True)
    if made.doubtful:
        raise typer.Exit(DISAGREES)


def say(files: list[Path], json: bool) -> None:
    """Tell which files were written."""
    if json:
        emit([str(file) for file in files])
    else:
        for file in files:
            typer.echo(str(file))

"""What is printed: answers to standard output, progress to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import typer

from backproof.cli import DISAGREES


class Answer(Protocol):
    """What a command found out."""

    @property
    def ok(self) -> bool: ...

    def to_dict(self) -> dict[str, Any]: ...


class Advance(Protocol):
    """Say what is done now; ``total`` may become known late."""

    def __call__(self, what: str, done: int | None = None, total: int | None = None) -> None: ...


def emit(value: Any) -> None:
    """Print a value as JSON (UTF-8, sorted only where it was); infinity and NaN as strings."""
    from derive.plain import plain

    print(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def conclude(answer: Answer, json: bool) -> None:
    """Print an answer, and end with status 1 unless it is that everything agrees."""
    if json:
        emit(answer.to_dict())
    else:
        typer.echo(str(answer))
    if not answer.ok:
        raise typer.Exit(DISAGREES)


def source(text: str, language: str) -> None:
    """Print program text: coloured for a person, bare for a pipe."""
    if not sys.stdout.isatty():
        print(text.rstrip("\n"))
        return
    from rich.console import Console
    from rich.syntax import Syntax

    Console().print(Syntax(text.rstrip("\n"), language, theme="ansi_dark", background_color="default", word_wrap=True))


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Advance]:
    """A progress bar on standard error, for a person only; a no-op in a pipe."""
    if not sys.stderr.isatty():
        yield lambda what, done=None, total=None: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)

        def advance(what: str, done: int | None = None, total: int | None = None) -> None:
            bar.update(task, description=f"{title} {what}", total=total)
            if done is not None:
                bar.update(task, completed=done)

        yield advance

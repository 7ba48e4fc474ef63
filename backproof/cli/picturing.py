"""``backproof picture NAME [KIND] --out FILE``: one picture of an operation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backproof.cli.arguments import Json, Subject, operation
from backproof.cli.console import emit
from backproof.cli.failures import BadInput

if TYPE_CHECKING:
    from reports.document import Figure

SUFFIXES = (".svg", ".pdf", ".png")


def picture(
    subject: Subject,
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="What to draw; without it, the kinds that apply are listed.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.svg|FILE.pdf|FILE.png", help="The file to write.")
    ] = None,
    json: Json = False,
) -> None:
    """Draw one picture of an operation: its function, graph, path, accuracy, ... and print its caption."""
    if kind is not None and out is None:
        raise BadInput(
            f"picture needs a file to write; for example: backproof picture {subject} {kind} --out {kind}.svg"
        )
    if out is not None:
        check_file(out, "--out")
    found = operation(subject)
    from reports import pictures

    if kind is None:
        known = pictures.kinds(found)
        if out is not None:
            raise BadInput(f"picture needs a kind to draw of {found.name}: {', '.join(known) or 'there is none'}")
        if json:
            emit(dict(known))
        else:
            width = max(map(len, known), default=0)
            typer.echo("\n".join(f"{name:<{width}}  {what}" for name, what in known.items()))
        return
    assert out is not None
    figure = pictures.picture(found, kind)
    draw(figure, out)
    if json:
        emit({"file": str(out), "caption": figure.caption, "description": figure.description})
    else:
        typer.echo(f"{out}: {figure.caption}")


def check_file(out: Path, option: str) -> None:
    """Reject the name of a picture that cannot be written, before anything is measured for it."""
    if out.suffix not in SUFFIXES:
        raise BadInput(
            f"{option} takes the name of an SVG, PDF or PNG file, got {str(out)!r}; write for example picture.svg"
        )
    if not out.parent.is_dir():
        raise BadInput(f"{option} {out}: there is no folder {out.parent}; make it first, or choose another")
    if out.is_dir():
        raise BadInput(f"{option} {out} is a folder; name a file in it, for example {out / 'picture.svg'}")


def draw(figure: Figure, out: Path) -> None:
    """Write a picture in the format that its file name asks for; whole or not at all."""
    from reports.engines import write_whole

    write_whole(out, figure.data[out.suffix[1:]])

"""``backproof example NAME --inputs FILE.toml``: numbers plugged in, forward, backward, and one update."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backproof.cli import DISAGREES
from backproof.cli.arguments import FORMATS, Json, Subject, names, operation
from backproof.cli.console import emit, progress
from backproof.cli.failures import BadInput
from backproof.cli.reporting import parse_formats, writable


def example(
    subject: Subject,
    inputs: Annotated[
        str,
        typer.Option(
            "--inputs",
            metavar="FILE.toml|NAME",
            help="[inputs] with one array for each input; also [cotangents], [layouts], [format], [update], [[printed]]. "
            "Or the name of an example that comes with the project: article_b.",
        ),
    ],
    digits: Annotated[int | None, typer.Option("--digits", metavar="N", help="Significant digits (default 5).")] = None,
    decimals: Annotated[int | None, typer.Option("--decimals", metavar="N", help="Digits behind the point.")] = None,
    update: Annotated[
        str | None, typer.Option("--update", metavar="RULE", help="An optimizer of the catalog: one step with it.")
    ] = None,
    rate: Annotated[str | None, typer.Option("--rate", metavar="ALPHA", help="Its learning rate.")] = None,
    wrt: Annotated[
        list[str] | None,
        typer.Option("--wrt", metavar="W", help="What is updated (default: inputs without the axis of samples)."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write it as a report too.")] = None,
    formats: Annotated[str, typer.Option("--formats", help="Any of tex,pdf,html,md.")] = ",".join(FORMATS),
    json: Json = False,
) -> None:
    """Plug numbers into an operation: every intermediate, forward and backward, with every printed digit right.

    Numbers are computed in ball arithmetic and rounded correctly; what the generated NumPy gives stands beside them. Where the file
    says what a source prints ([[printed]] with what = "A2", value = 0.522), it is compared. Exit 1 where NumPy disagrees.
    """
    wanted = parse_formats(formats)
    if digits is not None and decimals is not None:
        raise BadInput("--digits counts significant digits, --decimals those behind the point; give one of the two")
    found = operation(subject)
    rule = None if update is None else operation(update)
    if out is not None:
        writable(out)
    from reports.worked import work
    from reports.worked.paper import write
    from reports.worked.reading import rounding

    asked = None if digits is None and decimals is None else rounding(digits, decimals)
    with progress("working", 1):
        worked = work(found, inputs, rounding=asked, update=rule, rate=rate, parameters=names(wrt))
    files = [] if out is None else write(worked, out, wanted)
    if json:
        emit({**worked.to_dict(), "files": [str(file) for file in files]})
    else:
        typer.echo(str(worked))
        for file in files:
            typer.echo(str(file))
    if not worked.ok:
        raise typer.Exit(DISAGREES)

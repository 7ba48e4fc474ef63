"""``backproof audit CLAIMS.toml --out audit.pdf``: a list of claims, each judged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backproof.cli import DISAGREES
from backproof.cli.arguments import FORMATS, Engine, Engined, Json, names
from backproof.cli.console import emit, progress
from backproof.cli.failures import BadInput

SUFFIXES = tuple(f".{each}" for each in FORMATS)


def audit(
    claims: Annotated[
        str | None,
        typer.Argument(
            metavar="CLAIMS.toml|NAME",
            help="A file of claims, or the name of one that comes with the project: articles.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write a report: .pdf, .html, .tex or .md.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--claim", metavar="ID", help="Judge these claims only; repeat, or use commas.")
    ] = None,
    engine: Engined = Engine.TYPST,
    template: Annotated[
        bool, typer.Option("--template", help="Print a first file of claims, with every kind.")
    ] = False,
    json: Json = False,
) -> None:
    """Judge claims: holds, holds if ..., does not hold, cannot decide; with the correction or a counterexample.

    A claim is a formula, a number with its rounding, a shape, a bound, a limit, a cost, a stable learning rate; --template prints a
    file that shows and explains them all. Exit status 1 unless every claim holds as it stands.
    """
    if template:
        from verify.audit.template import template as first

        print(first(), end="")
        return
    if claims is None:
        raise BadInput("name a file of claims, or articles; --template prints a first one")
    if out is not None and out.suffix not in SUFFIXES:
        raise BadInput(f"--out takes a file that ends in {', '.join(SUFFIXES)}; got {str(out)!r}")
    if out is not None and out.is_dir():
        raise BadInput(f"--out {out} is a folder; name a file in it, for example --out {out / 'audit.pdf'}")
    from verify.audit import audit as judge
    from verify.audit import load

    found = load(claims)
    if out is not None:
        from backproof.cli.reporting import writable

        writable(out.parent)
    with progress("auditing") as advance:
        judged = judge(found, names(only) or (), progress=advance)
    if out is not None:
        from reports.audit import write

        write(judged, out, engine.value)
    if json:
        emit({**judged.to_dict(), "file": None if out is None else str(out)})
    elif out is None:
        typer.echo(str(judged))
    else:
        for each in judged.judged:
            right = "; ".join(f.correction for f in each.found if f.correction and not f.conditions)
            typer.echo(f"{each.claim.id:<8}  {each.words}{': ' + right if right else ''}")
        typer.echo(str(out))
    if not judged.ok:
        raise typer.Exit(DISAGREES)

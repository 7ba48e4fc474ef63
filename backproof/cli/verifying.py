"""``backproof verify [NAME...]``: every witness, every stratum, one verdict for each operation."""

from __future__ import annotations

import time
from dataclasses import replace
from textwrap import indent
from typing import TYPE_CHECKING, Annotated

import typer

from backproof.cli import DISAGREES
from backproof.cli.arguments import Json, Wrt, names, operations
from backproof.cli.console import emit, progress

if TYPE_CHECKING:
    from verify import Evidence


def verify(
    subjects: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME|FILE.eqs]...", help="What to verify (default: the whole catalog)."),
    ] = None,
    wrt: Wrt = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Repeat a run (default: fresh; it is printed).")] = None,
    details: Annotated[bool, typer.Option("--details", help="Print every row of the evidence.")] = False,
    json: Json = False,
) -> None:
    """Check derived gradients against independent witnesses; exit 1 unless every verdict is "agrees"."""
    found = operations(subjects)
    from verify import verify as judge

    width = max(len(each.name) for each in found)
    all_evidence: list[Evidence] = []
    with progress("verifying", len(found)) as advance:
        for done, each in enumerate(found):
            advance(each.name, done, len(found))
            started = time.perf_counter()
            evidence = judge(each, wrt=names(wrt), seed=seed)
            all_evidence.append(evidence)
            if not json:
                typer.echo(_line(evidence, each.name.ljust(width), time.perf_counter() - started))
                if details:
                    typer.echo(indent(str(evidence), "    "))
                elif not evidence.ok:
                    # Only what speaks against it: the rows and steps that do not agree.
                    faults = replace(
                        evidence, rows=evidence.faults, steps=tuple(step for step in evidence.steps if not step.ok)
                    )
                    typer.echo(indent(str(faults), "    "))
    agreed = sum(evidence.ok for evidence in all_evidence)
    if json:
        emit([evidence.to_dict() for evidence in all_evidence])
    else:
        typer.echo(f"{agreed} of {len(all_evidence)} operations agree with every witness")
    if agreed < len(all_evidence):
        raise typer.Exit(DISAGREES)


def _line(evidence: Evidence, name: str, seconds: float) -> str:
    witnesses = len({row.witness for row in evidence.rows})
    counts = f"{len(evidence.rows)} checks, {witnesses} witnesses, {len(evidence.steps)} steps"
    if not evidence.referenced:
        counts += ", no reference"
    if evidence.not_checked:
        counts += f", {len(evidence.not_checked)} not checked"
    return f"{name}  {evidence.verdict}  {counts}, {seconds:.1f} s, seed {evidence.seed}"

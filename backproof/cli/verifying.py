"""``backproof verify [NAME...]``: every witness, every stratum, one verdict for each operation."""

from __future__ import annotations

import time
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
                if details or not evidence.ok:
                    _print_rows(evidence, details)
    agreed = sum(evidence.ok for evidence in all_evidence)
    if json:
        emit([evidence.to_json() for evidence in all_evidence])
    else:
        typer.echo(f"{agreed} of {len(all_evidence)} operations agree with every witness")
    if agreed < len(all_evidence):
        raise typer.Exit(DISAGREES)


def _line(evidence: Evidence, name: str, seconds: float) -> str:
    witnesses = len({row.witness for row in evidence.rows})
    counts = f"{len(evidence.rows)} checks, {witnesses} witnesses, {len(evidence.steps)} steps"
    return f"{name}  {evidence.verdict}  {counts}, {seconds:.1f} s"


def _print_rows(evidence: Evidence, everything: bool) -> None:
    for row in evidence.rows:
        if everything or str(row.verdict) != "agrees":
            what = f"{row.witness}, {row.argument}, {row.stratum}, {row.dtype}: {row.verdict}"
            size = f"error {_number(row.error)}, bound {_number(row.bound)}, {row.points} points, seed {row.seed}"
            typer.echo(f"    {what} ({size}) {row.note}".rstrip())
    for number, check in enumerate(evidence.steps, 1):
        if everything or str(check.verdict) != "agrees":
            typer.echo(
                f"    step {number} ({check.step.rule}, {check.step.target}): {check.verdict} {check.detail}".rstrip()
            )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2g}"

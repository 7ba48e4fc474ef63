"""``backproof verify [NAME...]``: every witness, every stratum, one verdict for each operation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Annotated

import typer

from backproof.cli import DISAGREES, campaigning
from backproof.cli.arguments import Json, Wrt, names, operations
from backproof.cli.console import emit, progress
from backproof.cli.failures import BadInput

if TYPE_CHECKING:
    from verify import Evidence


def verify(
    subjects: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME|FILE.eqs]...", help="What to verify (default: the whole catalog)."),
    ] = None,
    wrt: Wrt = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Repeat a run (default: fresh; it is printed).")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole catalog, said aloud.")] = False,
    stratum: Annotated[
        list[str] | None,
        typer.Option("--stratum", metavar="NAME", help="Strata of inputs (default: all); repeat, or use commas."),
    ] = None,
    cases: Annotated[
        str | None,
        typer.Option("--cases", metavar="N", help="A campaign: N random cases in all (1e6) against JAX, in batches."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", help="Processes (default: 1; -1: one for each processor).")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option("--log", metavar="FILE", help="Campaign: a JSON lines log; an interrupted run continues from it."),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option("--dask", metavar="ADDRESS", help="Campaign: a Dask scheduler, such as tcp://host:8786."),
    ] = None,
    details: Annotated[bool, typer.Option("--details", help="Print every row of the evidence.")] = False,
    json: Json = False,
) -> None:
    """Check derived gradients against independent witnesses; exit 1 unless every verdict is "agrees"."""
    if everything and subjects:
        raise BadInput(f"--all is the whole catalog; got {subjects[0]} beside it; leave one of them out")
    found = operations(subjects)
    strata = names(stratum)
    if cases is not None:
        if details:
            raise BadInput("--details prints the evidence of single checks, and a campaign has none; leave it out")
        processes = 1 if jobs is None else jobs
        campaigning.run(
            found, cases, jobs=processes, seed=seed, log=log, dask=dask, strata=strata, wrt=names(wrt), json=json
        )
        return
    for option, value in (("--log", log), ("--dask", dask)):
        if value is not None:
            raise BadInput(f"{option} belongs to a campaign; say how many cases it has, for example --cases 1e6")
    if strata is not None:
        from verify.campaign.plan import check_strata

        check_strata(strata, found)
    from verify.many import verify_many

    width = max(len(each.name) for each in found)
    all_evidence: list[Evidence] = []
    with progress("verifying", len(found)) as advance:
        every = verify_many(found, jobs=1 if jobs is None else jobs, wrt=names(wrt), seed=seed, strata=strata)
        advance(found[0].name, 0, len(found))
        for done, (each, (evidence, seconds)) in enumerate(zip(found, every, strict=True), 1):
            advance(found[min(done, len(found) - 1)].name, done, len(found))
            all_evidence.append(evidence)
            if not json:
                typer.echo(_line(evidence, each.name.ljust(width), seconds))
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

"""``backproof site --out DIR [NAME...]``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backproof.cli.arguments import Json, operations
from backproof.cli.console import progress
from backproof.cli.reporting import Jobs, Kept, Made, NotKept, cache_of, end, say


def site(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="The folder of the site; an earlier site there is replaced.")
    ],
    subjects: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME|FILE.eqs]...", help="What goes in (default: the whole catalog)."),
    ] = None,
    evidence: Annotated[
        bool, typer.Option("--evidence/--no-evidence", help="Whether every operation is verified for its page.")
    ] = True,
    jobs: Jobs = -1,
    cache: Kept = None,
    no_cache: NotKept = False,
    json: Json = False,
) -> None:
    """Derive, verify and write every operation as a static site with search, that needs no server and no network."""
    found = operations(subjects)
    kept = cache_of(cache, no_cache)
    from reports.site import site as write

    made = Made()
    try:
        with progress("site", len(found)) as advance:
            front = write(
                out, found, evidence=evidence, jobs=jobs, cache=kept, progress=advance, judged=made.keep_doubtful
            )
    except KeyboardInterrupt:
        typer.echo(f"backproof: interrupted; {out} is as it was before", err=True)
        raise
    say([front], json)
    end(made, kept)

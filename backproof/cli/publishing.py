"""``backproof site --out DIR [NAME...]``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backproof.cli import DISAGREES
from backproof.cli.arguments import Json, operations
from backproof.cli.console import emit, progress

if TYPE_CHECKING:
    from reports import Page


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
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", help="Processes (-1: one for each processor).")] = -1,
    cache: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Whether pages whose content is unchanged are taken as they are.")
    ] = True,
    json: Json = False,
) -> None:
    """Derive, verify and write every operation as a static site with search, that needs no server and no network."""
    found = operations(subjects)
    from reports.binding.cache import default_folder
    from reports.site import site as write

    doubtful: list[Page] = []
    kept = default_folder() if cache else None
    try:
        with progress("site", len(found)) as advance:
            front = write(
                out, found, evidence=evidence, jobs=jobs, cache=kept, progress=advance,
                judged=lambda page: None if page.ok else doubtful.append(page),
            )  # fmt: skip
    except KeyboardInterrupt:
        typer.echo(f"backproof: interrupted; {out} is as it was before", err=True)
        raise
    if json:
        emit([str(front)])
    else:
        typer.echo(str(front))
    for page in doubtful:
        name = page.operation.name
        typer.echo(f"{name}: {page.verdict}; see: backproof verify {name}", err=True)
    if doubtful:
        raise typer.Exit(DISAGREES)

"""``backproof vectors NAME --out DIR``: golden values for implementations in any language."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backproof.cli.arguments import Json, Subject, names, operations
from backproof.cli.console import emit, progress


def vectors(
    subject: Subject,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="The directory to write; it must not be there yet.")
    ],
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--formats", metavar="F", help="npz, json, safetensors (default: npz,json); repeat, or use commas."
        ),
    ] = None,
    dtypes: Annotated[
        list[str] | None,
        typer.Option("--dtypes", metavar="T", help="float64, float32, bfloat16 (default: all); repeat, or use commas."),
    ] = None,
    stratum: Annotated[
        list[str] | None,
        typer.Option("--stratum", metavar="NAME", help="Strata of inputs (default: all); repeat, or use commas."),
    ] = None,
    cases: Annotated[int, typer.Option("--cases", min=1, help="Points in each stratum.")] = 1,
    seed: Annotated[
        int | None, typer.Option("--seed", help="The same seed gives the same files (default: fresh).")
    ] = None,
    json: Json = False,
) -> None:
    """Write inputs of every stratum with outputs and gradients that are the nearest numbers to the true ones."""
    (operation,) = operations([subject])
    from verify.campaign.plan import check_strata
    from verify.vectors import write_vectors
    from verify.vectors.writing import DTYPES

    strata = names(stratum)
    if strata is not None:
        check_strata(strata, [operation])
    with progress("writing", 1):
        files = write_vectors(
            operation,
            out,
            forms=names(formats) or ("npz", "json"),
            dtypes=names(dtypes) or DTYPES,
            strata=strata,
            cases=cases,
            seed=seed,
        )
    if json:
        emit([str(file) for file in files])
    else:
        typer.echo(f"{out}: {len(files)} files; README.md says what they hold, manifest.json their checksums")

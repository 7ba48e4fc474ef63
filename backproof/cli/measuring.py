"""``backproof accuracy NAME``: the errors of generated gradients over the whole range of a float type."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backproof.cli.arguments import Json, Subject, operation
from backproof.cli.console import emit, progress
from backproof.cli.picturing import check_file, draw

if TYPE_CHECKING:
    from verify.accuracy import Accuracy, Errors


class Precision(StrEnum):
    """The float types that are measured."""

    FLOAT64 = "float64"
    FLOAT32 = "float32"


def accuracy(
    subject: Subject,
    dtype: Annotated[list[Precision] | None, typer.Option("--dtype", help="Default: both; repeat.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Repeat a run (default: fresh; it is printed).")] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.svg|FILE.pdf|FILE.png", help="Draw the errors as well.")
    ] = None,
    json: Json = False,
) -> None:
    """Measure gradients in ULP against rigorous enclosures, over the whole float range, with JAX's and PyTorch's beside them."""
    if plot is not None:
        check_file(plot, "--plot")
    found = operation(subject)
    from verify.accuracy import accuracy as measure

    kinds = [kind.value for kind in dtype or list(Precision)]
    results: list[Accuracy] = []
    with progress("measuring", len(kinds)) as advance:
        for done, kind in enumerate(kinds):
            advance(kind, done, len(kinds))
            results.append(measure(found, dtype=kind, seed=seed if not results else results[0].seed))
    if json:
        emit([result.to_dict() for result in results])
    else:
        typer.echo("\n\n".join(_table(result) for result in results))
    if plot is not None:
        from reports.pictures import accuracy_figure

        figure = accuracy_figure(results)
        assert figure is not None  # a measurement has bands
        draw(figure, plot)
        typer.echo(str(plot), err=json)


def _table(result: Accuracy) -> str:
    """Largest errors by band: ULP, and in brackets ULP over the condition number."""
    header = ["|input| from", "elements", *result.implementations]
    rows = [
        [f"2^{band.exponent}", str(band.points), *(_cell(band.errors[who]) for who in result.implementations)]
        for band in result.bands
    ]
    rows.append(["worst", "", *(_cell(result.worst(who)) for who in result.implementations)])
    widths = [max(len(line[k]) for line in [header, *rows]) for k in range(len(header))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in [header, *rows]]
    title = f"{result.operation}, {result.dtype}, seed {result.seed}: largest error in ULP (over the condition number)"
    return "\n".join([title, *lines])


def _cell(errors: Errors) -> str:
    zeros = f", {errors.false_zeros} false 0" if errors.false_zeros else ""
    return f"{errors.ulp:.3g} ({errors.excess:.3g}){zeros}"

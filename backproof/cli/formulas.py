"""``backproof check-formula FORMULA --is dL/dw --of NAME``: a gradient that somebody wrote down, judged."""

from __future__ import annotations

from typing import Annotated

import typer

from backproof.cli.arguments import Json, operations
from backproof.cli.console import conclude, progress


def check_formula(
    formula: Annotated[
        str,
        typer.Argument(
            metavar="FORMULA",
            help="In the names of the operation: 'X.T @ (p - y)/n'; several equations end with the one meant.",
        ),
    ],
    gradient: Annotated[str, typer.Option("--is", metavar="dL/dW", help="The gradient that it should be.")],
    of: Annotated[str, typer.Option("--of", metavar="NAME|FILE.eqs", help="The operation that is differentiated.")],
    seed: Annotated[int | None, typer.Option("--seed", help="Repeat a run (default: fresh).")] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="How long a cause is looked for.")] = 30.0,
    json: Json = False,
) -> None:
    """Judge a formula for a gradient, say how sure that is and what is right; exit 1 unless it agrees."""
    (operation,) = operations([of])
    from verify.oracle import check_formula as judge

    with progress("checking", 1):
        found = judge(formula, gradient, operation, seed=seed, seconds=seconds)
    conclude(found, json)

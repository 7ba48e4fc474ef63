"""``backproof analyse NAME cost|hessian|...``: what follows from an operation beyond its gradient."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backproof.cli.arguments import Json, Subject, Wrt, names, operation
from backproof.cli.console import emit
from backproof.cli.failures import BadInput
from derive.errors import about

if TYPE_CHECKING:
    from derive.operation import Operation
    from numeric.cost import Count


class Analysis(StrEnum):
    """What can be asked about an operation."""

    COST = "cost"
    HESSIAN = "hessian"
    STABILITY = "stability"
    HYPERGRADIENT = "hypergradient"
    RECURRENCE = "recurrence"
    SATURATION = "saturation"


_MEANING = (
    "cost: operations and bytes of both passes. hessian: second derivative, Hessian-vector product, semi-definiteness. "
    "stability: learning rates for which an optimizer contracts. hypergradient: what it ends with, by its "
    "hyper-parameters. recurrence: Jacobians through time. saturation: where an activation has no slope."
)


def analyse(
    subject: Subject,
    what: Annotated[Analysis, typer.Argument(help=_MEANING)],
    of: Annotated[
        str | None, typer.Option("--of", metavar="L", help="hessian, hypergradient: the output that is differentiated.")
    ] = None,
    wrt: Wrt = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="PHI", help="stability: the output at which the gradient is taken.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option("--rate", metavar="ALPHA", help="stability: the hyper-parameter that is solved for.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Of the points drawn for the checks.")] = None,
    json: Json = False,
) -> None:
    """Analyse an operation: cost, curvature, stable learning rates and the like, derived and checked."""
    found = operation(subject)
    settings = {"of": of, "wrt": names(wrt), "at": at, "rate": rate, "seed": seed}
    given = {name: value for name, value in settings.items() if value is not None}
    if what is Analysis.COST:
        if given:
            raise BadInput(f"the cost is of the whole operation; leave out --{', --'.join(given)}")
        with about(subject):
            table = cost_of(found)
        _print_cost(found, table, json)
        return
    from verify.analyses import analyse as run

    with about(subject):
        report = run(found, what.value, **given)
    if json:
        emit({"operation": found.name, what.value: report.plain()})
    else:
        typer.echo(str(report))
    if not report.agrees:
        raise typer.Exit(1)


def _print_cost(found: Operation, table: dict[str, Count], json: bool) -> None:
    if json:
        emit({"operation": found.name, "cost": {name: _plain(count) for name, count in table.items()}})
        return
    for name, count in table.items():
        typer.echo(name)
        for kind, text in _plain(count).items():
            typer.echo(f"  {kind:<15}  {text}")


def cost_of(found: Operation) -> dict[str, Count]:
    """The cost of the two passes, and of both in one, by name."""
    import numeric
    from numeric.cost import cost

    both = cost(numeric.compile(found))
    return {"forward": both.forward, "backward": both.backward, "both in one": both.vjp}


def _plain(count: Count) -> dict[str, Any]:
    from derive.text import expression_text
    from numeric.cost import readable

    return {
        "leading flops": expression_text(readable(count.leading())),
        "flops": expression_text(readable(count.flops)),
        "transcendentals": expression_text(readable(count.transcendentals)),
        "bytes": expression_text(readable(count.bytes)),
    }

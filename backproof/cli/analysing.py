"""``backproof analyse NAME cost``: what follows from an operation beyond its gradient."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backproof.cli.arguments import Json, Subject, about, operation
from backproof.cli.console import emit

if TYPE_CHECKING:
    from derive.operation import Operation
    from numeric.cost import Count


class Analysis(StrEnum):
    """What can be asked about an operation."""

    COST = "cost"


def analyse(
    subject: Subject,
    what: Annotated[Analysis, typer.Argument(help="cost: operations and bytes of both passes, as polynomials.")],
    json: Json = False,
) -> None:
    """Analyse an operation: its cost in the sizes."""
    found = operation(subject)
    with about(subject):
        table = cost_of(found)
    if json:
        emit({"operation": found.name, what.value: {name: _plain(count) for name, count in table.items()}})
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

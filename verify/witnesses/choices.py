"""What rounding does to choices: which of two numbers is the larger one, where it is their last digits that tell.

``1e-12 + 1`` and ``1.0001e-12 + 1`` are one number in double precision, and whichever is chosen is right there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flint
from sympy import Expr, Max, Min
from sympy.core.relational import Relational

from derive.nodes import Access, Maximum, Reduce
from derive.program import Program
from numeric.closures import Closures
from numeric.fields import Field
from numeric.integers import Environment
from verify.precision import limits
from verify.witnesses.watched import Shaken, Watched

_UNITS = 4  # of roundoff


class Choices(Shaken):
    """Moves numbers that are compared by a few units of roundoff."""

    def __init__(self, dtype: Any, program: Program) -> None:
        super().__init__()
        self.compared = {e for equation in program.equations for e in _compared(equation.rhs)}
        self.most = flint.arb(float(limits(dtype).eps) / 2 * _UNITS)

    def _moved(self, value: Any) -> Any:
        return value * (1 + self.most * self.share())

    def compiler(self, field: Field, sizes: Environment, where: str = "") -> Closures:
        """The compiler of :class:`numeric.exact.Plans` that has this done."""
        return Watched(field, sizes, where, lambda expression: self._moved if expression in self.compared else None)


def _compared(rhs: Expr) -> Iterator[Expr]:
    """What is computed only to be compared: an element that is read is rounded where it is computed."""
    for node in rhs.atoms(Reduce, Maximum, Max, Min, Relational):
        sides = (node.body,) if isinstance(node, Reduce) else node.args
        chosen = not isinstance(node, Reduce) or node.op in ("max", "min", "argmax", "argmin")
        for side in sides if chosen else ():
            if isinstance(side, Expr) and not isinstance(side, Access) and side.has(Access):
                yield side


__all__ = ["Choices"]

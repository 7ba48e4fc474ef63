"""What rounding does to numbers that have no name, and that every computation comes by.

*Sums* that stand within an equation: as those that an equation defines, they are known to a rounding and not better.

*Choices*: which of two numbers is the larger one, where it is their last digits that tell.  ``1e-12 + 1`` and ``1.0001e-12 +
1`` are one number in double precision, and whichever is chosen is right there.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

import flint
from sympy import Abs, Expr, Max, Min, Mul, sign
from sympy.core.relational import Equality, Relational, Unequality

from derive.nodes import Access, Maximum, Reduce
from derive.program import Program
from numeric.closures import Closures
from numeric.fields import Field
from numeric.integers import Environment
from verify.precision import limits
from verify.witnesses.watched import Key, Shaken, Watched

_UNITS = 4  # of roundoff


class Rounded(Shaken):
    """Moves some subexpressions by up to a few units of roundoff, together ``most`` of their size."""

    def __init__(self, dtype: Any, expressions: Set[Expr]) -> None:
        super().__init__()
        self.expressions = expressions
        self.most = float(limits(dtype).eps) / 2 * _UNITS
        self._most = flint.arb(self.most)

    def _moved(self, key: Key, value: Any) -> Any:
        return value * (1 + self._most * self.share(key))

    def compiler(self, field: Field, sizes: Environment, where: str = "") -> Closures:
        """The compiler of :class:`numeric.exact.Plans` that has this done."""
        return Watched(field, sizes, where, lambda expression: self._moved if expression in self.expressions else None)


def sums(program: Program) -> Set[Expr]:
    """The sums of a program's equations, but for those that are a whole right-hand side.

    >>> from derive.registry import declare
    >>> [str(total) for total in sums(declare("x[n], a\\nM = sum(x)\\nL = a/(a + sum(x))").program)]
    ['sum(x[i], i)']
    """
    return {
        node
        for equation in program.equations
        for node in equation.rhs.atoms(Reduce)
        if node.op == "sum" and node != equation.rhs
    }


def compared(program: Program) -> Set[Expr]:
    """What is computed only to be compared: an element that is read is rounded where it is computed.

    >>> from derive.registry import declare
    >>> [str(side) for side in compared(declare("x, y\\nL = where(1 + x > y, x, y)").program)]
    ['x + 1']
    """
    return {side for equation in program.equations for side in _compared(equation.rhs)}


def _compared(rhs: Expr) -> Iterator[Expr]:
    for node in rhs.atoms(Reduce, Maximum, Max, Min, Relational):
        if isinstance(node, Reduce):
            sides = (node.body,) if node.op in ("max", "min", "argmax", "argmin") else ()
        else:
            sides = (
                () if isinstance(node, (Equality, Unequality)) else node.args
            )  # what is equal is so by its definition
        yield from (side for side in sides if isinstance(side, Expr) and not _exact(side))


def _exact(side: Expr) -> bool:
    """Whether no rounding happens: an element, an integer, and what is one of several such or has its sign changed."""
    if isinstance(side, Access) or side.is_integer or not side.has(Access):
        return True
    if isinstance(side, Reduce):
        return side.op in ("max", "min") and _exact(side.body)
    if isinstance(side, Mul):
        return len(side.args) == 2 and side.args[0] == -1 and _exact(side.args[1])
    parts = [part for part in side.args if isinstance(part, Expr)]
    return isinstance(side, (Maximum, Max, Min, Abs, sign)) and all(map(_exact, parts))


__all__ = ["Rounded", "compared", "sums"]

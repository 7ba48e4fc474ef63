"""What the range of a dtype does to numbers on the way to a result: whatever computes them, they leave it.

*Underflow*: a number below the smallest normal one has few digits.  Higham's model of gradual underflow (Accuracy and
Stability of Numerical Algorithms, 2002, section 2.8): ``fl(x op y) = (x op y)(1 + d) + e`` where ``e`` is at most half of
the smallest subnormal number, and 0 unless the result is subnormal.

*Means*: a mean is a sum that is divided, and the sum may be too large where the mean is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

import flint
from sympy import Add, Expr, Mul, Pow

from derive.nodes import Access, Reduce
from derive.program import Program
from numeric.closures import Closures
from numeric.fields import Field
from numeric.integers import Environment
from verify.precision import limits
from verify.witnesses.watched import Key, Look, Shaken, Watched


class Underflow(Shaken):
    """Moves numbers below the smallest normal one of a dtype by its smallest subnormal number, up or down at random.

    It does so to every subexpression that reads one of the ``tensors``.
    """

    def __init__(self, dtype: Any, tensors: Set[str]) -> None:
        super().__init__()
        self.tensors = tensors
        self.unit = flint.arb(float(limits(dtype).smallest_subnormal))
        self.tiny = flint.arb(float(limits(dtype).tiny))

    def _moved(self, key: Key, value: Any) -> Any:
        if not abs(value) < self.tiny or value.is_zero():
            return value
        return value + self.unit * (1 if self.share(key) > 0 else -1)

    def compiler(self, field: Field, sizes: Environment, where: str = "") -> Closures:
        """The compiler of :class:`numeric.exact.Plans` that has this done."""

        def look(expression: Expr) -> Look | None:
            reads = not isinstance(expression, Access) and any(
                e.tensor in self.tensors for e in expression.atoms(Access)
            )
            return self._moved if reads else None

        return Watched(field, sizes, where, look)


class Means:
    """Notes the largest size of a sum that is divided by a number of elements, in what is evaluated."""

    def __init__(self, program: Program) -> None:
        self.sums = {total for equation in program.equations for total in _of_means(equation.rhs)}
        self.largest = flint.arb(0)

    def _noted(self, _: Key, value: Any) -> Any:
        if not value.is_nan():
            self.largest = self.largest.max(abs(value))
        return value

    def compiler(self, field: Field, sizes: Environment, where: str = "") -> Closures:
        """The compiler of :class:`numeric.exact.Plans` that has this done."""
        return Watched(field, sizes, where, lambda expression: self._noted if expression in self.sums else None)


def _of_means(expression: Expr) -> Iterator[Reduce]:
    """The sums that are divided by a number of elements and then added or multiplied: a function may know another way.

    The logarithm of a mean of exponentials is computed without their sum.
    """
    factors = Mul.make_args(expression)
    divided = any(isinstance(f, Pow) and f.exp.is_negative and not f.has(Access, Reduce) for f in factors)
    for factor in factors:
        if isinstance(factor, Reduce) and factor.op == "sum" and divided:
            yield factor
        for term in factor.args if isinstance(factor, Add) else ():
            yield from _of_means(term)


__all__ = ["Means", "Underflow"]

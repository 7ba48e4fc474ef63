"""What underflow on the way does to a result: a number below the smallest normal one has few digits, whatever computes it.

Higham's model of gradual underflow (Accuracy and Stability of Numerical Algorithms, 2002, section 2.8): ``fl(x op y) = (x op
y)(1 + d) + e`` where ``e`` is at most half of the smallest subnormal number, and 0 unless the result is subnormal.
"""

from __future__ import annotations

import random
from collections.abc import Set
from typing import Any

import flint
from sympy import Expr

from derive.nodes import Access
from numeric.closures import Closures
from numeric.conditions import Staged, Value
from numeric.fields import Field
from numeric.integers import Environment
from verify.precision import limits


class Underflow:
    """Moves numbers below the smallest normal one of a dtype by its smallest subnormal number, up or down at random."""

    def __init__(self, dtype: Any, tensors: Set[str]) -> None:
        self.tensors = tensors
        self.unit = flint.arb(float(limits(dtype).smallest_subnormal))
        self.tiny = flint.arb(float(limits(dtype).tiny))
        self._random = random.Random(0)

    def draw(self, number: int) -> None:
        """Begins another choice of ups and downs."""
        self._random.seed(number)

    def __call__(self, value: Any) -> Any:
        if not abs(value) < self.tiny or value.is_zero():
            return value
        return value + self.unit * self._random.choice((-1, 1))

    def closures(self, field: Field, sizes: Environment, where: str = "") -> Closures:
        """The compiler that has this done to every subexpression that reads one of the ``tensors``."""
        return _Underflowing(field, sizes, where, self)


class _Underflowing(Closures):
    def __init__(self, field: Field, sizes: Environment, where: str, underflow: Underflow) -> None:
        super().__init__(field, sizes, where)
        self._underflow = underflow

    def _real(self, expression: Expr) -> Staged:
        exact, underflow = super()._real(expression), self._underflow
        if isinstance(expression, Access) or not any(e.tensor in underflow.tensors for e in expression.atoms(Access)):
            return exact

        def staged(env: Environment) -> Value:
            value = exact(env)
            return value if value is self._zero else lambda reader: underflow(value(reader))

        return staged


__all__ = ["Underflow"]

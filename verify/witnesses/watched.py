"""Exact evaluations in which the values of some subexpressions are seen, or moved, on the way."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from sympy import Expr

from numeric.closures import Closures
from numeric.conditions import Staged, Value
from numeric.fields import Field
from numeric.integers import Environment

Look = Callable[[Any], Any]


class Watched(Closures):
    """Shows the values of some subexpressions to whoever looks, who may give others back."""

    def __init__(self, field: Field, sizes: Environment, where: str, look: Callable[[Expr], Look | None]) -> None:
        super().__init__(field, sizes, where)
        self._look = look

    def _real(self, expression: Expr) -> Staged:
        exact, look = super()._real(expression), self._look(expression)
        if look is None:
            return exact

        def staged(env: Environment) -> Value:
            value = exact(env)
            return value if value is self._zero else lambda reader: look(value(reader))

        return staged


class Shaken(ABC):
    """Moves the values of some subexpressions up or down at random, in the same way whenever a draw is repeated."""

    def __init__(self) -> None:
        self._random = random.Random(0)

    def draw(self, number: int) -> None:
        """Begins another choice of ups and downs."""
        self._random.seed(number)

    def sign(self) -> int:
        """Up or down."""
        return self._random.choice((-1, 1))

    def share(self) -> float:
        """Between all the way down and all the way up."""
        return self._random.uniform(-1, 1)

    @abstractmethod
    def compiler(self, field: Field, sizes: Environment, where: str = "") -> Closures:
        """The compiler of :class:`numeric.exact.Plans` that has this done."""


__all__ = ["Look", "Shaken", "Watched"]

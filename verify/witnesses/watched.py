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

Key = tuple[Expr, tuple[Any, ...]]  # a subexpression and the values of its indices
Look = Callable[[Key, Any], Any]


class Watched(Closures):
    """Shows the values of some subexpressions to whoever looks, who gives them back, or others."""

    def __init__(self, field: Field, sizes: Environment, where: str, look: Callable[[Expr], Look | None]) -> None:
        super().__init__(field, sizes, where)
        self._look = look

    def _real(self, expression: Expr) -> Staged:
        exact, look = super()._real(expression), self._look(expression)
        if look is None:
            return exact
        symbols = sorted(expression.free_symbols - self.sizes.keys(), key=str)

        def staged(env: Environment) -> Value:
            value, key = exact(env), (expression, tuple(env[symbol] for symbol in symbols))
            return value if value is self._zero else lambda reader: look(key, value(reader))

        return staged


class Shaken(ABC):
    """Moves the values of some subexpressions up or down at random, each the same way wherever it stands.

    A draw that is repeated moves them as before.
    """

    def __init__(self) -> None:
        self._random = random.Random(0)
        self._drawn: dict[Key, float] = {}

    def draw(self, number: int) -> None:
        """Begins another choice of ups and downs."""
        self._random.seed(number)
        self._drawn.clear()

    def share(self, key: Key) -> float:
        """Between -1, all the way down, and 1, all the way up."""
        return self._drawn.setdefault(key, self._random.uniform(-1, 1))

    @abstractmethod
    def compiler(self, field: Field, sizes: Environment, where: str = "") -> Closures:
        """The compiler of :class:`numeric.exact.Plans` that has this done."""


__all__ = ["Key", "Look", "Shaken", "Watched"]

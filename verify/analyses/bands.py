"""Ball arithmetic over whole intervals: enclosures of the largest value of a function, and of where it is small."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

import flint
from sympy import Expr

from derive.analyses.slope import X
from derive.scalar import raw_derivative
from numeric.closures import Closures
from numeric.conditions import Reader
from numeric.errors import Undecidable
from numeric.fields import field_named
from verify.analyses.eigenvalues import precision

REACH = 128.0  # beyond that exp(-x) is no float32 any more
_MOST = 1_500


def on_interval(expression: Expr) -> Callable[[float, float], Any]:
    """A function that encloses ``|expression|`` for all ``x`` between two floats, of which it is smooth.

    It is the better of the plain evaluation and of the mean value form ``f(m) + f'(I)*(I - m)``.

    >>> from sympy import cos
    >>> on_interval(cos(X))(-0.25, 0.25) <= 1.1
    True
    """
    closures = Closures(field_named("arb"), {})
    plain, slope = closures.real(expression), closures.real(raw_derivative(expression, X))

    def value(compiled: Any, x: Any) -> Any:
        try:
            return compiled({X: x})(Reader({}, _nothing))
        except Undecidable:  # a quotient by a ball around 0: nothing is known on so wide an interval
            return flint.arb(0, float("inf"))

    def enclosed(low: float, high: float) -> Any:
        with precision():
            middle = flint.arb((low + high) / 2)
            away = flint.arb(
                0, flint.arb(max(high - (low + high) / 2, (low + high) / 2 - low)).upper() * (1 + 2.0**-50)
            )
            x = middle + away if high > low else middle
            direct = abs(value(plain, x))
            if high == low:
                return direct
            centred = abs(value(plain, middle) + value(slope, x) * away)
            return centred if centred.is_finite() and not direct.upper() <= centred.upper() else direct

    return enclosed


def _nothing(name: str, position: tuple[int, ...]) -> Any:
    raise KeyError(name)


def largest(
    function: Callable[[float, float], Any], low: float, high: float, tolerance: float = 1e-6
) -> tuple[float, float]:
    """Floats around the supremum between ``low`` and ``high``: the interval with the largest bound is halved first.

    >>> from sympy import cos
    >>> below, above = largest(on_interval(cos(X)), -1.0, 2.0)
    >>> below <= 1 <= above <= below + 1e-5
    True
    """
    best = 0.0
    heap = [(-_upper(function(low, high)), low, high)]
    for _ in range(_MOST):
        bound, a, b = heap[0]
        if -bound <= best * (1 + tolerance) or not a < (a + b) / 2 < b:
            break
        heapq.heappop(heap)
        middle = (a + b) / 2
        best = max(best, _lower(function(middle, middle)))
        for left, right in ((a, middle), (middle, b)):
            heapq.heappush(heap, (-_upper(function(left, right)), left, right))
    return best, max(best, -heap[0][0])


def small_from(function: Callable[[float, float], Any], end: float, towards: float, level: float) -> float | None:
    """How far from ``end`` towards ``towards`` the function is proven to stay below ``level``; ``None`` if nowhere."""
    here, step = end, (towards - end) / 2
    while abs(step) > 1e-7 and here != towards:
        there = here + step
        if (there - towards) * (1 if towards > end else -1) > 0:
            there = towards
        if _upper(function(min(here, there), max(here, there))) < level:
            here, step = there, step * 2
        else:
            step /= 2
    return None if here == end else here


def _upper(ball: Any) -> float:
    value = float(ball.upper()) if ball.is_finite() else float("inf")
    return value * (1 + 1e-15)


def _lower(ball: Any) -> float:
    return float(ball.lower()) * (1 - 1e-15) if ball.is_finite() else 0.0

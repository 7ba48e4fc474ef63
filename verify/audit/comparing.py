"""Two quantities at many points: equal, unequal, or equal up to a factor made of sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import flint
import numpy as np
from sympy import Expr, Integer, Rational, Symbol

from derive.program import Program
from numeric.errors import Undecidable
from numeric.exact import Exact
from verify.audit.points import shown
from verify.audit.quantities import Array, Quantities

BITS = (256, 1024)
CLOSE = flint.arb(2) ** -100
LEAST = 4
_LONG = 60  # letters of an expression that is repeated


@dataclass(frozen=True)
class Difference:
    """A point at which two quantities differ: both values of the element that differs most."""

    place: str
    position: tuple[int, ...]
    left: float
    right: float

    def words(self, left: str, right: str) -> str:
        """The point and the two values."""
        at = list(self.position) if self.position else ""
        left, right = (
            (each if len(each) < _LONG else side) for each, side in ((left, "the left side"), (right, "the right side"))
        )
        return f"at {self.place}: {left}{at} is {self.left:.6g}, {right}{at} is {self.right:.6g}"


@dataclass(frozen=True)
class Comparison:
    """At how many ``points`` two quantities were compared; the first ``difference``; ``factor``, if there is one."""

    points: int
    difference: Difference | None = None
    factor: Expr | None = None
    shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    telling: bool = True  # not 0 everywhere, where any two multiples agree

    @property
    def equal(self) -> bool:
        """Whether they are equal at enough points."""
        return self.difference is None and self.shapes is None and self.points >= LEAST


def compare(
    quantities: Quantities, left: str, right: str, given: Iterable[dict[str, Any]], *, scaled: bool = True
) -> Comparison:
    """Compare two quantities at points; axes of length 1 do not count, as NumPy broadcasts them.

    With ``scaled`` a factor between the two is looked for where they differ.
    """
    count, first, factors, telling = 0, None, None, False
    for inputs in given:
        values = _values(quantities, left, right, inputs)
        if values is None:
            continue
        a, b = values
        if a.shape != b.shape:
            return Comparison(count, shapes=(a.shape, b.shape))
        telling |= any(not flint.arb(x).contains(0) for x in a.ravel())
        differs = [p for p in np.ndindex(*a.shape) if _different(a[p], b[p])]
        if differs and first is None:
            worst = max(differs, key=lambda p: abs(float(a[p]) - float(b[p])))
            first = Difference(
                shown(_own(inputs, quantities), quantities.program), worst, float(a[worst]), float(b[worst])
            )
        if not scaled and first is not None:
            return Comparison(count, first)
        sizes = Exact(quantities.program, {**inputs, **dict.fromkeys(quantities.measures, 0)}).sizes
        candidates = list(_factors(quantities.program)) if factors is None else factors
        factors = [f for f in candidates if _scaled(a, b, f.subs(sizes))]
        count += 1
        if first is not None and factors == []:
            break
    factor = next((f for f in factors or [] if f != 1), None) if first is not None else None
    return Comparison(count, first, factor, telling=telling)


def _own(inputs: dict[str, Any], quantities: Quantities) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name not in quantities.measures}


def _values(quantities: Quantities, left: str, right: str, inputs: dict[str, Any]) -> tuple[Array, Array] | None:
    """Both as narrow balls; ``None`` where one of them is not defined there or stays wide."""
    for bits in BITS:
        try:
            at = quantities.at(inputs, bits)
            a, b = np.squeeze(at(left)), np.squeeze(at(right))
            if () in (a.shape, b.shape):
                a, b = np.broadcast_arrays(a, b)  # a number is compared with every element
        except (Undecidable, ZeroDivisionError):
            continue
        balls = [*a.ravel(), *b.ravel()]
        if all(x.is_finite() and (x.rad() <= CLOSE * (1 + abs(x.mid()))) for x in map(flint.arb, balls)):
            return a, b
    return None


def _different(a: Any, b: Any) -> bool:
    return not flint.arb(a).overlaps(flint.arb(b))


def _scaled(a: Array, b: Array, factor: Any) -> bool:
    exact = flint.arb(flint.fmpq(int(factor.p), int(factor.q)))
    with flint.ctx.workprec(BITS[0]):
        return all(flint.arb(x).overlaps(exact * flint.arb(y)) for x, y in zip(a.ravel(), b.ravel(), strict=True))


def _factors(program: Program) -> Iterator[Expr]:
    """Factors that are often forgotten: signs, 2, sizes, and products of two sizes."""
    sizes: list[Symbol] = list(program.dimensions)
    products: list[Expr] = [Integer(1), *sizes, *(a * b for k, a in enumerate(sizes) for b in sizes[k + 1 :])]
    for number, size, power in product((1, 2, Rational(1, 2), -1), products, (1, -1)):
        yield number * size**power


__all__ = ["Comparison", "Difference", "compare"]

"""Polynomials in several sizes from few of their values.

Variable after variable: the monomials in the first ones are known, with the others held at an anchor, and for each value
of the next one only their coefficients are solved for.  A coefficient that happens to vanish at the anchor would be lost,
so the result is compared with further values.

Source: Zippel, *Probabilistic Algorithms for Sparse Polynomials*, EUROSAM 1979.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from typing import Any

import flint

Powers = tuple[int, ...]
Row = list[Fraction]
Values = Callable[[Sequence[int]], Sequence[int]]

_CHECKS = 4
_TRIES = 4000
_PRIME = 2**61 - 1


class NotPolynomial(ValueError):
    """The values are those of no polynomial of these degrees."""


def interpolate(values: Values, lowest: Sequence[int], degrees: Sequence[int]) -> dict[Powers, Row]:
    """Coefficients by exponents, a list for the entries of ``values``, which are polynomials of the given degrees.

    ``values`` is asked at integers from ``lowest`` up.

    Raises:
        NotPolynomial: further values do not fit.

    Example:
        >>> found = interpolate(lambda p: [3*p[0]*p[1] + 2, p[1]**2], [1, 1], [1, 2])
        >>> sorted((powers, [int(c) for c in row]) for powers, row in found.items())
        [((0, 0), [2, 0]), ((0, 2), [0, 1]), ((1, 1), [3, 0])]
    """
    draw = random.Random(0)
    anchor = [low + degree for low, degree in zip(lowest, degrees, strict=True)]
    found: dict[Powers, Row] = {(): [Fraction(v) for v in values(anchor)]}
    for k, (low, degree) in enumerate(zip(lowest, degrees, strict=True)):
        monomials = sorted(found)
        points = _independent(monomials, lowest[:k], degrees[:k], draw)
        levels = []
        for value in range(low, low + degree + 1):
            rows = [[Fraction(v) for v in values([*point, value, *anchor[k + 1 :]])] for point in points]
            levels.append(_solve([_monomials(monomials, point) for point in points], rows))
        inverse = _inverse_vandermonde(range(low, low + degree + 1))
        found = {}
        for number, powers in enumerate(monomials):
            for p, weights in enumerate(inverse):
                row = [
                    sum(w * level[number][e] for w, level in zip(weights, levels, strict=True))
                    for e in range(len(rows[0]))
                ]
                if any(row):
                    found[*powers, p] = [Fraction(c) for c in row]
    for _ in range(_CHECKS):
        point = [draw.randint(low, low + degree + 1) for low, degree in zip(lowest, degrees, strict=True)]
        expected = _weighted(_monomials(list(found), point), list(found.values())) or [Fraction(0)] * len(values(point))
        if list(values(point)) != expected:
            raise NotPolynomial(f"the value at {point} is no value of a polynomial of the degrees {list(degrees)}")
    return found


def _weighted(weights: Row, rows: Sequence[Row]) -> Row:
    """The sum of the rows, each times its weight."""
    return [
        sum((w * c for w, c in zip(weights, column, strict=True)), Fraction(0)) for column in zip(*rows, strict=True)
    ]


def _monomials(powers: Sequence[Powers], point: Sequence[int]) -> Row:
    return [Fraction(prod(x**p for x, p in zip(point, each, strict=True))) for each in powers]


def _independent(
    monomials: Sequence[Powers], lowest: Sequence[int], degrees: Sequence[int], draw: random.Random
) -> list[list[int]]:
    """As many points as monomials, at which these are linearly independent: by elimination, as points are drawn."""
    points: list[list[int]] = []
    reduced: list[tuple[int, list[int]]] = []
    for _ in range(_TRIES):
        if len(points) == len(monomials):
            return points
        point = [draw.randint(low, low + degree) for low, degree in zip(lowest, degrees, strict=True)]
        row = [int(c) % _PRIME for c in _monomials(monomials, point)]
        for pivot, other in reduced:  # independent modulo a prime is independent
            if factor := row[pivot]:
                row = [(a - factor * b) % _PRIME for a, b in zip(row, other, strict=True)]
        pivot = next((i for i, c in enumerate(row) if c), -1)
        if pivot >= 0:
            inverse = pow(row[pivot], -1, _PRIME)
            reduced.append((pivot, [c * inverse % _PRIME for c in row]))
            points.append(point)
    raise NotPolynomial(f"no points were found that tell the {len(monomials)} monomials apart")


def _solve(matrix: Sequence[Row], right: Sequence[Row]) -> list[Row]:
    """The solution of a square system, for several right-hand sides, in exact rationals."""
    left, known = (flint.fmpq_mat([[_rational(c) for c in row] for row in rows]) for rows in (matrix, right))
    found = left.solve(known)
    return [[Fraction(int(c.p), int(c.q)) for c in row] for row in found.tolist()]


def _rational(number: Fraction) -> Any:
    return flint.fmpq(number.numerator, number.denominator)


def _inverse_vandermonde(grid: range) -> list[Row]:
    """Row p: the coefficients of x**p in the Lagrange polynomials of the grid."""
    identity = [[Fraction(int(i == j)) for j in range(len(grid))] for i in range(len(grid))]
    return _solve([[Fraction(x) ** p for p in range(len(grid))] for x in grid], identity)


__all__ = ["NotPolynomial", "interpolate"]

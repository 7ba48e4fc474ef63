"""Norms and spectral radii in balls: of matrices whose entries are fractions exactly, by their characteristic polynomial."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
from numpy.typing import NDArray

from numeric.errors import UnsupportedExpression

Array = NDArray[Any]


def radius(matrix: Array, bits: int) -> Any:
    """The spectral radius: the largest absolute value of an eigenvalue.

    >>> import numpy as np
    >>> radius(np.array([[Fraction(1, 2), Fraction(10)], [Fraction(0), Fraction(1, 2)]]), 128)
    0.500000000000000
    """
    _square(matrix, "radius")
    with flint.ctx.workprec(bits):
        return _largest([flint.arb(abs(root)) for root in _eigenvalues(matrix)])


def norm(matrix: Array, bits: int) -> Any:
    """The largest singular value of a matrix, the length of a vector.

    >>> import numpy as np
    >>> norm(np.array([Fraction(3), Fraction(4)]), 128)
    5.00000000000000
    """
    if matrix.ndim > 2:
        raise UnsupportedExpression(f"norm is of a matrix or a vector, got {matrix.ndim} axes")
    with flint.ctx.workprec(bits):
        if matrix.ndim < 2 or 1 in matrix.shape:
            return sum((_ball(x) ** 2 for x in matrix.ravel()), flint.arb(0)).sqrt()
        gram = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
        return _largest([flint.arb(root.real) for root in _eigenvalues(gram)]).sqrt()


def _square(matrix: Array, what: str) -> None:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise UnsupportedExpression(f"{what} is of a square matrix, got the shape {matrix.shape}")


def _ball(value: Any) -> Any:
    return (
        flint.arb(flint.fmpq(value.numerator, value.denominator)) if isinstance(value, Fraction) else flint.arb(value)
    )


def _eigenvalues(matrix: Array) -> list[Any]:
    """All eigenvalues as complex balls; exact fractions, so that equal ones are told from near ones."""
    rows = [[_fraction(x) for x in row] for row in matrix]
    roots: Any = flint.fmpq_mat(rows).charpoly().complex_roots()  # pairs of a root and its multiplicity
    return [flint.acb(pair[0]) for pair in roots]


def _fraction(value: Any) -> Any:
    if isinstance(value, Fraction | int):
        exact = Fraction(value)
        return flint.fmpq(exact.numerator, exact.denominator)
    raise UnsupportedExpression("the eigenvalues are those of a matrix of fractions; this one has other entries")


def _largest(values: list[Any]) -> Any:
    found = flint.arb(0)
    for value in values:
        found = found.max(value)
    return found


MEASURES: dict[str, Callable[[Array, int], Any]] = {"norm": norm, "radius": radius}

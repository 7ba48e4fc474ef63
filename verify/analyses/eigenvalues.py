"""A rigorous enclosure of the smallest eigenvalue of a symmetric matrix of balls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

BITS = 192


@contextmanager
def precision(bits: int = BITS) -> Iterator[None]:
    """Balls of so many bits inside."""
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def smallest_eigenvalue(matrix: NDArray[Any]) -> tuple[float, float]:
    """Floats ``low <= lambda_min <= high`` of a symmetric matrix, given as balls or floats.

    From above by a Rayleigh quotient in balls; from below because ``A - low*I`` has a Cholesky factorisation in balls.
    Source: Rump, Verification of Positive Definiteness, BIT 46, 2006, section 2.

    >>> low, high = smallest_eigenvalue(np.array([[2.0, 1.0], [1.0, 2.0]]))
    >>> low <= 1 <= high < low + 1e-9
    True
    """
    with precision():
        balls = np.vectorize(flint.arb, otypes=[object])(matrix)
        size = balls.shape[0]
        middle = np.vectorize(float, otypes=[float])(balls)
        values, vectors = np.linalg.eigh((middle + middle.T) / 2)
        v = [flint.arb(float(x)) for x in vectors[:, 0]]
        upper = sum((v[i] * balls[i, j] * v[j] for i in range(size) for j in range(size)), flint.arb(0))
        high = _above(upper / sum((x * x for x in v), flint.arb(0)))
        scale = max(float(np.abs(values).max()), 1e-300)
        shift = scale * 2.0**-44
        while not _positive_definite(balls, float(values[0]) - shift):
            shift *= 16
        return float(np.nextafter(values[0] - shift, -np.inf)), high


def _above(ball: Any) -> float:
    return float(np.nextafter(float(ball.mid() + ball.rad()), np.inf))


def _positive_definite(balls: NDArray[Any], shift: float) -> bool:
    """Whether ``A - shift*I`` surely is: every pivot of its LDL' factorisation is a positive ball."""
    a = balls.copy()
    size = a.shape[0]
    for k in range(size):
        a[k, k] = a[k, k] - flint.arb(shift)
    for k in range(size):
        if not a[k, k] > 0:
            return False
        for i in range(k + 1, size):
            factor = a[i, k] / a[k, k]
            for j in range(k + 1, size):
                a[i, j] = a[i, j] - factor * a[k, j]
    return True

"""Elementary functions of one or two numbers that NumPy lacks; each keeps the dtype and has no cancellation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def erfc(u: Array) -> Array:
    """``1 - erf(u)``, where SciPy's loses up to ten units (below 1 it takes erf from 1) by the C library's.

    >>> float(erfc(np.array(0.9))) == math.erfc(0.9)
    True
    """
    from scipy import special  # takes as long to import as everything else of ours

    shape, result = np.shape(u), special.erfc(u)
    if u.dtype != np.float64:  # of which SciPy makes double precision on its way
        return np.asarray(result)
    result, u = np.atleast_1d(result), np.atleast_1d(u)
    lossy = u > 0.4
    chosen = u[lossy]
    result[lossy] = np.fromiter(map(math.erfc, chosen.tolist()), np.float64, chosen.size)
    return result.reshape(shape)


def minus_tanh(u: Array) -> Array:
    """``u - tanh(u)``: near 0 by Lambert's continued fraction, all terms of which are positive.

    >>> round(float(minus_tanh(np.array(1e-3))), 22)
    3.333332000001e-10
    """
    square = np.minimum(u * u, 4)
    t: Any = 25
    for odd in range(23, 1, -2):
        t = odd + square / t
    t = square / t
    return np.asarray(np.where(np.abs(u) < 2, u * (t / (1 + t)), u - np.tanh(u)))


def log_cosh(u: Array) -> Array:
    """``log(cosh(u))``: near 0 as ``log1p(2*sinh(u/2)**2)``, far out without overflow.

    >>> round(float(log_cosh(np.array(1e-3))), 20), float(log_cosh(np.array(1000.0)))
    (4.9999991666669e-07, 999.3068528194401)
    """
    size = np.abs(u)
    half = np.sinh(np.minimum(size, 4) / 2)
    far = size - u.dtype.type(np.log(2)) + np.log1p(np.exp(-2 * size))
    return np.asarray(np.where(size < 4, np.log1p(2 * half * half), far))


def expm1_minus(u: Array) -> Array:
    """``exp(u) - 1 - u``: near 0 by its power series.

    >>> round(float(expm1_minus(np.array(1e-3))), 20)
    5.0016670834167e-07
    """
    near = np.clip(u, -1, 1)
    t: Any = near / 21 + 1
    for k in range(20, 2, -1):
        t = near / k * t + 1
    return np.asarray(np.where(np.abs(u) < 1, near * near / 2 * t, np.expm1(u) - u))


def power_minus_one(b: Array, k: Array) -> Array:
    """``b**k - 1`` for ``b >= 0``: near 1 by the logarithm, which of a number next to 1 has all its digits.

    >>> round(float(power_minus_one(np.array(0.999), np.array(2.0))), 16)
    -0.001999
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        u = k * np.log(b)
    return np.asarray(np.where(np.abs(u) < 1, np.expm1(u), b**k - 1))


def log_ratio(a: Array, b: Array, difference: Array) -> Array:
    """``log(a/b)`` for positive numbers and ``a - b``: near 1 from that, and also where the quotient is out of range.

    >>> with np.errstate(over="ignore"):
    ...     float(log_ratio(np.array(1e300), np.array(1e-300), np.array(1e300)))
    1381.5510557964274
    """
    r = difference / b
    q = a / b
    far = (q == 0) | np.isinf(q) | (q < np.finfo(q.dtype).tiny)
    found = np.where(far, np.log(a) - np.log(b), np.log(q))
    return np.asarray(np.where(np.abs(r) < 0.5, np.log1p(r), found))


def root_plus(u: Array, v: Array) -> Array:
    """``u + sqrt(u**2 + v**2)``, for negative ``u`` by its conjugate.

    >>> float(root_plus(np.array(-1e10), np.array(2.0)))
    2e-10
    """
    r = np.hypot(u, v) + np.abs(u)
    return np.asarray(np.where(u < 0, v * (v / r), r))


def vanishing(f: Array, g: Array) -> Array:
    """``f*g``, and 0 where ``f`` is 0, even if ``g`` is infinite.

    >>> with np.errstate(invalid="ignore"):
    ...     vanishing(np.array([0.0, 2.0]), np.array([np.inf, 3.0]))
    array([0., 6.])
    """
    return np.asarray(np.where(f == 0, f, f * g))


def exp_ratio(u: Array, *coefficients: Any) -> Array:
    """``(c[0] + c[1]*E + ...)/(d[0] + d[1]*E + ...)`` with ``E = exp(u)``; the coefficients are all c, then all d.

    Above 0 both are divided by the highest power, so that only ``exp(-|u|)`` is computed.

    >>> exp_ratio(np.array([-800.0, 0.0, 800.0]), 0, 1, 1, 1)  # a logistic function
    array([0. , 0.5, 1. ])
    """
    half = len(coefficients) // 2
    e = np.exp(np.copysign(u, -1))
    negative = u < 0
    ratio: Array = _either(negative, coefficients[:half], e) / _either(negative, coefficients[half:], e)
    if (
        not e.all() and not np.isfinite(ratio).all()
    ):  # a coefficient that has overflowed, times a power that has vanished
        ends = (coefficients[at] / coefficients[at + half] for at in (0, half - 1))
        ratio = np.where(e == 0, np.where(negative, *ends), ratio)
    return ratio


def _either(negative: Array, row: Sequence[Any], e: Array) -> Any:
    """``row[0] + row[1]*e + ...``, and the other way round where it is not negative."""
    back = row[::-1]
    if _same(row, back):
        return _horner(row, e)
    return np.where(negative, _horner(row, e), _horner(back, e))


def _same(row: Sequence[Any], back: Sequence[Any]) -> bool:
    return all(type(c) in (int, float) for c in row) and row == back


def _horner(coefficients: Sequence[Any], e: Array) -> Any:
    """``c[0] + c[1]*e + ...``; numbers that change nothing are left out."""
    total: Any = 0
    for coefficient in reversed(coefficients):
        number = type(coefficient) is int
        if type(total) is not int:
            total = e * total
        elif total:
            total = e if total == 1 else total * e
        if not number or coefficient:
            total = coefficient if type(total) is int and not total else coefficient + total
    return total


__all__ = [
    "erfc",
    "exp_ratio",
    "expm1_minus",
    "log_cosh",
    "log_ratio",
    "minus_tanh",
    "power_minus_one",
    "root_plus",
    "vanishing",
]

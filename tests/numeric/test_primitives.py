"""The arithmetic that generated code calls, at the places where the obvious formula fails.

Expected numbers: mpmath 1.3 at 60 digits, rounded to float64.
"""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import special

from numeric import primitives

POINTS = [-800.0, -744.0, -720.0, -40.5, -1.0, -1e-300, -0.0, 0.0, 1e-20, 0.7, 36.7, 40.0, 709.9, 720.0, 800.0]
mpmath.mp.dps = 60


def units(got: Any, true: Any) -> float:
    """The error in units in the last place of the true value (a subnormal one has the smallest unit)."""
    unit = float(np.spacing(abs(np.float64(true))))
    return float(abs(mpmath.mpf(float(got)) - true) / unit)


@pytest.mark.parametrize("u", POINTS)
@np.errstate(over="ignore")
def test_logistic_family(u: float) -> None:
    x = mpmath.mpf(u)
    array = np.array([u])
    logistic, opposite = 1 / (1 + mpmath.exp(-x)), 1 / (1 + mpmath.exp(x))
    condition = max(1.0, abs(u))
    assert units(primitives.logistic(array)[0], logistic) <= 4 * condition
    assert units(primitives.logistic_slope(array)[0], logistic * opposite) <= 4 * condition
    assert units(primitives.sech2(array)[0], 1 / mpmath.cosh(x) ** 2) <= 4 * max(1.0, 2 * abs(u))
    for v in (0.0, 0.25, 1.0):
        true = (1 - v) * logistic - v * opposite
        cancel = float((logistic + v) / abs(true)) if true else 1.0
        # Where v is 0 or 1 nothing cancels: the tail is there to the last digit.
        allowed = condition if v in (0.0, 1.0) and (v == 0.0) == (u < 0) else condition * cancel
        assert units(primitives.logistic_minus(array, np.array([v]))[0], true) <= 4 * allowed


def test_the_tail_of_a_right_answer_is_no_zero() -> None:
    # -exp(-40)/(1 + exp(-40)), where logistic(40) - 1 is -0.0.
    assert primitives.logistic_minus(np.array([40.0]), np.array([1.0]))[0] == -4.248354255291589e-18


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_both_zeros_are_one_half(zero: float) -> None:
    assert primitives.logistic_minus(np.array([zero]), np.array([0.25]))[0] == 0.25


@pytest.mark.parametrize("size", [5, 5000], ids=["choice", "bits"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_where_drops_whatever_stood_there(size: int, dtype: Any) -> None:
    values = np.resize(np.array([1.5, np.nan, np.inf, -0.0, -2.0], dtype), size)
    mask = np.resize(np.array([True, False, False, True, True]), size)
    got = primitives.where(mask, values)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, np.resize(np.array([1.5, 0, 0, -0.0, -2.0], dtype), size))
    assert np.signbit(got[3])
    assert not np.signbit(got[1])
    np.testing.assert_array_equal(primitives.where(mask[::-1], values[::-1]), got[::-1])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_rows_along_any_axis(axis: int) -> None:
    rng = np.random.default_rng(4)
    u, w = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 3, 4))
    weights = primitives.softmax(w, axis)
    np.testing.assert_allclose(weights.sum(axis), 1, rtol=1e-15)
    np.testing.assert_allclose(np.exp(primitives.log_softmax(w, axis)), weights, rtol=1e-14)
    naive = u - (weights * u).sum(axis, keepdims=True)
    np.testing.assert_allclose(primitives.deviation(u, weights, axis), naive, rtol=0, atol=1e-14)


def test_log_softmax_keeps_a_small_remainder() -> None:
    # log1p(exp(-50)) = 1.9287498479639178e-22; 1 + exp(-50) is 1.
    assert primitives.log_softmax(np.array([50.0, 0.0]), 0)[0] == -1.9287498479639178e-22


def test_padding_is_zeros_on_both_sides() -> None:
    x = np.arange(1.0, 5.0).reshape(2, 2)
    np.testing.assert_array_equal(primitives.padded(x, ((0, 1), (2, 0))), np.pad(x, ((0, 1), (2, 0))))


@pytest.mark.parametrize(
    "scale", [2.0**-1060, 2.0**-600, 1.0, 2.0**600, 2.0**1020], ids=["subnormal", "low", "1", "high", "top"]
)
@pytest.mark.parametrize("axis", [1, (0, 2)])
@np.errstate(over="ignore", under="ignore")
def test_roots_of_squares_over_the_whole_range(scale: float, axis: Any) -> None:
    rng = np.random.default_rng(3)
    u = rng.uniform(-3, 3, (2, 3, 4)) * scale
    got = primitives.root_of_squares(u, axis, 5)
    squares = np.vectorize(lambda v: mpmath.mpf(v) ** 2, otypes=[object])(u).sum(axis=axis)
    for value, total in zip(got.ravel(), squares.ravel(), strict=True):
        assert units(value, mpmath.sqrt(total / 5)) <= 4


@pytest.mark.parametrize(
    ("u", "offset", "true"),
    [
        ([0.0, 0.0], 0.0, 0.0),
        ([0.0, 0.0], 1e-5, 1e-5**0.5),
        ([1e-200, 0.0], 1e-5, 1e-5**0.5),
        ([3e200, 4e200], 1e-5, 5e200),
        ([np.inf, 1.0], 1e-5, np.inf),
        ([np.nan, 1e200], 1e-5, np.nan),
        ([], 1e-5, 1e-5**0.5),
    ],
)
@np.errstate(all="ignore")
def test_roots_of_squares_beside_an_offset(u: list[float], offset: float, true: float) -> None:
    np.testing.assert_allclose(primitives.root_of_squares(np.array(u), 0, 1, np.array(offset)), true, rtol=4e-16)


def test_one_row_out_of_range_leaves_the_others_alone() -> None:
    with np.errstate(all="ignore"):
        got = primitives.root_of_squares(np.array([[3e200, 4e200], [3e-200, 4e-200], [3.0, 4.0], [0.0, 0.0]]), 1)
    np.testing.assert_allclose(got, [5e200, 5e-200, 5.0, 0.0], rtol=4e-16)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_probability_less_a_target(axis: int) -> None:
    rng = np.random.default_rng(6)
    u = 40 * rng.standard_normal((3, 4, 5))
    p = primitives.softmax(u, axis)
    v = np.where(rng.random(u.shape) < 0.4, 1.0, 0.0)
    true = np.vectorize(lambda x: mpmath.exp(mpmath.mpf(x)), otypes=[object])(u)
    true = true / true.sum(axis, keepdims=True) - v
    got = primitives.simplex_minus(p, v, axis)
    for value, exact in zip(got.ravel(), true.ravel(), strict=True):
        assert abs(mpmath.mpf(value) - exact) <= 1e-13 * abs(exact)


def test_no_probability_is_no_error() -> None:
    assert primitives.simplex_minus(np.zeros((2, 0)), np.zeros((2, 0)), 1).shape == (2, 0)
    assert primitives.simplex_minus(np.ones((2, 1)), np.ones((2, 1)), 1).tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize("axis", [0, 1, 2, (0, 2), (1, 2), (0, 1), (0, 1, 2)])
def test_logsumexp_along_any_axes(axis: int | tuple[int, ...]) -> None:
    u = np.random.default_rng(4).standard_normal((3, 4, 5)) * 30
    np.testing.assert_allclose(primitives.logsumexp(u, axis), special.logsumexp(u, axis=axis), rtol=1e-15)
    with np.errstate(all="ignore"):
        ends = np.array([[-np.inf, -np.inf], [np.inf, 1.0], [np.nan, 1.0], [-np.inf, 2.0]])
        np.testing.assert_array_equal(primitives.logsumexp(ends, 1), [-np.inf, np.inf, np.nan, 2.0])

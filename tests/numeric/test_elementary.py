"""Elementary functions that NumPy lacks, at and between the places where their formula changes.

Expected numbers: mpmath at 60 digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from derive.registry import declare
from numeric import compile, elementary, primitives

SIZES = [1e-160, 3e-20, 1e-9, 2e-4, 0.1, 0.45, 0.7, 0.849, 0.98, 1.3, 1.9999, 2.0, 2.7, 3.9999, 4.0, 11.3, 40.0, 800.0]


def high(u: Any) -> Any:
    """A number at 60 digits."""
    return mpmath.mpf(float(u))


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "minus_tanh": (elementary.minus_tanh, lambda u: u - mpmath.tanh(u)),
    "expm1_minus": (elementary.expm1_minus, lambda u: mpmath.expm1(u) - u),
    "log_cosh": (elementary.log_cosh, lambda u: mpmath.log(mpmath.cosh(u))),
    "erfc": (elementary.erfc, mpmath.erfc),
    "root_plus": (lambda u: elementary.root_plus(u, u.dtype.type(2)), lambda u: u + mpmath.sqrt(u * u + 4)),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_within_four_units(name: str, dtype: Any) -> None:
    function, formula = FUNCTIONS[name]
    u = np.array([s for size in SIZES for s in (size, -size)], dtype)
    with np.errstate(all="ignore"):
        got = function(u)
    assert got.dtype == dtype
    with mpmath.workdps(60 if name != "minus_tanh" else 700):
        for x, value in zip(u, got, strict=True):
            true = formula(high(x))
            if abs(true) > np.finfo(dtype).max:
                assert np.isinf(value)
            elif abs(true) >= np.finfo(dtype).tiny:
                unit = float(np.spacing(abs(dtype(float(true)))))
                assert abs(high(value) - true) <= 4 * unit, (x, value, float(true))
            else:
                assert abs(float(value)) < 2 * float(np.finfo(dtype).tiny)


def test_a_quotient_of_powers_of_an_exponential() -> None:
    def true(u: float) -> Any:
        x = mpmath.exp(high(u))
        return (3 + high(u) * x**2) / (1 + 2 * x + 2 * x**2)

    u = np.array([-800.0, -40.0, -1.3, -0.1, 0.0, 0.1, 1.3, 40.0, 800.0])
    got = elementary.exp_ratio(u, 3, 0, u, 1, 2, 2)
    with mpmath.workdps(60):
        assert max(abs(high(value) / true(x) - 1) for x, value in zip(u, got, strict=True) if true(x)) < 2.0**-50
    assert elementary.exp_ratio(np.float32([1.0]), 0, np.float32([2.0]), 1, 1).dtype == np.float32


@np.errstate(over="ignore", invalid="ignore")
def test_an_infinite_coefficient_of_a_power_that_has_vanished() -> None:
    u = np.array([-1e300, 0.0, 1e300])
    np.testing.assert_array_equal(elementary.exp_ratio(u, 0, u * u, 1, 1, 2, 1), [0.0, 0.25, 1.0])


@np.errstate(over="ignore")
def test_no_root_overflows() -> None:
    # mpmath: 4/(2*1e200), and twice 1e300.
    np.testing.assert_allclose(elementary.root_plus(np.array([-1e200, 1e300]), np.array(2.0)), [2e-200, 2e300])


def test_what_has_vanished_stays_zero() -> None:
    with np.errstate(invalid="ignore"):
        got = elementary.vanishing(np.array([0.0, 0.0, 2.0]), np.array([np.inf, 1.0, np.inf]))
    np.testing.assert_array_equal(got, [0.0, 0.0, np.inf])


@pytest.mark.parametrize("shape", [(2, 0), (0, 2), (2, 0, 3)])
def test_positions_in_an_empty_row(shape: tuple[int, ...]) -> None:
    for axis, size in enumerate(shape):
        rest = shape[:axis] + shape[axis + 1 :]
        for function in (primitives.argmax, primitives.argmin):
            found = function(np.zeros(shape), axis)
            assert found.shape == rest, (size, axis)
            assert found.dtype == np.intp


def test_the_first_of_equal_extremes() -> None:
    u = np.array([[1.0, -2.0, -2.0], [3.0, 3.0, 4.0]])
    assert primitives.argmin(u, 1).tolist() == [1, 0]
    assert primitives.argmax(u, 0).tolist() == [1, 1, 1]


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
def test_logarithms_of_ratios(dtype: Any) -> None:
    info = np.finfo(dtype)
    pairs = [(1.0, 3.0), (1.5, 1.0), (1 + info.eps, 1.0), (0.1, 0.1), (info.max, info.tiny), (info.tiny, info.max)]
    a, b = (np.array(side, dtype) for side in zip(*pairs, strict=True))
    with np.errstate(all="ignore"):
        got = elementary.log_ratio(a, b, a - b)
    assert got.dtype == dtype
    for value, x, y in zip(got, a, b, strict=True):
        true = mpmath.log(high(x) / high(y))
        assert abs(high(value) - true) <= 3 * float(np.spacing(abs(dtype(float(true)))))


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
def test_a_power_less_one_keeps_its_digits(dtype: Any) -> None:
    bases = np.array([0.0, 0.1, 0.5, 0.9, 0.999, 1 - 2.0**-20, 1.0, 1 + 2.0**-20, 1.5, 7.0], dtype)
    for k in (0, 1, 2, 17, 1000):
        with np.errstate(all="ignore"):
            got = elementary.power_minus_one(bases, dtype(k))
        assert got.dtype == dtype
        for b, value in zip(bases, got, strict=True):
            with mpmath.workdps(60):
                true = high(b) ** k - 1
                if abs(true) <= np.finfo(dtype).max:
                    assert abs(high(value) - true) <= 4 * float(np.spacing(abs(dtype(float(true))))), (b, k)


def test_a_rate_to_a_varying_power_is_taken_off_one_without_cancellation() -> None:
    source = compile(declare("x[T], 0 <= b < 1\ny[t] = x[t]/(1 - b**(t + 1))")).source
    assert "power_minus_one(b, 1 + t_)" in source
    assert "power_minus_one" not in compile(declare("x[T], b\ny[t] = x[t]/(1 - b**(t + 1))")).source

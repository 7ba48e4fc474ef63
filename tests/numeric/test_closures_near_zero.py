"""Balls of differences of exponentials: known to many bits where 1,800 bits of the terms would cancel."""

from __future__ import annotations

import pytest

from derive.registry import declare
from numeric.exact import Exact

# mpmath at 3000 digits, rounded to float64.
CASES = {
    "tanh(log(1 + exp(x)))": (-800.0, "3.66787e-348"),
    "log(1 + exp(x))": (-2000.0, "2.57654e-869"),
    "3*exp(x) - 3": (1e-300, "3e-300"),
    "(exp(x) - exp(-x))/2": (1e-300, "1e-300"),
    "2*exp(-x) - 2*exp(x)": (1e-300, "-4e-300"),
}


@pytest.mark.parametrize("text", CASES)
def test_192_bits_are_enough(text: str) -> None:
    x, expected = CASES[text]
    value = Exact(declare(f"x[n]\ny = {text}").program, {"x": [x]}, bits=192).value("y", (0,))
    assert value.rel_accuracy_bits() > 150
    assert abs(value / type(value)(expected) - 1) < 1e-4


def test_the_logarithm_of_zero_is_minus_infinity() -> None:
    program = declare("x[n]\ny = log(1 + x)").program
    value = Exact(program, {"x": [-1.0]}).value("y", (0,))
    assert not value.is_finite()
    assert value < 0

"""Rules for terms that nearly cancel and for factors that vanish: what they give at the worst places, and what they leave alone.

Expected numbers: mpmath 1.3 at 60 digits, rounded to float64.
"""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from sympy import Expr, NumberSymbol, Pow

from derive.registry import declare, get
from numeric import compile, exponentials

# Each beside the number, to whatever factor, in whatever order, with a further term.
VALUES = {
    "1 + erf(x)": (-6.0, 2.1519736712498913e-17),
    "w - w*erf(x)": (6.0, 3 * 2.1519736712498913e-17),
    "1 + tanh(x)": (-20.0, 8.496708510583142e-18),
    "w*tanh(x) - w": (20.0, -3 * 8.496708510583142e-18),
    "w - w*tanh(x)**2": (20.0, 3 * 1.6993417021166355e-17),
    "w - w*sigmoid(x)": (40.0, 3 * 4.248354255291589e-18),
    "w*(exp(x) - 1)": (1e-20, 3e-20),
    "x - tanh(x)": (1e-3, 3.333332000000539e-10),
    "w*tanh(x) - w*x": (1e-3, -3 * 3.333332000000539e-10),
    "x + sqrt(x**2 + b)": (-1e10, 2e-10),
    "sqrt(b + x**2) - x": (1e10, 2e-10),
    "1 + x/sqrt(x**2 + b)": (-1e10, 2e-20),
    "w - w*x/sqrt(x**2 + b)": (1e10, 3 * 2e-20),
    "1 - (2*x + b)/(3*x + b)": (1e-20, 4e-20 / 16),  # one minus a Dice coefficient: x/(3*x + b) with b = 4
    "x/(x + b) - 1 + w": (1e-20, 3 - 1.0),
    "1/sqrt(x**2 + b)": (1e300, 1e-300),
    "exp(x) - x - 1": (1e-3, 5.001667083416681e-07),
    "w + w*x - w*exp(x)": (1e-3, -3 * 5.001667083416681e-07),
    "log(b*x/(x + b))": (1e300, 1.3862943611198906),
    "w*log(x/b)": (4 + 2.0**-50, 3 * 2.2204460492503128e-16),
    "sqrt(x**2 + w**2)": (1e200, 1e200),
    "log((exp(x) + exp(-x))/2)": (1e-3, 4.999999166666889e-07),
    # tanh(log(1 + exp(x))): put into the definition, exp(log(...)) would fall away, and tanh with it
    "w*tanh(log(1 + exp(x)))": (-40.0, 3 * 4.248354255291589e-18),
    "1/(1 + exp(-log(1 + exp(x)))) + tanh(log(1 + exp(x)))": (800.0, 800.0**0 + 1),
    "w*log(2*exp(x) + 2*exp(-x))": (800.0, 3 * 800.6931471805599),
}


@pytest.mark.parametrize("text", VALUES)
@pytest.mark.parametrize("more", ["", " + y"])
def test_the_small_rest_is_kept(text: str, more: str) -> None:
    x, expected = VALUES[text]
    function = compile(declare(f"x[n], y[n], w[n], b > 0\nz = {text}{more}"))
    given = {"x": [x], "y": [0.0], "w": [3.0], "b": 4.0}
    np.testing.assert_allclose(function.forward(**given)["z"], [expected], rtol=2e-14)


def test_a_number_that_may_be_negative_has_no_root_of_its_own() -> None:
    function = compile(declare("x[n], b\ny = sqrt(x**2 + b)"))
    assert "hypot" not in function.source
    assert float(function.forward(x=[2.0], b=-3.0)["y"][0]) == 1.0


@pytest.mark.parametrize("text", ["3 + tanh(x)", "2*erf(x) + 1", "exp(x) - w", "sigmoid(x) + 1", "x - 2*tanh(x)"])
def test_what_does_not_cancel_stays(text: str) -> None:
    forward = compile(declare(f"x[n], w[n]\ny = {text}")).source.split("def backward")[0]
    assert not any(name in forward for name in ("erfc", "expm1", "minus_tanh", "logistic(-"))


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("(1 - tanh(x)**2)*x**3", 1e200),
        ("exp(-x**2)*x**4", 1e200),
        ("sigmoid(-x)*x**2", 1e200),
        ("sigmoid(w*x)*w*x", -1e200),
    ],
)
def test_what_vanishes_exponentially_is_zero_whatever_it_multiplies(text: str, x: float) -> None:
    function = compile(declare(f"x[n], w[n]\ny = {text}"))
    assert function.forward(x=[x, 1.0], w=[1e200, 1.0])["y"][0] == 0
    assert function.forward(x=[x, 1.0], w=[1e200, 1.0])["y"][1] != 0


def test_one_factor_cannot_overflow_and_stays_plain() -> None:
    assert "vanishing" not in compile(declare("x[n], w[n]\ny = exp(-x**2/2)*x*w")).source


def test_constants_are_one_number_and_keep_the_dtype() -> None:
    function = compile(declare("x[n]\ny = sqrt(2)/sqrt(pi)*x"))
    assert "0.7978845608028654*x" in function.source  # mpmath: sqrt(2/pi)
    assert function.forward(x=np.ones(2, np.float32))["y"].dtype == np.float32


INFLECTING: dict[str, Any] = {
    "z[i]*sigmoid(z[i])": lambda t: t / (1 + mpmath.exp(-t)),
    "z[i]*tanh(log(1 + exp(z[i])))": lambda t: t * mpmath.tanh(mpmath.log1p(mpmath.exp(t))),
}


@pytest.mark.parametrize("text", INFLECTING)
def test_one_exponential_has_few_roundings(text: str) -> None:
    """Where a gradient has its extremum, here near -2.4 and -2.3, its condition number is 0: nothing excuses a cancellation."""
    function = compile(declare(f"z[n]\na[i] = {text}"), wrt="z")
    assert "exp_ratio" in function.source
    z = np.linspace(-2.6, -2, 400)
    got = function.vjp({"z": z}, {"a": np.ones_like(z)})["z"]
    with mpmath.workdps(60):
        due = [mpmath.diff(INFLECTING[text], mpmath.mpf(float(x))) for x in z]
        worst = max(abs(mpmath.mpf(float(g)) - d) / np.spacing(abs(float(d))) for g, d in zip(got, due, strict=True))
    assert worst <= 4, worst


@pytest.mark.parametrize(
    "text",
    [
        "w*sigmoid(x) + y*sigmoid(-x)",
        "sigmoid(x) + x*sigmoid(2*y)",
        "tanh(x) + x**5*sigmoid(x)",
        "sigmoid(x) + x*sigmoid(10001*x/10000)",
    ],
)
def test_other_sums_of_exponentials_stay(text: str) -> None:
    assert "exp_ratio" not in compile(declare(f"x[n], y[n], w[n]\nz = {text}")).source


def test_roots_among_the_coefficients_are_symbols_while_factors_are_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """With them SymPy computed in expressions, for hours at some mutants of gelu_tanh."""
    asked: list[Expr] = []
    cancelled = exponentials.cancel

    def cancel(expression: Expr, *by: Expr) -> Expr:
        asked.append(expression)
        return cancelled(expression, *by)

    monkeypatch.setattr(exponentials, "cancel", cancel)
    assert "exp_ratio" in compile(get("gelu_tanh"), wrt="z").vjp_source
    numbers = [part for each in asked for part in each.atoms(Pow, NumberSymbol) if part.is_number]
    assert asked
    assert [number for number in numbers if not number.is_rational] == []

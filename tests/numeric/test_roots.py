"""Sums of squares of which only the root is needed: where they are found, and what it brings."""

from __future__ import annotations

import numpy as np
import pytest

from derive.registry import declare
from numeric import compile


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("x[n]; s = sum(x**2); y[i] = x[i]/sqrt(s)", 1),
        ("x[n, k]; s[i] = mean(x[i, j]**2, j); y[i, j] = x[i, j]/sqrt(s[i] + 1e-5)", 1),
        ("x[n, k]; s = sum(x**2); y[i, j] = x[i, j]*sqrt(s)", 1),
        ("x[n, k]; s[j] = sum(x[i, j]**2, i); y[i, j] = x[i, j]/sqrt(s[j]) + sqrt(s[j] + 1)", 2),
        ("x[n], e[n]; s = sum(x**2); y[i] = x[i]/sqrt(s + e[i]**2)", 0),  # another offset for each element
        ("x[n]; s = sum(x**2); y[i] = x[i]/s", 0),  # no root
        ("x[n]; 0 < x[n]; s = sum(x); y[i] = x[i]/sqrt(s)", 0),  # no squares
        ("x[n, k]; s[i] = -sum(x[i, j]**2, j); y[i, j] = x[i, j]*sqrt(4 + s[i])", 0),  # not their sum
    ],
)
def test_roots_are_taken_where_they_are_the_same_thing(text: str, calls: int) -> None:
    function = compile(declare(text))
    assert function.vjp_source.count("root_of_squares(") == calls
    assert [r.because.startswith("squares that would overflow") for r in function.rewrites].count(True) == calls
    rng = np.random.default_rng(5)
    shapes = {t.name: tuple(2 + k for k in range(t.rank)) for t in function.program.inputs}
    inputs = {name: rng.uniform(0.2, 0.9, shape) for name, shape in shapes.items()}
    seeds = {t: rng.standard_normal(np.shape(v)) for t, v in function.forward(**inputs).items()}
    # Slopes along the axes by central differences: both passes, joined and apart.
    got = function.vjp(inputs, seeds)
    _, residuals = function.run_forward(inputs)
    apart = function.run_backward(residuals, seeds)
    for name, gradient in got.items():
        np.testing.assert_array_equal(apart[name], gradient)
        for at in np.ndindex(gradient.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = {k: v.copy() for k, v in inputs.items()}
                moved[name][at] += step
                sides.append(sum(float((seeds[t] * v).sum()) for t, v in function.forward(**moved).items()))
            assert (sides[0] - sides[1]) / 2e-6 == pytest.approx(gradient[at], rel=1e-6, abs=1e-8)


def test_a_unit_vector_keeps_its_gradient_where_the_squares_leave_the_range() -> None:
    function = compile(declare("x[n]; s = sum(x**2); y[i] = x[i]/sqrt(s)"))
    x, dy = np.array([3.0, 4.0]), np.array([1.0, 0.0])
    ordinary = function.vjp({"x": x}, dy)["x"]
    np.testing.assert_allclose(ordinary, [0.128, -0.096], rtol=1e-14)  # (I - y y^T)/5 at y = (0.6, 0.8), by hand
    for exponent in (700, -700):
        scaled = function.vjp({"x": np.ldexp(x, exponent)}, dy)["x"]
        np.testing.assert_allclose(np.ldexp(scaled, exponent), ordinary, rtol=1e-14)


@pytest.mark.parametrize(
    "text",
    [
        "x[n], g; s = sum(x**2); y[i] = g*x[i]/sqrt(s)",  # (g r dy - ...)/r**2: r is not multiplied by first
        "x[n], g; r = sqrt(sum(x**2)); c = g/r; y[i] = c*x[i]",  # a root that is declared: dr is dc*g/r**2
        "x[n]; r = sqrt(sum(x**2)); y[i] = x[i]/r",  # x/r**2
    ],
)
def test_what_is_divided_by_a_root_stays_in_the_range(text: str) -> None:
    function = compile(declare(text))
    x, dy, more = np.array([3.0, 4.0]), np.array([1.0, 0.5]), {"g": 2.0} if "g;" in text else {}
    at = {e: function.vjp({"x": np.ldexp(x, e), **more}, dy)["x"] for e in (200, 1000, -200, -1000)}
    ordinary = np.ldexp(at[200], 200), np.ldexp(at[-200], -200)
    assert np.abs(ordinary).min() > 0.01
    np.testing.assert_allclose(np.ldexp(at[1000], 1000), ordinary[0], rtol=1e-14)
    np.testing.assert_allclose(np.ldexp(at[-1000], -1000), ordinary[1], rtol=1e-14)

"""Adjoints that nothing feeds are 0, and what they would bring to others is gone."""

from __future__ import annotations

import numpy as np
import pytest

from derive.registry import declare
from derive.reverse import derive
from numeric import compile

# The state reaches the output through a sign or a step alone: its recurrence runs backwards on nothing.
SIGNED = "g[T], w0, b\nm[t] = b*m[t - 1] + (1 - b)*g[t]\nm[-1] = 0\nw[t] = w[t - 1] - {}\nw[-1] = w0"


@pytest.mark.parametrize("step", ["sign(m[t])", "where(m[t] > 0, 1, 0)"])
def test_a_recurrence_that_is_made_of_itself_alone_is_zero(step: str) -> None:
    derivation = derive(declare(SIGNED.format(step)))
    assert [(e.target, e.rhs) for e in derivation.equations if e.target in ("dg", "db")] == [("dg", 0), ("db", 0)]
    assert "dm" not in derivation.combined.tensors
    zeros = [s for s in derivation.steps if s.rule == "zero"]
    assert any(s.target == "dm" and s.because.startswith("nothing feeds") for s in zeros)
    rng = np.random.default_rng(3)
    function = compile(derivation)
    found = function.vjp({"g": rng.standard_normal(5), "w0": 1.0, "b": 0.5}, rng.standard_normal(5))
    assert found["g"].dtype == np.float64
    np.testing.assert_array_equal(found["g"], np.zeros(5))
    assert found["w0"] != 0


def test_what_is_fed_anywhere_stays() -> None:
    derivation = derive(declare(SIGNED.format("sign(m[t])") + "\nL = sum(w[t], t) + sum(m[t], t)"))
    function = compile(
        derivation,
    )
    found = function.vjp({"g": np.array([2.0, 3.0]), "w0": 1.0, "b": 0.5})
    # L contains m[0] + m[1] = (1 - b)*(g[0] + b*g[0] + g[1])
    np.testing.assert_allclose(found["g"], [0.75, 0.5])


def test_other_terms_of_an_equation_survive() -> None:
    derivation = derive(declare("x[n]\ns = sign(x)\ny = x*s + s"))
    (equation,) = derivation.equations
    assert equation.target == "dx"
    found = compile(derivation).vjp({"x": np.array([2.0, -3.0])}, np.ones(2))["x"]
    np.testing.assert_array_equal(found, [1.0, -1.0])

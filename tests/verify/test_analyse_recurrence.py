"""Jacobians through time: the derived form, the bound, the three regimes, and that a wrong Jacobian is seen."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np
import pytest

from derive.analyses.through_time import through_time
from derive.errors import DerivationError
from derive.registry import declare, get
from numeric import compile
from verify.analyses import recurrence as module


def test_one_step_against_jax() -> None:
    found = through_time(get("rnn"))
    rng = np.random.default_rng(3)
    x, h, wx, w, b = (rng.normal(size=s) for s in ((1, 2), (1, 3), (2, 3), (3, 3), (3,)))
    with jax.enable_x64(True):
        expected = jax.jacobian(lambda h: jax.numpy.tanh(x @ wx + h @ w + b))(h)
    got = compile(found.derivation.combined).forward(X=x, h_last=h, W_xh=wx, W_hh=w, b_h=b)
    np.testing.assert_allclose(next(iter(got.values())), expected, rtol=1e-12, atol=1e-15)


SIGMOID = """
x[T, m], h0[m], W[m, m]
z[t, j] = sum(W[j, k]*h[t - 1, k], k) + x[t, j]
h[t, j] = sigmoid(z[t, j])
h[-1, j] = h0[j]
"""
# The slope is known in terms of the state alone, whose range is not declared: h*(1 - h) has no bound by itself.
IN_ONE = (
    SIGMOID.replace("z[t, j] =", "h[t, j] = sigmoid(")
    .replace("+ x[t, j]", "+ x[t, j])")
    .replace("h[t, j] = sigmoid(z[t, j])\n", "")
)


@pytest.mark.parametrize(
    ("what", "weight", "largest"),
    [
        ("rnn", "W_hh", "1"),
        ("rnn_relu", "W_hh", "1"),
        ("state_space", "A", "1"),
        (SIGMOID, "W", "1/4"),
        (IN_ONE, None, None),
        ("gru", None, None),
        ("diagonal_state_space", None, None),  # its weights mix nothing: no matrix whose norm could bound it
    ],
)
def test_what_bounds_a_step(what: str, weight: str | None, largest: str | None) -> None:
    found = through_time(get(what) if what.isidentifier() else declare(what))
    assert found.largest is None if largest is None else str(found.largest) == largest
    assert found.weight == (weight)


def test_regimes() -> None:
    report = module.recurrence(get("rnn"))
    assert report.agrees
    vanishing, steady, exploding = report.regimes
    assert vanishing.rate == pytest.approx(0.5, abs=0.05)
    assert steady.rate == pytest.approx(1.0, abs=0.05)
    assert exploding.rate == pytest.approx(1.5, abs=0.1)
    assert vanishing.norms[-1] < 1e-5 < 1e2 < exploding.norms[-1]
    assert all(r.norm > r.radius for r in report.regimes)  # the norm bounds the radius, so it may overstate


@pytest.mark.parametrize("wrong", ["jacobian", "bound"])
def test_a_wrong_derivation_is_seen(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    true = module.through_time

    def changed(operation: Any) -> Any:
        found = true(operation)
        if wrong == "bound":
            return dataclasses.replace(found, largest=found.largest / 4)
        adjoint = found.derivation.adjoint
        *rest, last = adjoint.equations
        adjoint = adjoint.with_(equations=(*rest, dataclasses.replace(last, rhs=last.rhs * (1 + 1e-6))))
        return dataclasses.replace(found, derivation=dataclasses.replace(found.derivation, adjoint=adjoint))

    monkeypatch.setattr(module, "through_time", changed)
    assert not module.recurrence(get("rnn")).agrees


def test_several_states_are_refused() -> None:
    with pytest.raises(DerivationError, match="lstm has the states c, h; the Jacobian of one step"):
        through_time(get("lstm"))

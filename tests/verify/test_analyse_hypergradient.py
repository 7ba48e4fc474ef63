"""Hypergradients: against jax.grad of the reference, their closed form, and that a wrong tangent is seen."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np
import pytest

from derive.analyses.hypergradient import hypergradient as derived
from derive.errors import DerivationError
from derive.registry import get
from derive.text import equation_text
from numeric import compile
from verify.analyses import hypergradient as module
from verify.references import find


@pytest.mark.parametrize("name", ["gradient_descent", "momentum", "nesterov", "adam"])
def test_against_jax_grad_of_a_loss_after_the_last_step(name: str) -> None:
    program = get(name).program
    rng = np.random.default_rng(5)
    inputs: dict[str, Any] = {"g": rng.normal(size=(7, 3)), "theta0": rng.normal(size=3)}
    values = {t.name: float(t.default) for t in program.inputs if t.default is not None}
    forward = find(name)
    assert forward is not None
    weights = rng.normal(size=3)

    def loss(moving: dict[str, Any]) -> Any:
        return weights @ forward(**inputs, **moving)["theta"][-1]

    with jax.enable_x64(True):
        expected = jax.jit(jax.grad(loss))(values)
    found = derived(program)
    assert {each.hyper for each in found} == set(values)
    for each in found:
        got = compile(each.program).forward(**inputs, **values)[each.tangent]
        assert got.shape == (7, 3)
        np.testing.assert_allclose(weights @ got[-1], expected[each.hyper], rtol=1e-8)


def test_the_closed_form_and_the_data() -> None:
    (found,) = derived(get("gradient_descent"), wrt="alpha")
    assert found.closed is not None
    assert equation_text(found.closed) == "theta_dot[t, j] = sum(-g[s, j], s)"
    assert {t.name for t in found.program.inputs} == {"g", "theta0", "alpha"}  # the tangent of alpha is put in


def test_the_report_sees_a_wrong_tangent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.hypergradient(get("heavy_ball")).agrees
    true = module.derived

    def wrong(*arguments: Any) -> Any:
        (found,) = true(*arguments)
        *rest, last = found.program.equations
        program = found.program.with_(equations=(*rest, dataclasses.replace(last, rhs=last.rhs * (1 + 1e-6))))
        return (dataclasses.replace(found, program=program),)

    monkeypatch.setattr(module, "derived", wrong)
    report = module.hypergradient(get("heavy_ball"), wrt=["alpha"])
    assert not report.agrees
    assert report.entries[0].numpy_error > 1e-7
    assert (report.entries[0].jax_error or 0) < 1e-9  # JAX is not misled


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("sigmoid", {}, "sigmoid is no recurrence"),
        ("gradient_descent", {"wrt": "beta"}, "no hyper-parameter 'beta'; .* here: alpha"),
        ("gradient_descent", {"of": "phi"}, "no equation for 'phi' to differentiate; choose from: theta"),
        ("rnn", {}, "here: none"),
    ],
)
def test_what_has_none(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(DerivationError, match=message):
        derived(get(name), **settings)

"""Closed forms of recurrences against the recurrences themselves, stepped by the exact evaluator."""

from __future__ import annotations

import numpy as np
import pytest

from derive.errors import DerivationError
from derive.nodes import Access, Reduce
from derive.registry import declare, get
from derive.unroll import unroll
from numeric.exact import Exact
from tests.derive.support import close, floats


@pytest.mark.parametrize(
    ("name", "target"),
    [("gradient_descent", "theta"), ("momentum", "v"), ("momentum", "theta"), ("adam", "m"), ("adam", "v")],
)
@pytest.mark.parametrize("steps", [1, 4])
def test_closed_form_equals_the_recurrence(name: str, target: str, steps: int) -> None:
    operation = get(name)
    closed = unroll(operation, target).equation
    assert target not in closed.reads()
    rng = np.random.default_rng(steps)
    inputs = {"g": rng.normal(size=(steps, 3)), "theta0": rng.normal(size=3)}
    exact = Exact(operation.program, inputs)
    got = [
        [exact.evaluate(closed.rhs, dict(zip(closed.indices, (t, j), strict=True))) for j in range(3)]
        for t in range(steps)
    ]
    close(floats(got), floats(exact.array(target)))


@pytest.mark.parametrize(("target", "beta"), [("m", "beta1"), ("v", "beta2")])
def test_bias_correction_of_adam_is_the_sum_of_the_weights(target: str, beta: str) -> None:
    result = unroll(get("adam"), target)
    (t, _) = result.equation.indices
    assert result.coefficient == Access(beta)
    assert result.weight_sum == 1 - Access(beta) ** (t + 1)  # Kingma and Ba 2015, section 3
    assert result.equation.rhs.has(Reduce)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x[T], a\nh[t] = h[t - 1]**2*a + x[t]\nh[-1] = 0", "not linear in h"),
        ("x[T]\nh[t] = x[t]*h[t - 1] + 1\nh[-1] = 0", "depends on t"),
        ("x[T], W[m, m]\nh[t, j] = x[t] + sum(W[j, k]*h[t - 1, k], k)\nh[-1, j] = 0", "h"),
        ("x[T]\nh[t] = tanh(h[t - 1]) + x[t]\nh[-1] = 0", "not linear in h"),
        ("x[T]\nh[t] = 2*x[t]", "no recurrence"),
    ],
)
def test_what_is_not_linear_is_named(text: str, reason: str) -> None:
    with pytest.raises(DerivationError, match=reason):
        unroll(declare(text), "h")

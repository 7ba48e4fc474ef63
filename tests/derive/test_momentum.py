"""Forms of momentum that are said to be the same: in their steps and in their gradients."""

from __future__ import annotations

import numpy as np
import pytest

import numeric
from derive.registry import get

GIVEN = {"g": np.random.default_rng(5).normal(size=(6, 3)), "theta0": np.array([0.5, -1.0, 2.0])}
COTANGENT = np.random.default_rng(6).normal(size=(6, 3))


def steps(name: str, alpha: float, beta: float, output: str = "theta") -> tuple[np.ndarray, np.ndarray]:
    """The parameters, and the gradient of a weighted sum of them in all gradients that were given."""
    function = numeric.compile(get(name))
    inputs = {**GIVEN, "alpha": alpha, "beta": beta}
    outputs = function.program.outputs
    cotangents = {each: COTANGENT if each == output else np.zeros_like(COTANGENT) for each in outputs}
    return function.forward(**inputs)[output], function.vjp(inputs, cotangents)["g"]


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_the_average_is_the_heavy_ball_with_a_smaller_learning_rate(beta: float) -> None:
    for ours, theirs in zip(steps("momentum", 0.1, beta), steps("heavy_ball", 0.1 * (1 - beta), beta), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_nesterov_follows_the_point_that_looks_ahead(beta: float) -> None:
    for ours, theirs in zip(steps("nesterov", 0.1, beta), steps("nesterov_lookahead", 0.1, beta, "phi"), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_the_point_it_comes_from_is_the_heavy_ball() -> None:
    for ours, theirs in zip(steps("heavy_ball", 0.1, 0.9), steps("nesterov_lookahead", 0.1, 0.9), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert not np.allclose(steps("nesterov", 0.1, 0.9)[0], steps("heavy_ball", 0.1, 0.9)[0])

"""Optimizers that make one step at a time: classes, objects, functions with a config, transformations."""

from __future__ import annotations

from typing import Any

import numpy as np
import optax
import pytest

from tests.oracle.test_check import ORDINARY
from verify.errors import MappingError
from verify.oracle import check


class Adam:
    """As courses write it: parameters and gradients by name, changed in place."""

    def __init__(self, lr: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> None:
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.m: dict[str, Any] = {}
        self.v: dict[str, Any] = {}
        self.t = 0

    def step(self, params: dict[str, Any], grads: dict[str, Any]) -> None:
        self.t += 1
        for key in params:
            self.m[key] = self.beta1 * self.m.get(key, 0) + (1 - self.beta1) * grads[key]
            self.v[key] = self.beta2 * self.v.get(key, 0) + (1 - self.beta2) * grads[key] ** 2
            params[key] -= self.lr * self.ratio(self.m[key], self.v[key])

    def ratio(self, m: Any, v: Any) -> Any:
        return m / (1 - self.beta1**self.t) / (np.sqrt(v / (1 - self.beta2**self.t)) + self.eps)


class Uncorrected(Adam):
    def ratio(self, m: Any, v: Any) -> Any:
        return m / (np.sqrt(v) + self.eps)


class Late(Adam):
    """Counts its steps from 0 on, and puts off the trouble by one."""

    def ratio(self, m: Any, v: Any) -> Any:
        return m / (1 - self.beta1 ** (self.t + 1)) / (np.sqrt(v / (1 - self.beta2 ** (self.t + 1))) + self.eps)


def rule(w: Any, dw: Any, config: Any = None) -> Any:
    """As in the assignments of CS231n."""
    config = config or {"v": np.zeros_like(w)}
    v = 0.9 * config["v"] - 0.1 * dw
    return w + v, {"v": v}


class Numbered:
    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate

    def update(self, theta: Any, grad: Any, t: int) -> Any:
        assert t >= 1
        return theta - self.learning_rate * grad


@pytest.mark.parametrize(
    ("optimizer", "name"),
    [
        (Adam, "adam"),
        (Adam(lr=1e-3), "adam"),
        (rule, "heavy_ball"),
        (Numbered, "gradient_descent"),
        (optax.adam, "adam"),
        (optax.adam(1e-3), "adam"),
    ],
    ids=["class", "object", "function with a config", "step with a number", "optax", "transformation"],
)
def test_right_ones_agree(optimizer: Any, name: str) -> None:
    found = check(optimizer, name, **ORDINARY)
    assert found.ok, str(found)
    assert {row.argument for row in found.evidence.rows if row.witness == "balls"} == {"theta"}


def test_an_object_begins_anew_for_each_trajectory_and_stays_as_it_was() -> None:
    mine = Adam()
    assert check(mine, "adam", **ORDINARY).ok
    assert mine.t == 0
    assert not mine.m


def test_a_missing_bias_correction_is_named() -> None:
    found = check(Uncorrected, "adam", **ORDINARY)
    assert [(cause.names, cause.kinds) for cause in found.causes] == [(("theta",), ("bias correction missing",))]


def test_a_wrong_count_of_steps_is_noticed() -> None:
    found = check(Late, "adam", seconds=0.1, **ORDINARY)
    assert [row.finding for row in found.evidence.faults] == ["wrong formula in ordinary"]


def test_hyper_parameters_vary_where_the_constructor_takes_them() -> None:
    class Fixed(Adam):
        def __init__(self, lr: float) -> None:
            super().__init__(lr, beta1=0.8)

    found = check(Fixed, "adam", seconds=0.1, **ORDINARY)
    assert not found.ok
    assert "note: beta1, beta2, eps taken for what the declaration has as default" in str(found)


def test_a_parameter_that_stands_for_nothing_is_asked_for() -> None:
    class Clipped(Adam):
        def __init__(self, lr: float, clip: float) -> None:
            super().__init__(lr)

    with pytest.raises(
        MappingError, match=r"Clipped needs clip, which no hyper-parameter of adam stands for; there are alpha,"
    ):
        check(Clipped, "adam", **ORDINARY)


def test_what_it_raises_is_told() -> None:
    class Broken(Adam):
        def step(self, params: Any, grads: Any) -> None:
            raise RuntimeError("not today")

    found = check(Broken, "adam", **ORDINARY)
    assert "raised RuntimeError: not today" in str(found)

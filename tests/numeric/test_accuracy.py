"""Gradients against rigorous enclosures: a few ULP times the condition number, over the whole range of floats."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from derive.registry import get
from numeric import compile
from numeric.function import Function
from tests.numeric.conditioning import gradient_excess

Array = np.ndarray[Any, Any]

LIMIT = 8.0
STRATA = {
    "ordinary": lambda rng: rng.standard_normal((2, 3)),
    "40": lambda rng: np.array([[40.0, -40.0, 3.0], [-40.0, 40.0, 39.5]]),
    "720": lambda rng: np.array([[720.0, -720.0, 1.0], [-719.5, 720.0, 719.0]]),
    "800": lambda rng: np.array([[800.0, -800.0, 0.5], [-800.0, 799.0, 800.0]]),
    "tiny": lambda rng: 1e-300 * rng.standard_normal((2, 3)),
    "mean 1e6, spread 1e-2": lambda rng: 1e6 + 1e-2 * rng.standard_normal((2, 3)),
    "mean 1e6, spread 1": lambda rng: 1e6 + rng.standard_normal((2, 3)),
}


@cache
def generated(name: str) -> Function:
    return compile(get(name))


def inputs(name: str, stratum: str, dtype: Any) -> dict[str, Array]:
    rng = np.random.default_rng(20)
    values = STRATA[stratum](rng)
    if name == "layer_norm":
        given = {"x": values, "gamma": rng.uniform(0.5, 2.0, 3), "beta": rng.standard_normal(3), "eps": np.array(1e-5)}
    elif name == "bce_with_logits":
        given = {"z": values.reshape(-1), "y": np.array([1.0, 0.0, 0.5, 1.0, 0.0, 0.25])}
    else:
        given = {"z": values}
    return {n: v.astype(dtype) for n, v in given.items()}


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize(
    ("name", "stratum"),
    [
        (name, stratum)
        for name in ("sigmoid", "tanh", "softmax", "bce_with_logits", "layer_norm")
        for stratum in STRATA
        if name in ("softmax", "layer_norm") or "mean" not in stratum
    ],
)
def test_gradients_are_within_8_ulp(name: str, stratum: str, dtype: Any) -> None:
    function = generated(name)
    given = inputs(name, stratum, dtype)
    if stratum.endswith("1e-2") and dtype == np.float32:
        given[next(iter(given))] = (1e6 + 0.0625 * np.array([[0.0, 1, 3], [2, 0, -1]])).astype(dtype)  # its grid there
    rng = np.random.default_rng(21)
    names = function.derivation.cotangents
    outputs = function.forward(**given)
    cotangents = {output: rng.uniform(0.5, 2.0, outputs[output].shape).astype(dtype) for output in names}
    got = function.vjp(given, cotangents or None)
    full = {**given, **{names[output]: value for output, value in cotangents.items()}}
    found = gradient_excess(function.derivation, got, full)
    assert found
    assert max(found.values()) <= LIMIT, found


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_saturated_far_beyond_the_range_is_zero(name: str) -> None:
    # The true values, below exp(-1e6), are no floats.
    assert not generated(name).vjp({"z": np.array([1e6, -1e6])}, np.ones(2))["z"].any()


def test_bce_at_logit_40_is_no_false_zero() -> None:
    # mpmath, 50 digits: -exp(-40)/(1 + exp(-40)).
    gradient = generated("bce_with_logits").vjp({"z": np.array([40.0]), "y": np.array([1.0])})["z"]
    np.testing.assert_allclose(gradient, [-4.248354255291589e-18], rtol=4e-16)

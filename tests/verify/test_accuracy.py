"""Errors measured over the whole range of a float type: the measure itself, and what it says of the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from tests.seeds import SEED
from verify.accuracy import EXPONENTS, accuracy
from verify.sampling import Case

ELEMENTWISE = ["identity", "sigmoid", "tanh", "relu", "bce", "bce_with_logits", "mse"]


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_gradients_over_the_whole_range(name: str, dtype: Any) -> None:
    found = accuracy(name, dtype=dtype, seed=SEED, beside={})
    worst = found.worst()
    assert len(found.bands) == len(EXPONENTS[np.dtype(dtype).name])
    assert worst.excess <= 4, worst
    assert worst.false_zeros == 0


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmax_cross_entropy", "layer_norm"])
def test_row_gradients(name: str, dtype: Any) -> None:
    largest = max(EXPONENTS[np.dtype(dtype).name])
    worst = accuracy(name, dtype=dtype, seed=SEED, beside={}, exponents=[-60, -3, 0, 3, 6, 9, 60, largest]).worst()
    assert worst.excess <= 16, worst
    assert worst.false_zeros == 0


def test_a_zero_that_a_difference_leaves_is_no_false_one() -> None:
    # at this seed 8.2e-8 is left of a gradient of ordinary terms: its condition number is 0.7/u, and 0 is as good as any other
    worst = accuracy(
        "layer_norm", dtype=np.float32, seed=1097447018, beside={}, exponents=[-60, -3, 0, 3, 6, 9, 60, 120]
    ).worst()
    assert (worst.got, worst.false_zeros) == (0.0, 0)
    assert 1 < worst.excess < 16


def test_a_naive_sigmoid_is_seen() -> None:
    def naive(case: Case) -> Mapping[str, Any]:
        a = expit(case.inputs["z"])
        return {"z": case.cotangents["a"] * a * (1 - a)}

    found = accuracy("sigmoid", seed=3, exponents=[0, 5], beside={"naive": naive})
    ordinary, far = (band.errors["naive"] for band in found.bands)
    # 1 - sigma(z) is 0 from z = 36.7 on: about half of 32 ... 64, and there on the positive side only.
    assert ordinary.false_zeros == 0
    assert ordinary.excess < 8
    assert far.false_zeros >= 3
    assert far.excess > 1e12
    assert found.worst("naive").false_zeros == far.false_zeros


def test_values_that_are_no_numbers_are_the_worst() -> None:
    def broken(case: Case) -> Mapping[str, Any]:
        return {"z": np.full_like(case.inputs["z"], np.nan)}

    assert accuracy("tanh", seed=1, exponents=[0], beside={"broken": broken}).worst("broken").excess == np.inf


def test_underflow_is_no_error() -> None:
    # sigma'(z) is below the smallest normal number beyond 708, and 0 beyond 745.
    errors = accuracy("sigmoid", seed=2, exponents=[10], beside={}).worst()
    assert (errors.ulp, errors.false_zeros) == (0.0, 0)


def test_the_seed_repeats_it() -> None:
    again = [accuracy("tanh", seed=9, exponents=[1], beside={}) for _ in range(2)]
    assert again[0] == again[1]
    assert again[0] != accuracy("tanh", seed=10, exponents=[1], beside={})

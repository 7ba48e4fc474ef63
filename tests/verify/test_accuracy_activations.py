"""Activations over the whole range of a float type: tails that a plain formula loses, and powers that overflow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.shares import turn
from verify.accuracy import accuracy

NAMES = [
    "log_sigmoid", "tanhshrink", "softsign", "gaussian", "sine", "leaky_relu", "elu", "celu", "selu", "softplus",
    "squareplus", "gelu", "gelu_tanh", "silu", "swish", "mish", "hard_sigmoid", "hard_swish",
]  # fmt: skip
EXPONENTS = {
    np.float64: [-1000, -24, -1, 0, 1, 2, 3, 5, 9, 60, 1000],
    np.float32: [-120, -24, -1, 0, 1, 2, 3, 6, 60, 120],
}


@pytest.mark.parametrize("dtype", EXPONENTS, ids=["float64", "float32"])
@pytest.mark.parametrize("name", turn("accuracy of activations", NAMES, 8))
def test_four_units_and_no_false_zero(name: str, dtype: Any) -> None:
    worst = accuracy(name, dtype=dtype, seed=3, beside={}, exponents=EXPONENTS[dtype]).worst()
    assert worst.excess <= 4, worst
    assert worst.false_zeros == 0


@pytest.mark.parametrize("name", ["softmin", "sparsemax", "logsumexp"])
def test_rows(name: str) -> None:
    worst = accuracy(name, seed=3, beside={}, exponents=[-60, -3, 0, 3, 6, 9, 60, 1000]).worst()
    assert worst.excess <= 16, worst
    assert worst.false_zeros == 0

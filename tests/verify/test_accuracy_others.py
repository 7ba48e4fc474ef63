"""Layers, networks, optimizers, regularisers: 16 units in the last place times the condition number, in every element.

The magnitudes are those at which no intermediate leaves the float type; beyond them, what the verifier says is in
``verify/compare.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from derive.registry import operations
from tests.seeds import SEED
from tests.shares import turn
from verify.accuracy import accuracy

OTHERS = [operation.name for operation in operations() if operation.category not in ("activation", "loss")]


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("name", sorted({*turn("accuracy of others", OTHERS, 4), "adam"}))
def test_sixteen_units_and_no_false_zero(name: str, dtype: Any) -> None:
    worst = accuracy(name, dtype=dtype, seed=SEED, beside={}, exponents=[-24, -3, 0, 3, 8]).worst()
    assert worst.excess <= 16, worst
    assert worst.false_zeros == 0

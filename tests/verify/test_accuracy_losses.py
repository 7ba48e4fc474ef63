"""Losses over the whole range of a float type, wherever the loss itself is in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.shares import turn
from verify.accuracy import accuracy

ELEMENTWISE = [
    "mae", "huber", "smooth_l1", "log_cosh", "quantile", "nll", "hinge", "squared_hinge", "perceptron_loss",
    "bce_with_logits_weighted", "focal", "cross_entropy", "kl_divergence", "js_divergence", "l1", "clip_by_value",
    "label_smoothing", "poisson_nll", "exponential", "gaussian_kl", "gaussian_nll", "triplet_margin",
]  # fmt: skip
ROWS = [
    "softmax_cross_entropy_labels", "softmax_cross_entropy_smoothed", "softmax_cross_entropy_weighted",
    "softmax_cross_entropy_ignore", "dice", "cosine_embedding", "contrastive", "multiclass_hinge",
]  # fmt: skip
NORMALISATIONS = ["rms_norm", "weight_norm", "instance_norm", "batch_norm_inference", "clip_by_global_norm"]
BANDS = {
    np.float64: [-300, -24, -3, 0, 2, 4, 6, 9, 60, 300, 1000],
    np.float32: [-60, -24, -3, 0, 2, 4, 5, 6, 7, 30, 60, 120],
}
SMALLEST = {"multiclass_hinge": -3}  # smaller scores are ties once the margin of 1 is added, and ties are a convention


@pytest.mark.parametrize("dtype", BANDS, ids=["float64", "float32"])
@pytest.mark.parametrize("name", turn("accuracy of losses", [*ELEMENTWISE, *ROWS, *NORMALISATIONS], 6))
def test_a_few_units_and_no_false_zero(name: str, dtype: Any) -> None:
    bands = [band for band in BANDS[dtype] if band >= SMALLEST.get(name, band)]
    worst = accuracy(name, dtype=dtype, seed=3, beside={}, exponents=bands).worst()
    assert worst.excess <= (4 if name in ELEMENTWISE else 16), worst
    assert worst.false_zeros == 0


@pytest.mark.parametrize("name", ["mse", "half_mse", "squared_hinge", "l2"])
def test_some_gradients_are_right_behind_an_infinite_loss(name: str) -> None:
    worst = accuracy(name, seed=3, beside={}, exponents=[1000]).worst()
    assert max(worst.excess, worst.beyond) <= 4


def test_an_infinite_loss_is_told_apart() -> None:
    # the square of a distance of 2^1000 is infinite in floating point, and two such squares cannot be compared
    worst = accuracy("triplet_margin", seed=1, beside={}, exponents=[1000]).worst()
    assert worst.excess == 0
    assert worst.beyond > 1e6

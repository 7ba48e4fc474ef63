"""Losses over the whole range of a float type, as far as their own intermediate results are in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from verify.accuracy import accuracy

# A square of a distance, an exponential of a score overflow where the loss itself does: those stop before.
EXPONENTS = {
    "mae": 1000, "huber": 1000, "smooth_l1": 1000, "log_cosh": 1000, "quantile": 1000, "nll": 1000, "hinge": 1000,
    "squared_hinge": 1000, "perceptron_loss": 1000, "bce_with_logits_weighted": 1000, "focal": 1000,
    "cross_entropy": 1000, "kl_divergence": 1000, "js_divergence": 1000, "dice": 1000, "l1": 1000, "clip_by_value": 1000,
    "label_smoothing": 1000, "softmax_cross_entropy_labels": 1000, "softmax_cross_entropy_smoothed": 1000,
    "softmax_cross_entropy_weighted": 1000, "softmax_cross_entropy_ignore": 1000, "cosine_embedding": 300,
    "poisson_nll": 6, "exponential": 6, "gaussian_kl": 6, "gaussian_nll": 60, "contrastive": 60,
}  # fmt: skip
ROWS = {name for name in EXPONENTS if name.startswith("softmax")} | {"dice", "cosine_embedding", "contrastive"}
BANDS = {
    np.float64: [-300, -24, -3, 0, 2, 4, 6, 9, 60, 300, 1000],
    np.float32: [-60, -24, -3, 0, 2, 4, 5, 7, 30, 60, 120],
}


@pytest.mark.parametrize("dtype", BANDS, ids=["float64", "float32"])
@pytest.mark.parametrize("name", EXPONENTS)
def test_a_few_units_and_no_false_zero(name: str, dtype: Any) -> None:
    scale = 1 if dtype == np.float64 else 8
    bands = [band for band in BANDS[dtype] if band <= EXPONENTS[name] / (scale if EXPONENTS[name] > 6 else 1)]
    bands = [band for band in bands if dtype == np.float64 or EXPONENTS[name] > 6 or band <= 5]
    worst = accuracy(name, dtype=dtype, seed=3, beside={}, exponents=bands).worst()
    assert worst.excess <= (16 if name in ROWS else 4), worst
    assert worst.false_zeros == 0

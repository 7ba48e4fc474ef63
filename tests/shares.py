"""The operations that a costly test looks at: those of a first course, and a few others, drawn from the run's seed.

Each operation is verified in every run, and its printed form compared (``tests/verify/test_verify.py``,
``tests/derive/test_text.py``); what looks at it besides (other strata too) takes turns in ``make soak``, so that the suite's
time does not grow with the catalog.  ``BACKPROOF_TEST_ALL=1`` looks at all of them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

from derive.registry import names
from tests.seeds import SEED

OTHERS = 4
CORE = (
    "identity", "sigmoid", "tanh", "relu", "binary_step", "softmax", "log_softmax", "mse", "half_mse", "squared_error",
    "bce", "bce_with_logits", "softmax_cross_entropy", "dense", "neuron", "conv2d", "rnn", "layer_norm",
    "scaled_dot_product_attention", "least_squares", "logistic_regression", "mlp", "l2", "gradient_descent",
    "momentum", "adam",
)  # fmt: skip


def share(test: str) -> list[str]:
    """The names for a test; another test of the same run gets other ones."""
    others = sorted(set(names()) - set(CORE))
    if os.environ.get("BACKPROOF_TEST_ALL"):
        return [*CORE, *others]
    return [*CORE, *sorted(random.Random(f"{SEED} {test}").sample(others, OTHERS))]


def turn(test: str, items: Sequence[str], count: int) -> list[str]:
    """That many of the items, others in another run: for a test whose every case is of the same kind."""
    if os.environ.get("BACKPROOF_TEST_ALL"):
        return list(items)
    return sorted(random.Random(f"{SEED} {test}").sample(sorted(items), count))


BOOK = tuple(turn("book", CORE, 10))  # what the tests' book is made of, where it is not made of everything

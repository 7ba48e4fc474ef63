"""Our counts of operations against XLA's: the same leading term wherever products dominate."""

from __future__ import annotations

import numpy as np
import pytest

import numeric
from derive.registry import get
from numeric.cost import cost
from tests.seeds import SEED
from tests.verify.support import derivation_of
from verify.xla import same_leading_term

PRODUCTS = ["dense", "conv2d", "scaled_dot_product_attention", "mlp", "least_squares"]
SPATIAL = {"h": 7, "w": 6, "kh": 2, "kw": 3}


@pytest.mark.parametrize("name", PRODUCTS)
def test_both_passes_have_the_same_leading_term(name: str) -> None:
    operation, derivation = get(name), derivation_of(name)
    found = cost(numeric.compile(derivation))
    rng = np.random.default_rng(SEED)
    fixed = {s: SPATIAL[s.name] for s in operation.program.dimensions if s.name in SPATIAL}
    base = {s: int(rng.integers(2, 6)) for s in operation.program.dimensions if s not in fixed}
    for kind, ours in (("forward", found.forward.flops), ("vjp", found.vjp.flops)):
        mine, theirs = same_leading_term(operation, derivation, ours, kind, base, fixed)
        assert mine == theirs, (kind, base)


def test_a_missing_product_would_be_seen() -> None:
    operation, derivation = get("dense"), derivation_of("dense")
    ours = cost(numeric.compile(derivation)).forward.flops
    base = dict(zip(operation.program.dimensions, (2, 3, 5), strict=True))
    mine, theirs = same_leading_term(operation, derivation, ours / 2, "forward", base)
    assert mine * 2 == theirs

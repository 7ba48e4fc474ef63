"""The pair of points at which state that outlives a call shows, whatever is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from derive.registry import get
from derive.reverse import derive
from numeric import compile
from tests.seeds import SEED
from verify.judge import Points
from verify.protocol import two_cases

SEEDS = [SEED, 5, 8, 674337228]  # at the others the first was a dead rectifier, or a hard tanh beyond its kinks


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["relu", "hard_tanh", "softmax", "l1", "identity"])
def test_the_first_tells_whose_inputs_and_whose_cotangents_were_used(name: str, seed: int) -> None:
    derivation = derive(get(name))
    vjp = compile(derivation).vjp
    drawn = [case for found in Points(derivation, seed, 2).places().values() for case, _ in found]
    first, second = two_cases(derivation, drawn)
    assert second is not None
    (argument,) = derivation.gradients
    due = vjp(first.arguments(), first.seeds() or None)[argument]
    if name != "identity":  # whose gradient depends on no input
        assert not np.allclose(vjp(second.arguments(), first.seeds() or None)[argument], due)
    if derivation.cotangents:
        assert not np.allclose(vjp(first.arguments(), second.seeds())[argument], due)

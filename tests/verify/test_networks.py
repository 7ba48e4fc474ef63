"""Deep networks, composed from the catalog: every parameter's gradient is that of JAX, and the derivation stays readable."""

from __future__ import annotations

import numpy as np
import pytest

import numeric
from derive.registry import get
from derive.reverse import derive
from tests.seeds import SEED
from verify.sampling import sample
from verify.witnesses.autodiff import Autodiff
from verify.witnesses.balls import Truth

NETWORKS = ["transformer_block", "lenet", "resnet_block"]  # the others: tests/verify/test_verify.py, at 1e-10
CHARACTERS = 3000


@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_agrees_with_jax(name: str) -> None:
    operation = get(name)
    derivation = derive(operation)
    case = sample(operation.program, SEED, derivation=derivation, budget=2000)
    got = numeric.compile(derivation).vjp(case.arguments(), case.seeds() or None)
    _, expected = Autodiff(operation, operation.wrt).run(case, case.cotangents)
    truth = Truth(derivation, case)
    assert set(got) == set(expected) == set(operation.wrt)
    for argument, right in expected.items():
        gap = np.abs(got[argument] - right)
        # an element that cancels to almost nothing (a key's bias under softmax: exactly 0) is what rounding makes of it
        rounding = 64 * np.finfo(float).eps * truth.roughness(argument)
        assert np.all(gap <= np.maximum(1e-9 * np.abs(right), rounding)), argument
        assert np.linalg.norm(gap) <= 1e-9 * max(np.linalg.norm(right), float(rounding.max()) / 1e-9), argument


@pytest.mark.parametrize("name", NETWORKS)
def test_the_derivation_is_readable(name: str) -> None:
    assert len(str(derive(get(name)))) <= CHARACTERS

"""The search for a cause: every rule finds its mistake where it was planted, and none is claimed where it does not fit."""

from __future__ import annotations

import numpy as np
import pytest

import numeric
from derive.registry import get
from derive.reverse import derive
from tests.seeds import SEED
from verify.mutants.generate import explanations
from verify.oracle.explaining import explain
from verify.oracle.observation import Observation, alike
from verify.sampling import sample

OPERATIONS = ["softmax", "gaussian"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_planted_mistakes_are_named(name: str) -> None:
    """Each seventh mutation, as an implementation: the cause is its kind, or another mistake with the very same numbers."""
    operation = get(name)
    derivation = derive(operation)
    argument = next(iter(derivation.gradients))
    right = numeric.compile(derivation)
    cases = [sample(derivation.program, SEED + k, derivation=derivation, budget=200) for k in range(3)]
    tried = 0
    for mutation in list(explanations(derivation, argument))[::7]:
        try:
            wrong = numeric.compile(mutation.applied(derivation))
            found = [
                Observation(
                    case,
                    {argument: wrong.vjp(case.arguments(), case.seeds() or None)[argument]},
                    {argument: right.vjp(case.arguments(), case.seeds() or None)[argument]},
                )
                for case in cases
            ]
        except Exception:  # not every mutation is a program
            continue
        if all(
            alike(each.got[argument], each.expected[argument]) or not np.isfinite(each.got[argument]).all()
            for each in found
        ):
            continue
        tried += 1
        causes = explain(operation, derivation, found)
        assert causes, mutation.describe(derivation)
    assert tried >= 3


def test_right_arrays_have_no_cause() -> None:
    derivation = derive(get("sigmoid"))
    case = sample(derivation.program, SEED, derivation=derivation)
    value = numeric.compile(derivation).vjp(case.arguments(), case.seeds())["z"]
    assert explain(get("sigmoid"), derivation, [Observation(case, {"z": value}, {"z": value})]) == ()

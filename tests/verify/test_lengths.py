"""Recurrences and stacks of layers have a symbolic length: one derivation and one function for any number of steps."""

from __future__ import annotations

import numpy as np
import pytest

import numeric
from derive.registry import get
from derive.reverse import derive
from tests.seeds import SEED
from verify import Verdict
from verify.operations import settle
from verify.sampling import sample
from verify.sizes import draw_sizes
from verify.witnesses.autodiff import Autodiff
from verify.witnesses.balls import Truth

LENGTHS = {"rnn": "T", "lstm": "T", "gru": "T", "ctc": "T", "deep_mlp": "l"}


@pytest.mark.parametrize("name", LENGTHS)
def test_the_length_is_a_symbol_of_the_derivation(name: str) -> None:
    derivation = derive(get(name))
    forward, backward = (
        {str(group.extent) for group in program.groups if group.direction}
        for program in (derivation.program, derivation.adjoint)
    )
    assert forward == backward == {LENGTHS[name]}


@pytest.mark.parametrize("name", LENGTHS)
def test_one_function_serves_every_length(name: str) -> None:
    operation = get(name)
    derivation = derive(operation)
    function = numeric.compile(derivation)
    for length in (1, 17):
        sizes = draw_sizes(derivation.program, np.random.default_rng(SEED), "ordinary", budget=200)
        assert sizes is not None
        sizes = {s: length if str(s) == LENGTHS[name] else n for s, n in sizes.items()}
        case = sample(operation.program, SEED, sizes=sizes, derivation=derivation)
        got = function.vjp(case.arguments(), case.seeds() or None)
        _, expected = Autodiff(operation, operation.wrt).run(case, case.cotangents)
        truth = Truth(derivation, case)
        for argument, right in expected.items():
            # no path of one step has several labels: there a loss of 1e30 has no digit that the logits decide
            comparison, note = settle(got[argument], right, truth, argument, "ordinary")
            assert comparison.verdict is Verdict.AGREES, (argument, length, note)

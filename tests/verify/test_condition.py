"""The condition number of a gradient: the sum of what each input element does, by differences of exact values."""

from __future__ import annotations

import numpy as np
import pytest

from derive.registry import get
from derive.reverse import derive
from tests.numeric.conditioning import conditioned
from tests.seeds import SEED
from verify.sampling import sample
from verify.witnesses.balls import Truth, to_float


def ratio(name: str, seed: int) -> np.ndarray:
    """The measured condition numbers over those of the definition (at least 1, the rounding of the result itself)."""
    derivation = derive(get(name))
    case = sample(derivation.program, seed, derivation=derivation)
    truth = Truth(derivation, case)
    (argument,) = derivation.gradients
    target = derivation.gradients[argument]
    given = case.exact(derivation)
    wanted = conditioned(derivation.combined, given, [target])[target].conditions
    return truth.condition(argument, sure=True) / np.abs(to_float(truth.values(argument))) / np.maximum(1, wanted)


@pytest.mark.parametrize("seed", range(SEED, SEED + 2))
@pytest.mark.parametrize("name", ["gelu_tanh", "focal", "log_cosh"])
def test_elementwise_it_is_the_sum_over_all_inputs(name: str, seed: int) -> None:
    # Each element of these gradients reads one element of each input, so what a tensor does alone is what that element
    # does.  A measure that is too small accuses, and one that is too large excuses.
    np.testing.assert_allclose(ratio(name, seed), 1.0, rtol=1e-6)

"""What the range of a dtype does to numbers on the way: those that underflow, and sums that overflow where a mean does not.

At U = -100.5 logistic(U) is 2.3e-44: 16.4 units of float32's smallest number, 1.4e-45, so that it is given as 16 or 17 of
them, which is 2 or 4 percent off.
"""

from __future__ import annotations

import numpy as np
import pytest

from derive.registry import declare, get
from derive.reverse import derive
from tests.seeds import SEED
from verify import Verdict, check_gradient
from verify.compare import compare
from verify.sampling import Case, sample
from verify.witnesses.balls import Truth

ONE = np.ones((1, 1), np.float32)
UNIT = 2.0**-149  # the smallest number of float32 (IEEE 754-2019, table 3.5: emin - p + 1)
VALUE = 2.0**20
INPUTS = {
    "X": ONE,
    "W": np.float32(-100.5) * ONE,
    "b": np.zeros(1, np.float32),
    "V": np.float32(VALUE) * ONE,
    "c": np.zeros(1, np.float32),
}


def in_float32(inputs: dict[str, np.ndarray], factor: float) -> dict[str, np.ndarray]:
    """The gradients of the gated linear unit as anybody would write them, and one of them times a factor."""
    X, W, b, V, c = (inputs[name] for name in ("X", "W", "b", "V", "c"))
    U, G = X @ W + b, X @ V + c
    share = np.exp(U) / (1 + np.exp(U))
    dU, dG = G * share * (1 + U * (1 - share)), U * share
    return {
        "X": dU @ W.T + dG @ V.T,
        "W": np.float32(factor) * (X.T @ dU),
        "b": dU.sum(axis=0),
        "V": X.T @ dG,
        "c": dG.sum(axis=0),
    }


@pytest.mark.parametrize(("factor", "accepted"), [(1.0, True), (0.5, False), (-1.0, False), (2.0**30, False)])
def test_few_digits_of_an_intermediate_are_no_fault_of_the_gradient(factor: float, accepted: bool) -> None:
    found = check_gradient(
        "swiglu",
        lambda inputs, cotangents: in_float32(inputs, factor),
        inputs=INPUTS,
        cotangents={"A": ONE},
        dtype=np.float32,
    )
    assert (found.verdict is Verdict.AGREES) == accepted, str(found)


def test_a_unit_of_the_smallest_number_counts_as_often_as_it_is_multiplied() -> None:
    derivation = derive(get("swiglu"))
    sizes = dict.fromkeys(derivation.program.dimensions, 1)
    truth = Truth(derivation, Case(sizes, INPUTS, {}, {"A": ONE}), np.float32)
    # dW = X G logistic(U)(1 + U logistic(-U)): logistic(U) moves by a unit, and what it is computed from by less than another
    once = VALUE * 99.5 * UNIT
    assert once <= float(truth.underflow("W", sure=True)[0, 0]) <= 2.5 * once
    wide = Truth(derivation, Case(sizes, INPUTS, {}, {"A": ONE}), np.float64)
    assert float(wide.underflow("W", sure=True)[0, 0]) == 0, "nothing underflows in float64"


@pytest.mark.parametrize("name", ["silu", "softplus", "bce_with_logits"])
def test_a_function_of_the_inputs_alone_is_not_excused(name: str) -> None:
    derivation = derive(get(name))
    case = sample(derivation.program, SEED, derivation=derivation)
    inputs = {key: np.full_like(value, -102) if key == "z" else value for key, value in case.inputs.items()}
    truth = Truth(derivation, Case(case.sizes, inputs, case.integers, case.cotangents), np.float32)
    assert not truth.underflow("z", sure=True).any()


def judged(text: str, got: float, name: str = "L", **inputs: list[float]) -> Verdict:
    """The verdict on one scalar in float32, at given inputs."""
    derivation = derive(declare(text))
    given = {key: np.asarray(value, dtype=np.float32) for key, value in inputs.items()}
    seeds = {each: np.ones((), np.float32) for each in derivation.program.outputs}
    truth = Truth(derivation, Case({}, given, {}, seeds), np.float32)
    return compare(np.float32(got), truth, name, dtype=np.float32).verdict


def test_a_sum_too_large_for_its_mean_is_outside_the_range() -> None:
    # 1e38 four times is more than 3.4e38, the largest number of float32; their mean is not
    mean, total, inside = (f"x[n]\nL = {rhs}" for rhs in ("sum(x)/n", "sum(x)", "tanh(sum(x)) + 2*(sum(x)/n - 1)"))
    for text in (mean, inside):
        assert judged(text, np.inf, x=[1e38] * 4) is Verdict.OUTSIDE, text
        assert judged(text, np.inf, x=[1e37] * 4) is Verdict.INACCURATE, text
        assert judged(text, np.nan, x=[1e37] * 4) is Verdict.INACCURATE, text
    assert judged(total, np.inf, x=[1e38] * 4) is Verdict.AGREES
    assert judged(total, np.inf, x=[1e38, 1e38]) is Verdict.INACCURATE
    # a naive exponential may overflow where what is made of its sum does not, and should not have been written so
    assert judged("x[n]\nL = log(sum(exp(x))/n)", np.inf, x=[89.0, 1.0, 2.0]) is Verdict.INACCURATE
    # what a sum does that the element does not read is of no account to it
    assert judged("x[n], y\nM = sum(x)/n\nL = 2*y\noutput(M, L)", np.inf, x=[1e38] * 4, y=1e38) is Verdict.INACCURATE

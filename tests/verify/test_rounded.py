"""Sums that have no name, and which of two numbers is the larger one where they differ by less than a rounding."""

from __future__ import annotations

import numpy as np
import pytest

from derive.registry import declare, get
from derive.reverse import derive
from verify import Verdict
from verify.compare import compare
from verify.sampling import Case
from verify.witnesses.balls import Truth
from verify.witnesses.rounded import compared

# with a margin of 1 the scores of the classes 0 and 3 are one number in double precision, which has units of 2.2e-16 there
SCORES = np.array([[1.07286402e-12, 1.8e-12, 7.4e-13, 1.07291953e-12]])
LABEL = np.array([1])


def judged(slope: list[float], dtype: type = np.float64) -> Verdict:
    """The verdict on a gradient of the hinge loss at these scores."""
    derivation = derive(get("multiclass_hinge"))
    truth = Truth(derivation, Case({}, {"S": SCORES.astype(dtype), "label": LABEL}), dtype)
    return compare(np.array([slope], dtype), truth, "S", dtype=dtype).verdict


@pytest.mark.parametrize(
    ("slope", "verdict"),
    [
        ([0.0, -1, 0, 1], Verdict.AGREES),  # the larger one
        ([1.0, -1, 0, 0], Verdict.AGREES),  # the other one of the two
        ([0.0, -1, 1, 0], Verdict.WRONG_FORMULA),  # one that is smaller by thousands of units
        ([0.5, -1, 0, 0.5], Verdict.AGREES),  # half of each, as JAX divides it
        ([-0.5, -1, 0, 1.5], Verdict.WRONG_FORMULA),
        ([2.0, -1, 0, 0], Verdict.WRONG_FORMULA),
        ([0.0, 0, 0, 0], Verdict.WRONG_FORMULA),
    ],
)
def test_a_choice_between_two_that_rounding_does_not_tell_apart_is_free(slope: list[float], verdict: Verdict) -> None:
    assert judged(slope) is verdict


def test_in_a_dtype_of_fewer_digits_more_are_alike() -> None:
    assert judged([0.0, -1, 1, 0], np.float32) is Verdict.AGREES


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "huber", "smooth_l1", "max_pool2d", "maxout", "softmax"])
def test_what_is_read_or_counted_is_not_rounded_again(name: str) -> None:
    assert compared(derive(get(name)).combined) == set()


@pytest.mark.parametrize(
    ("slope", "verdict"), [(3.0, Verdict.AGREES), (1.0, Verdict.WRONG_FORMULA), (0.0, Verdict.WRONG_FORMULA)]
)
def test_where_the_largest_stands_is_counted_and_not_rounded(slope: float, verdict: Verdict) -> None:
    # two windows share their largest element, whose gradient is the sum of both: with one of them lost it is wrong
    derivation = derive(declare("x[l]\ny[i < l - 2] = max(x[i + p], p < 3)"))
    case = Case({}, {"x": np.array([0.1, 0.2, 0.9, 0.3])}, {}, {"y": np.array([1.0, 2.0])})
    assert compare(np.array([0, 0, slope, 0]), Truth(derivation, case), "x", gentle=True).verdict is verdict


@pytest.mark.parametrize("text", ["x[n], y[n]\nL = 1 - sum(y)/sum(x)", "x[n], y[n]\nS = sum(x)\nL = 1 - sum(y)/S"])
def test_a_sum_is_known_to_a_rounding_with_a_name_and_without(text: str) -> None:
    # all but one element are at the closed ends of [0, 1], and taken as exact; S is 2 + 3e-18, which is 2
    derivation = derive(declare(text.replace("x[n]", "0 <= x[n] <= 1").replace("y[n]", "0 <= y[n] <= 1")))
    given = {"x": np.array([1.0, 1.0, 3e-18]), "y": np.array([1.0, 1.0, 0.0])}
    truth = Truth(derivation, Case({}, given))
    assert compare(np.array(0.0), truth, "L").verdict is Verdict.AGREES
    assert compare(np.array(1e-12), truth, "L").verdict is not Verdict.AGREES


def test_a_difference_without_a_sum_has_no_such_excuse() -> None:
    derivation = derive(declare("0 <= x <= 1\nL = 1 - 1/(1 + x)"))
    truth = Truth(derivation, Case({}, {"x": np.array(3e-18)}))
    assert compare(np.array(0.0), truth, "L").verdict is not Verdict.AGREES


def test_a_threshold_that_is_computed_is_not_known_better_than_to_a_rounding() -> None:
    # 1 + x is compared with 1 + y: at 1e-17 and 2e-17 they are the same number, at 1e-3 and 2e-3 they are not
    derivation = derive(declare("x, y\nL = where(1 + x > 1 + y, x, y)"))

    def at(x: float, y: float, slope: float) -> Verdict:
        truth = Truth(derivation, Case({}, {"x": np.array(x), "y": np.array(y)}))
        return compare(np.array(slope), truth, "x").verdict

    assert at(1e-17, 2e-17, 0.0) is Verdict.AGREES
    assert at(1e-17, 2e-17, 1.0) is Verdict.AGREES
    assert at(1e-3, 2e-3, 0.0) is Verdict.AGREES
    assert at(1e-3, 2e-3, 1.0) is Verdict.WRONG_FORMULA


@pytest.mark.parametrize("slope", [0.0, 2.0])
def test_one_comparison_has_one_answer_wherever_it_is_asked(slope: float) -> None:
    # at |y| = 1 the slope is 1 from either side; with neither or with both of the two branches it would be 0 or 2
    derivation = derive(declare("y\nL = where(abs(y) <= 1, y**2/2, abs(y) - 1/2)"))
    truth = Truth(derivation, Case({}, {"y": np.array(1.0)}))
    assert compare(np.array(1.0), truth, "y").verdict is Verdict.AGREES
    assert compare(np.array(slope), truth, "y").verdict is Verdict.WRONG_FORMULA

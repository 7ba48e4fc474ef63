"""Many cases: what shows at one point of hundreds is found, and what is right passes."""

from __future__ import annotations

import numpy as np
import pytest

from derive.registry import declare
from tests.seeds import SEED
from verify import Verdict
from verify.oracle import check


def softmax_backward(dout: np.ndarray, z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(-1, keepdims=True, initial=-np.inf))
    p = e / e.sum(-1, keepdims=True)
    return np.asarray(p * (dout - (dout * p).sum(-1, keepdims=True)))


def in_a_hundredth(dout: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Wrong where the first logit is between 1 and 1.01."""
    right = softmax_backward(dout, z)
    return right * (1.001 if z.size and 1 < z.flat[0] < 1.01 else 1.0)


def test_what_is_right_passes() -> None:
    found = check(softmax_backward, "softmax", seed=SEED, cases=200)
    assert found.ok, str(found)
    many = [row for row in found.evidence.rows if row.witness == "batches"]
    assert {"ordinary", "ties", "huge"} <= {row.stratum for row in many}
    assert all(row.note.startswith("200 cases") for row in many)


def test_what_is_wrong_at_one_point_in_hundreds_is_found() -> None:
    assert check(in_a_hundredth, "softmax", seed=1, strata=["ordinary"]).ok  # four points do not show it
    found = check(in_a_hundredth, "softmax", seed=1, strata=["ordinary"], cases=2000)
    (fault,) = found.evidence.faults
    assert (fault.witness, fault.verdict) == ("batches", Verdict.WRONG_FORMULA)
    assert "got" in str(found)


def test_hyper_parameters_that_are_not_taken_stay_at_their_defaults() -> None:
    def leaky_relu_backward(dout: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(dout * np.where(z > 0, 1, 0.01))

    found = check(leaky_relu_backward, "leaky_relu", wrt=["z"], seed=SEED, cases=50)
    assert found.ok, str(found)


def test_without_a_reference_it_is_said_that_there_were_no_more_cases() -> None:
    cube = declare("x[n]\ny = x**3", name="cube_of_mine")
    found = check(lambda x, dy: 3 * x**2 * dy, cube, kind="gradient", seed=SEED, cases=50)
    assert found.ok
    assert [left for left in found.evidence.not_checked if left.startswith("batches in ordinary")]


@pytest.mark.parametrize("cases", [1, 4])
def test_few_cases_are_left_to_the_balls(cases: int) -> None:
    found = check(softmax_backward, "softmax", seed=SEED, cases=cases, strata=["ordinary"])
    assert not [row for row in found.evidence.rows if row.witness == "batches"]


def test_a_wrong_shape_of_one_gradient_accuses_no_other() -> None:
    def dense_backward(dZ: np.ndarray, X: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, ...]:
        return dZ @ W.T, X.T @ dZ, dZ

    found = check(dense_backward, "dense", seed=SEED, cases=20)
    assert {row.argument for row in found.evidence.faults} == {"b"}
    assert {row.argument for row in found.evidence.rows if row.witness == "batches"} == {"X", "W"}

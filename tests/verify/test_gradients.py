"""The verifier on gradients that people write: wrong ones caught with the right verdict, right ones accepted."""

from __future__ import annotations

import numpy as np
import pytest

from tests.seeds import SEED
from tests.verify.gradients import (
    RIGHT,
    SQUARED,
    WRONG,
    Arrays,
    Written,
    changed,
    dense,
    one_entry,
    probabilities,
    relu,
    shared_maximum,
)
from tests.verify.support import derivation_of
from verify import Evidence, Verdict, check_gradient, verify
from verify.verdicts import worst

SEEDS = (SEED, SEED + 1)


def evidence_of(written: Written, seed: int) -> Evidence:
    return check_gradient(
        written.operation,
        written.vjp,
        forward=written.forward,
        seed=seed,
        strata=written.strata,
        dtype=written.dtype,
        derivation=derivation_of(written.operation),
    )


def judged(written: Written, seed: int) -> Verdict:
    evidence = evidence_of(written, seed)
    return worst(row.verdict for row in evidence.rows if row.verdict is not Verdict.OUTSIDE)


@pytest.mark.parametrize("written", WRONG, ids=str)
def test_wrong_gradients_get_the_verdict_that_they_deserve(written: Written) -> None:
    assert judged(written, SEED) is written.verdict


@pytest.mark.parametrize("written", RIGHT, ids=str)
def test_right_gradients_are_accepted(written: Written) -> None:
    evidence = evidence_of(written, SEED)
    assert [(row.argument, row.stratum, row.verdict, row.note, row.element) for row in evidence.faults] == []
    assert sum(row.points for row in evidence.rows) > 0


def test_cancelling_to_less_than_a_rounding_is_no_fault() -> None:
    # at this seed P[3, 2] is Y[3, 2] = 1/4 up to 1e-13, so that no digit of P - Y survives in float64
    evidence = verify("softmax_cross_entropy", seed=5, strata=["tiny"], steps=False)
    assert evidence.ok, str(evidence)


@pytest.mark.parametrize("seed", SEEDS, ids=["first", "second"])
def test_a_millionth_is_a_fault_beside_elements_that_cancel(seed: int) -> None:
    def slightly_off(x: Arrays, d: Arrays) -> Arrays:
        gradient = (probabilities(x["Z"]) - x["Y"]) / max(len(x["Z"]), 1)
        if gradient.size:
            gradient.flat[np.argmax(abs(gradient))] *= 1 + 1e-6
        return {"Z": gradient}

    evidence = check_gradient("softmax_cross_entropy", slightly_off, seed=seed)
    # sizes 0 and 1: no elements, or P = Y = 1 and every product of 0 is right
    seen = [row for row in evidence.rows if row.points and row.stratum != "size ones" and row.witness == "balls"]
    assert len(seen) > 8
    assert {row.stratum: row.verdict for row in seen if not row.verdict.faulty} == {}
    # elsewhere every P may be Y to ten digits (all of them 0, 1 or 1/k), so that rounding is a millionth of what is left
    near = {
        row.stratum: row.verdict for row in seen if row.stratum in ("ordinary", "size ascending", "size descending")
    }
    assert near == dict.fromkeys(near, Verdict.WRONG_FORMULA)
    assert "ordinary" in near


def test_the_worst_element_is_named() -> None:
    evidence = check_gradient("dense", changed(dense, one_entry), seed=4, strata=["ordinary"])
    (row,) = evidence.faults
    assert row.argument == "W"
    rows = len(row.example["W"])
    assert row.element.startswith(f"[{rows - 1}, 0] got ")
    assert "ULP" in row.element
    assert "true value in" in row.element


def test_only_the_stratum_with_the_kink_is_blamed() -> None:
    evidence = check_gradient("relu", relu(1.0), seed=4)
    assert {row.stratum for row in evidence.faults} == {"zeros"}
    assert all("kinks" in row.note for row in evidence.faults)


def test_seeds_repeat_and_fresh_ones_differ() -> None:
    def errors(seed: int | None) -> tuple[int, list[float]]:
        evidence = check_gradient(SQUARED, lambda x, d: {"x": 2.0001 * x["x"] * d["y"]}, seed=seed, strata=["ordinary"])
        return evidence.seed, [row.ulp or 0.0 for row in evidence.rows]

    seed, first = errors(None)
    assert errors(seed) == (seed, first)
    assert errors(None)[0] != seed


def test_an_exception_is_a_finding_and_not_a_crash() -> None:
    def broken(inputs: object, cotangents: object) -> dict[str, object]:
        raise ZeroDivisionError("no step")

    evidence = check_gradient("dense", broken, seed=1, strata=["ordinary"])
    assert all(row.note == "raised ZeroDivisionError: no step" for row in evidence.rows)
    assert evidence.verdict is Verdict.WRONG_FORMULA


def test_unknown_strata_are_named() -> None:
    with pytest.raises(KeyError, match="unknown stratum 'nowhere'; known: ordinary"):
        check_gradient("dense", dense, strata=["nowhere"])


def test_degenerate_sizes_may_be_named() -> None:
    evidence = check_gradient("dense", dense, seed=1, strata=["size descending", "size n = 0"])
    assert evidence.ok
    assert {row.stratum for row in evidence.rows if row.witness == "balls"} == {"size descending", "size n = 0"}
    with pytest.raises(KeyError, match=r"unknown sizes .size q = 0. of dense; known: size ones, .*size n = 0"):
        check_gradient("dense", dense, strata=["size q = 0"])


def test_no_element_in_the_domain_is_no_agreement() -> None:
    from derive.registry import declare

    below = declare("x[n] < 0\ny = sqrt(x)", name="root_of_negatives")
    evidence = check_gradient(below, lambda x, d: {"x": np.full_like(x["x"], np.nan)}, seed=1, strata=["ordinary"])
    assert evidence.verdict is Verdict.OUTSIDE
    assert not evidence.ok


def test_shared_ties_are_a_convention_only_at_ties() -> None:
    from tests.verify.gradients import POOL_FIRST

    evidence = check_gradient(POOL_FIRST, shared_maximum, seed=3, strata=["ordinary", "ties"])
    assert [(row.stratum, row.verdict) for row in evidence.faults] == [("ties", Verdict.WRONG_CONVENTION)]


def test_a_region_says_which_inputs_lose_their_digits() -> None:
    def naive(inputs: Arrays, cotangents: Arrays) -> Arrays:
        a = 1 / (1 + np.exp(-inputs["z"]))
        return {"z": cotangents["a"] * a * (1 - a)}

    with np.errstate(over="ignore"):
        (row,) = check_gradient("sigmoid", naive, seed=SEED, strata=["saturated40"]).faults
        (given,) = check_gradient("sigmoid", naive, inputs={"z": [-60.0, 2.0, 39.0, 61.0]}).faults
    assert row.verdict is given.verdict is Verdict.INACCURATE
    low, high = (float(word) for word in row.note.split("for z from ")[1].split(" to "))
    # sigma(z) is 1 from z = 36.7 on, so that 1 - sigma(z) has no digit; at the negative end nothing cancels
    assert 36 < low <= high < 45
    assert given.note.endswith("for z from 39 to 61")

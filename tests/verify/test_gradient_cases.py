"""Cases for anybody's property-based tests: true where the generated functions are, and loud where a user is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import Phase, find, settings
from hypothesis.strategies import SearchStrategy

import backproof as bp
from tests.shares import share, turn
from tests.verify.support import derived
from verify import strata
from verify.strategies import gradients
from verify.testing import GradientCase, WrongGradient

LIMIT = timedelta(seconds=10)


QUICK = settings(deadline=LIMIT, database=None, phases=[Phase.generate])


def drawn(strategy: SearchStrategy[GradientCase], condition: Callable[[GradientCase], object] = bool) -> GradientCase:
    return find(strategy, lambda case: bool(condition(case)), settings=QUICK)


@pytest.mark.parametrize("name", turn("gradient cases", share("gradient cases"), 12))
def test_generated_functions_pass_in_all_strata(name: str) -> None:
    function = bp.compile(derived(name))

    @bp.gradient_cases(name, high=3)
    @settings(max_examples=15, deadline=LIMIT, database=None)
    def test(case: GradientCase) -> None:
        case.check(function.vjp(case.inputs, case.cotangents), function.forward(**case.inputs))

    test()


def test_a_wrong_gradient_fails_with_its_verdict() -> None:
    @bp.gradient_cases("dense", strata=["ordinary"])
    @QUICK
    def test(case: GradientCase) -> None:
        x, dz = case.inputs, case.cotangents["Z"]
        case.check({"X": dz @ x["W"].T, "W": -x["X"].T @ dz, "b": dz.sum(axis=0)})

    with pytest.raises(WrongGradient, match=r"dense: W: wrong formula in ordinary(; sign)?\n    W\[\d, \d\] got "):
        test()


def test_conventions_and_accuracy_are_named() -> None:
    case = drawn(
        gradients("relu", strata=["zeros"]), lambda c: np.any(c.inputs["z"] == 0) and np.all(c.cotangents["a"])
    )
    assert case.stratum == "zeros"
    assert case.expected["z"].shape == case.inputs["z"].shape
    with pytest.raises(WrongGradient, match="relu: z: wrong convention in zeros; 1 elements on kinks"):
        case.check({"z": case.cotangents["a"] * (case.inputs["z"] >= 0)})
    with pytest.raises(WrongGradient, match="relu: a: wrong formula in zeros; the forward differs"):
        case.check({"z": case.expected["z"]}, {"a": case.inputs["z"] + 1})
    case.check(case.expected)


def test_an_incomplete_answer_is_no_answer() -> None:
    case = drawn(gradients("dense"))
    with pytest.raises(TypeError, match="dense: check takes the gradients of X, W, b; got X"):
        case.check({"X": case.expected["X"]})
    with pytest.raises(TypeError, match="got X, W, b, c"):
        case.check({**case.expected, "c": 1.0})
    one = drawn(gradients("dense", derivation=bp.derive("dense", wrt="b")))
    one.check({"b": one.cotangents["Z"].sum(axis=0)})


def test_what_is_handed_out_is_a_copy() -> None:
    case = drawn(gradients("relu"))
    case.inputs["z"][...] = 5.0
    case.cotangents["a"][...] = 5.0
    assert 5.0 not in case.inputs["z"]
    assert "GradientCase('relu', stratum='ordinary', inputs={'z': array(" in repr(case)


def test_unknown_strata_are_named_where_the_decorator_stands() -> None:
    with pytest.raises(KeyError, match="unknown stratum 'nowhere'; known: ordinary"):
        bp.gradient_cases("relu", strata=["nowhere"])


@pytest.mark.parametrize("name", strata.names())
def test_a_stratum_can_be_asked_for(name: str) -> None:
    assert drawn(gradients("rnn", strata=[name], high=2), lambda case: case.expected).stratum == name

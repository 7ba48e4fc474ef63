"""Verification of whole operations: the catalog agrees by every witness, and evidence says all that it should."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import numeric
from derive.registry import declare, get, names
from derive.reverse import derive
from tests.seeds import SEED
from tests.shares import CORE, turn
from verify import Evidence, Row, Verdict, references, verify
from verify.compare import Worst
from verify.sizes import degenerate_sizes
from verify.steps import StepCheck
from verify.strata import applicable


@pytest.fixture(scope="module")
def softmax() -> Evidence:
    return verify("softmax", seed=SEED)


@pytest.mark.parametrize("name", names())
def test_every_operation_of_the_catalog_agrees(name: str) -> None:
    """In all strata for a first course's operations; the strata of the others take turns."""
    program = get(name).program
    places = [s.name for s in applicable(program)][1:] + list(degenerate_sizes(program))
    strata = None if name in CORE else ["ordinary", *turn(f"strata of {name}", places, min(2, len(places)))]
    evidence = verify(name, seed=SEED, cases=1, steps=False, strata=strata)
    assert evidence.ok, str(evidence)
    assert {"balls", "jax", "differences", "taylor", "dot product"} <= {row.witness for row in evidence.rows}
    assert {"float32", "float64"} <= {row.dtype for row in evidence.rows}
    checked = {row.argument for row in evidence.rows if row.witness == "jax"}
    assert checked == {*get(name).wrt, *get(name).program.outputs}


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_networks_agree_with_any_activation(activation: str) -> None:
    evidence = verify(get("mlp", activation=activation), seed=SEED, cases=1, strata=["ordinary", "zeros"], steps=False)
    assert evidence.ok, str(evidence)


def test_degenerate_sizes_are_checked(softmax: Evidence) -> None:
    strata = {row.stratum for row in softmax.rows}
    assert {"size ones", "size ascending", "size descending", "size n = 0"} <= strata


def test_leading_axes_are_checked(softmax: Evidence) -> None:
    strata = {row.stratum for row in softmax.rows if row.witness == "shapes"}
    assert strata == {"leading axes (2, 3)", "leading axes ()"}


def test_a_function_that_mixes_rows_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    broken_by(monkeypatch, lambda g: {k: v[::-1] if v.ndim > 2 else v for k, v in g.items()})
    evidence = verify("softmax", seed=3, cases=1, strata=["ordinary"], steps=False)
    assert {(row.witness, row.argument) for row in evidence.faults} == {("shapes", "z")}


def test_steps_are_part_of_the_evidence(softmax: Evidence) -> None:
    assert len(softmax.steps) > 5
    assert all(isinstance(check, StepCheck) and check.ok for check in softmax.steps)


def test_what_was_not_checked_is_said(softmax: Evidence) -> None:
    assert any("contracting" in reason for reason in softmax.not_checked)
    assert any(reason.startswith("fractions: ") for reason in softmax.not_checked)
    bare = verify(declare("x[n]\nL = sum(x**2)/2", name="without_reference"), seed=1, steps=False)
    assert bare.ok
    assert any("without_reference has no reference" in reason for reason in bare.not_checked)
    assert not bare.referenced
    assert "nothing independent of its declaration was compared with it" in str(bare)
    assert bare.to_dict()["referenced"] is False
    assert softmax.referenced
    assert "steps: not asked for" in bare.not_checked


def raises(x: Any) -> Any:
    raise TypeError("no such array")


def branches(x: Any) -> Any:
    return {"y": x if x.sum() > 0 else -x}  # JAX cannot trace a branch on a value


UNUSABLE = {
    "other names": (lambda u: {"y": u**2}, "it takes (u)"),
    "too few names": (lambda: {"y": 0.0}, "it takes ()"),
    "raises": (raises, "it raised TypeError: no such array"),
    "branches": (branches, "it raised TracerBoolConversionError: Attempted boolean conversion"),
    "other outputs": (lambda x: {"z": x**2}, "it returns {'z'}"),
    "more outputs": (lambda x: {"y": x**2, "z": x}, "it returns {'y', 'z'}"),
    "no mapping": (lambda x: x**2, "it returns a "),
    "text": (lambda x: {"y": "x**2"}, "it raised"),
    "scalar": (lambda x: {"y": (x**2).sum()}, "it returns the shape ()"),
    "one axis more": (lambda x: {"y": x[None] ** 2}, "it returns the shape (1, "),
    "one element less": (lambda x: {"y": x[1:] ** 2}, "it returns the shape ("),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_reference_that_cannot_be_compared_is_no_agreement(case: str) -> None:
    forward, given = UNUSABLE[case]
    squares = declare("x[n]\ny = x**2", name="unusable_reference")
    references.reference("unusable_reference")(forward)
    try:
        evidence = verify(squares, seed=1, cases=1, strata=["ordinary"], steps=False)
    finally:
        references.forget("unusable_reference")
    assert evidence.verdict is Verdict.CANNOT_DECIDE, str(evidence)
    assert not evidence.referenced
    (row,) = evidence.faults
    assert row.witness == "jax"
    assert "must be a JAX forward that takes the declared names (x) and returns {'y': array[n]}; " in row.note
    assert given in row.note


def test_a_scalar_output_of_another_shape_is_no_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(references._references, "l2", lambda W, lam: {"R": (lam * (W**2).sum() / 2)[None]})
    evidence = verify("l2", seed=1, cases=1, strata=["ordinary"], steps=False)
    assert evidence.verdict is Verdict.CANNOT_DECIDE
    (row,) = evidence.faults
    assert row.note.endswith("returns {'R': a scalar}; where R has the shape (), it returns the shape (1,)")


def test_a_fault_outweighs_a_reference_that_cannot_be_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(references._references, "sigmoid", lambda x: {"a": x})
    broken_by(monkeypatch, lambda gradients: {name: 2 * value for name, value in gradients.items()})
    evidence = verify("sigmoid", seed=3, cases=1, strata=["ordinary"], steps=False)
    assert evidence.verdict is Verdict.WRONG_FORMULA


def test_evidence_is_json_with_versions_and_seed(softmax: Evidence) -> None:
    data = json.loads(softmax.to_json())
    assert (data["operation"], data["verdict"], data["ok"], data["seed"]) == ("softmax", "agrees", True, softmax.seed)
    assert {"python", "numpy", "sympy", "jax", "python-flint"} <= data["versions"].keys()
    assert len(data["rows"]) == len(softmax.rows)
    assert all(row["verdict"] in {verdict.value for verdict in Verdict} for row in data["rows"])
    assert all(step["verdict"] == "agrees" for step in data["steps"])


def test_infinities_do_not_break_json() -> None:
    row = Row("balls", "x", "ordinary", 1, "float64", np.inf, 1e-9, Verdict.WRONG_FORMULA, example={"x": [np.nan]})
    data = json.loads(Evidence("op", (row,), 0).to_json())
    assert data["rows"][0]["error"] == "inf"
    assert data["rows"][0]["example"]["x"] == ["nan"]


def test_the_table_shows_faults_with_their_element() -> None:
    good = Row("jax", "W", "ordinary", 12, "float64", 1e-16, 1e-9, Verdict.AGREES)
    bad = replace(good, argument="b", verdict=Verdict.WRONG_FORMULA, note="sign", element="[0] got -1.0")
    text = str(Evidence("dense", (good, bad), 3, not_checked=("everything else",)))
    lines = text.splitlines()
    assert lines[0].startswith("dense: wrong formula (seed 3")
    assert lines[1].split() == ["witness", "argument", "stratum", "dtype", "points", "error", "bound", "ulp", "verdict"]
    assert "    sign" in lines
    assert "    b[0] got -1.0" in lines
    assert lines[-1] == "not checked: everything else"


def rows(*verdicts: tuple[str, Verdict]) -> Evidence:
    found = [Row(w, "x", "ordinary", 1, "float64", 0.0, 1e-9, v) for w, v in verdicts]
    return Evidence("op", tuple(found), 0)


def test_an_element_is_told_with_what_there_is_to_tell() -> None:
    worst = Worst((2, 0), np.inf, 0.25, "1/4", np.nan)
    assert str(worst) == "[2, 0] got inf, expected 0.25 (true value in 1/4)"
    assert str(replace(worst, got=0.5, ulp=4.5e15)) == "[2, 0] got 0.5, expected 0.25 (4.5e+15 ULP; true value in 1/4)"
    assert str(replace(worst, expected=np.nan)) == "[2, 0] got inf, with no true value to compare it with"


def test_one_fault_outweighs_all_agreement() -> None:
    assert rows(("jax", Verdict.AGREES), ("balls", Verdict.INACCURATE)).verdict is Verdict.INACCURATE
    assert not rows(("jax", Verdict.AGREES), ("balls", Verdict.WRONG_CONVENTION)).ok


def test_an_undecided_witness_leaves_the_verdict_to_the_others() -> None:
    assert rows(("jax", Verdict.AGREES), ("balls", Verdict.CANNOT_DECIDE)).verdict is Verdict.AGREES
    assert rows(("balls", Verdict.CANNOT_DECIDE)).verdict is Verdict.CANNOT_DECIDE
    assert rows(("balls", Verdict.OUTSIDE)).verdict is Verdict.OUTSIDE
    assert rows().verdict is Verdict.CANNOT_DECIDE


def test_the_same_seed_gives_the_same_rows() -> None:
    first, second = (verify("relu", seed=7, cases=1, steps=False) for _ in range(2))
    assert first.rows == second.rows
    assert (
        verify("relu", cases=1, strata=["ordinary"], steps=False).seed
        != verify("relu", cases=1, strata=["ordinary"], steps=False).seed
    )


def broken_by(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """Let the generated functions return something else."""
    right = numeric.Function.vjp

    def vjp(self: numeric.Function, inputs: Any, cotangents: Any = None) -> Any:
        return change(dict(right(self, inputs, cotangents)))

    monkeypatch.setattr(numeric.Function, "vjp", vjp)


@pytest.mark.parametrize(
    ("factor", "witnesses"),
    [
        (2.0, {"balls", "jax", "differences", "taylor", "dot product"}),
        (1 + 1e-7, {"balls", "jax", "differences", "dot product"}),
    ],
)
def test_a_wrong_generated_function_is_noticed_by_every_witness(
    monkeypatch: pytest.MonkeyPatch, factor: float, witnesses: set[str]
) -> None:
    broken_by(monkeypatch, lambda gradients: {name: value * factor for name, value in gradients.items()})
    evidence = verify("sigmoid", seed=3, cases=1, strata=["ordinary"], steps=False)
    blamed = {row.witness for row in evidence.rows if row.verdict is Verdict.WRONG_FORMULA and row.dtype == "float64"}
    assert witnesses <= blamed
    assert evidence.verdict is Verdict.WRONG_FORMULA


def test_a_wrong_derivation_is_noticed_even_if_function_and_enclosure_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    right = derive(get("sigmoid"))
    (equation,) = right.adjoint.equations
    tampered = replace(right, adjoint=right.adjoint.with_(equations=(replace(equation, rhs=equation.rhs * 3),)))
    monkeypatch.setattr("verify.operations.derive", lambda operation, wrt=None: tampered)
    evidence = verify("sigmoid", seed=3, cases=1, strata=["ordinary"])
    by_witness = {row.witness: row.verdict for row in evidence.rows if row.argument == "z" and row.dtype == "float64"}
    # the enclosure is of the same wrong equation; the independent witnesses are not fooled
    assert by_witness["balls"] is Verdict.AGREES
    assert by_witness["jax"] is Verdict.WRONG_FORMULA
    assert by_witness["differences"] is Verdict.WRONG_FORMULA
    assert any(check.verdict is Verdict.WRONG_FORMULA for check in evidence.steps)


def test_a_declaration_that_differs_from_its_reference_is_noticed() -> None:
    half = declare("W[n, k]\nlam >= 0\nlam = 0.01\nR = lam*sum(W**2)", name="l2")
    evidence = verify(half, seed=3, cases=1, strata=["ordinary"], steps=False)
    wrong = [row for row in evidence.rows if row.verdict is Verdict.WRONG_FORMULA]
    assert {row.witness for row in wrong} == {"jax"}
    assert all("the reference forward and the declaration differ" in row.note for row in wrong)


def test_progress_is_told() -> None:
    words: list[str] = []
    verify("identity", seed=1, cases=1, strata=["ordinary"], progress=words.append)
    assert words == ["derive", "balls", "jax", "differences", "symmetries", "fractions", "steps"]


def test_a_state_that_overflows_is_outside_the_range_of_its_dtype() -> None:
    # at this seed relu lets a state grow beyond float32, whose gradients then are finite and mean nothing
    evidence = verify("rnn_relu", seed=340915, cases=1, strata=["huge"], steps=False)
    assert evidence.ok, str(evidence)
    outside = [row for row in evidence.rows if row.verdict is Verdict.OUTSIDE]
    assert outside
    assert {row.dtype for row in outside} == {"float32"}


def test_differences_leave_a_meeting_of_kinks_to_the_balls() -> None:
    # at this seed one element of X moves two units that are at 0, in opposite directions
    evidence = verify("rnn_relu", seed=20, cases=1, strata=["ties"], steps=False)
    assert evidence.ok, str(evidence)
    left = [row for row in evidence.rows if row.witness == "differences" and row.verdict is Verdict.CANNOT_DECIDE]
    assert [row.argument for row in left] == ["X"]
    assert "at a kink with slopes" in left[0].note

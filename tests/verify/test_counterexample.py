"""What a fault comes with: a small point that shows it, as Python text that repeats it anywhere."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import pytest

import numeric
from tests.verify import gradients as g
from tests.verify.rows import WRONG, Row
from tests.verify.support import derivation_of
from tests.verify.test_rows import evidence_of
from verify import Evidence, Verdict, check_gradient, verify

ROWS = {row.name: row for row in WRONG}
SIZES = {
    "mean loss without 1/N": 2,
    "dense: dZ W for dZ W'": 2,
    "bias with the wrong sign": 1,
    "softmax, diagonal only": 2,
    "ReLU'(0) = 1/2": 1,
    "max-pool: ties shared where the first is declared": 2,
    "sigma(z) - y of logits": 1,
    "everything times 0.9995, float32": 1,
    "cotangent changed in place": 1,
    "two forwards alive": 1,
    "Adam without bias correction in both passes": 1,
}


def printed(text: str, row: Row, capsys: pytest.CaptureFixture[str]) -> str:
    """What the text prints where a reader has the two functions at hand."""
    vjp, forward = row.implementation()
    names = {getattr(f, "__name__", "") for f in (vjp, forward) if f is not None}
    given = dict.fromkeys(["backward", *names], vjp)
    if forward is not None:
        given[forward.__name__] = forward
    exec(compile(text, "counterexample", "exec"), {**given})
    return capsys.readouterr().out


@pytest.mark.parametrize("name", SIZES)
def test_the_text_repeats_the_verdict_at_small_sizes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    row = ROWS[name]
    found = evidence_of(row, 3).counterexample
    assert found is not None
    assert max(max(value.shape, default=1) for value in found.case.inputs.values()) <= SIZES[name]
    assert f": {row.verdict} " in printed(str(found), row, capsys).splitlines()[0]


def test_values_are_as_simple_as_the_fault_allows() -> None:
    found = evidence_of(ROWS["sigma(z) - y of logits"], 5).counterexample
    assert found is not None
    assert {name: value.tolist() for name, value in found.case.inputs.items()} == {"z": [40.0], "y": [1.0]}


def test_a_text_is_the_same_for_the_same_seed() -> None:
    first, second = (str(evidence_of(ROWS["softmax, diagonal only"], 7).counterexample) for _ in range(2))
    assert first == second


def test_large_arrays_are_repeated_by_their_seed() -> None:
    def last_of_many(x: g.Arrays, d: g.Arrays) -> g.Arrays:
        result = np.array(2 * x["x"] * d["y"])
        result[400:] *= 1.5
        return {"x": result}

    point = {"x": np.ones(500)}
    evidence = check_gradient(g.SQUARED, last_of_many, inputs=point, seed=4)
    assert evidence.verdict is Verdict.WRONG_FORMULA
    assert len(str(evidence.counterexample)) < 10_000


def test_an_output_that_would_grow_is_no_smaller_point() -> None:
    derivation = derivation_of("conv2d")
    right = numeric.Function(derivation.program, derivation).vjp

    def failing(inputs: dict[str, Any], cotangents: dict[str, Any]) -> dict[str, Any]:
        if inputs["x"].shape[2] > 2:  # the image must stay high, and a smaller kernel would make y larger
            raise ValueError("no gradient")
        return right(inputs, cotangents)

    found = check_gradient("conv2d", failing, strata=["ordinary"], seed=2).counterexample
    assert found is not None
    assert "no gradient" in str(found)
    assert found.case.inputs["x"].shape[2] == 3


def test_it_is_part_of_the_evidence_in_every_form() -> None:
    evidence = check_gradient("relu", g.relu(1.0), seed=3, strata=["zeros"])
    text = str(evidence.counterexample)
    assert "np.array([0.0])" in text
    assert "np.array([0.0])" in str(evidence)
    assert json.loads(evidence.to_json())["counterexample"] == text
    assert str(pickle.loads(pickle.dumps(evidence)).counterexample) == text
    right = check_gradient("relu", g.relu(0.0), seed=3, strata=["zeros"])
    assert right.counterexample is None
    assert "counterexample" not in str(right)


def test_the_element_is_given_to_its_last_bit() -> None:
    (row,) = check_gradient("relu", g.relu(1.0), inputs={"z": [0.0, 0.1]}, cotangents={"a": [3.0, 5.0]}).faults
    assert row.element == "[0] got 3.0, expected 0.0 (inf ULP; true value in 0) at z[0] = 0.0 (0x0.0p+0)"
    assert row.finding == "wrong convention in given"


def test_points_can_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    def evidence(**point: object) -> Evidence:
        return check_gradient("bce", lambda x, d: {"p": x["y"]}, seed=1, inputs=point)

    outside = evidence(p=[2.0], y=[1.0])
    assert outside.verdict is Verdict.OUTSIDE
    assert "the declared domain of p is" in outside.rows[0].note
    for point, words in (
        ({"p": [0.5]}, "the input y is missing"),
        ({"p": [0.5], "y": [1.0], "z": 1}, "nothing is named z"),
        ({"p": [0.5, 0.5], "y": [1.0]}, "dimension n must be the same"),
    ):
        with pytest.raises(ValueError, match=words):
            evidence(**point)


def test_a_generated_function_that_is_wrong_comes_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import numeric

    right = numeric.Function.vjp
    monkeypatch.setattr(numeric.Function, "vjp", lambda *a, **k: {n: -v for n, v in right(*a, **k).items()})
    text = str(verify("sigmoid", seed=1, cases=1, strata=["ordinary"], steps=False).counterexample)
    assert "function = bp.compile(" in text
    assert 'check_gradient("sigmoid", function.vjp, forward=function.forward, inputs=inputs' in text


def test_derivations_are_shared() -> None:
    derivation = derivation_of("relu")
    assert check_gradient("relu", g.relu(0.0), derivation=derivation, seed=1, strata=["zeros"]).ok

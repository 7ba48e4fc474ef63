"""The table of gradients that a verifier has to get right, 20 seeds each."""

from __future__ import annotations

import numpy as np
import pytest

from tests.verify import gradients as g
from tests.verify.judgement import evidence_of, objection, points_of
from tests.verify.rows import RIGHT, WRONG, Row
from verify import Verdict, check_gradient


@pytest.mark.parametrize("row", WRONG, ids=str)
def test_wrong_gradients_get_the_verdict_due_where_it_is_due(row: Row) -> None:
    assert row.verdict is not Verdict.AGREES
    for seed in range(row.seeds):
        assert not objection(row, evidence_of(row, seed))


@pytest.mark.parametrize("row", RIGHT, ids=str)
def test_right_gradients_are_accepted(row: Row) -> None:
    assert row.verdict is Verdict.AGREES
    for seed in range(row.seeds):
        assert not objection(row, evidence_of(row, seed))


def test_a_scaled_identity_hides_a_transposition_and_the_strata_hold_none() -> None:
    row = next(row for row in WRONG if row.name.startswith("dense: dZ W"))
    vjp, _ = row.implementation()
    hidden = check_gradient(g.SQUARE, vjp, inputs={"X": [[1.0, 2.0]], "W": 1.3 * np.eye(2)}, seed=1)
    assert hidden.ok
    for seed in range(20):
        for case, _truth in points_of(row, seed).stratum("ordinary"):
            W = case.inputs["W"]
            assert len(W) == 1 or not np.allclose(W, W.T)


def test_uniform_cotangents_hide_a_term_and_none_are_drawn() -> None:
    row = next(row for row in WRONG if row.name == "layer norm without the xhat term")
    vjp, _ = row.implementation()
    x = np.random.default_rng(1).standard_normal((2, 4))
    given = {"x": x, "gamma": np.ones(4), "beta": np.zeros(4)}
    hidden = check_gradient("layer_norm", vjp, inputs=given, cotangents={"y": np.ones((2, 4))}, seed=1)
    assert not any(r.verdict.faulty and r.argument == "x" for r in hidden.rows)
    assert check_gradient("layer_norm", vjp, inputs=given, seed=1).verdict is Verdict.WRONG_FORMULA
    for seed in range(20):
        for case, _truth in points_of(row, seed).stratum("ordinary"):
            assert len(np.unique(case.cotangents["y"])) == case.cotangents["y"].size

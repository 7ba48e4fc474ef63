"""The table of gradients that a verifier has to get right, 20 seeds each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.verify import gradients as g
from tests.verify.rows import RIGHT, WRONG, Row
from tests.verify.support import derivation_of
from verify import Evidence, Verdict, check_gradient
from verify.judge import Points

_points: dict[tuple[str, str, int], Points] = {}


def points_of(row: Row, seed: int) -> Points:
    """What is true at the points of an operation serves all rows about that operation."""
    derivation = derivation_of(row.operation)
    key = derivation.program.name, np.dtype(row.dtype).name, seed
    if key not in _points:
        plans = next((p.plans for (name, _, _), p in _points.items() if name == key[0]), None)
        _points[key] = Points(derivation, seed, 1, row.dtype, plans=plans)
    return _points[key]


def evidence_of(row: Row, seed: int) -> Evidence:
    vjp, forward = row.implementation()
    if row.inputs is not None:
        settings: dict[str, Any] = {"inputs": row.inputs(np.random.default_rng(seed)), "seed": seed}
        settings |= {"derivation": derivation_of(row.operation), "dtype": row.dtype}
    else:
        settings = {"points": points_of(row, seed), "strata": row.strata}
    return check_gradient(row.operation, vjp, forward=forward, **settings)


@pytest.mark.parametrize("row", WRONG, ids=str)
def test_wrong_gradients_get_the_verdict_due_where_it_is_due(row: Row) -> None:
    for seed in range(row.seeds):
        evidence = evidence_of(row, seed)
        place = "given" if row.inputs is not None and row.shows == "ordinary" else row.shows
        (found,) = [r for r in evidence.rows if row.argument in r.argument.split(", ") and r.stratum == place]
        where = f"seed {seed}\n{evidence.table()}"
        assert found.verdict is row.verdict, where
        assert evidence.verdict is row.verdict, where
        assert row.note in found.note, where
        others = [r for r in evidence.faults if r is not found]
        assert not (row.only and others), where


@pytest.mark.parametrize("row", RIGHT, ids=str)
def test_right_gradients_are_accepted(row: Row) -> None:
    for seed in range(row.seeds):
        evidence = evidence_of(row, seed)
        assert evidence.verdict is Verdict.AGREES, f"seed {seed}\n{evidence.table()}"
        assert evidence.faults == ()
        assert evidence.counterexample is None


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

"""Installed libraries before the oracle: nothing is held against them but what is known of them, and that is noticed."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle.libraries import FUNCTIONS, Function, torch_functions
from tests.seeds import SEED
from tests.shares import turn
from verify.oracle import check

KNOWN = {function.name: function for function in (*FUNCTIONS, *torch_functions())}
DIFFERING = [name for name, function in KNOWN.items() if function.found and function.always]


def accusations(
    function: Function, seed: int, strata: tuple[str, ...] | None = None, cases: int = 2
) -> set[tuple[str, str]]:
    """What is held against a function; few cases, since JAX compiles it for the sizes of each."""
    found = check(function.call, function.operation, wrt=function.wrt, seed=seed, strata=strata, cases=cases, seconds=0)
    return {(str(row.verdict), row.stratum) for row in found.evidence.rows if row.verdict.faulty}


@pytest.mark.parametrize("name", turn("functions of libraries", list(KNOWN), 4))
def test_nothing_but_what_is_known_is_held_against_them(name: str) -> None:
    function = KNOWN[name]
    known = {(verdict, stratum) for verdict, strata in function.found.items() for stratum in strata}
    assert accusations(function, SEED) <= known


@pytest.mark.parametrize("name", DIFFERING)
def test_what_is_known_is_noticed(name: str) -> None:
    function = KNOWN[name]
    for verdict, strata in function.found.items():
        assert {kind for kind, _ in accusations(function, 1, strata, cases=1)} >= {verdict}


def test_a_row_far_from_zero_loses_its_digits_in_jax() -> None:
    """``jax.nn.standardize`` takes the mean of squares less the square of the mean."""
    function, row = KNOWN["jax.nn.standardize"], np.arange(10000.0, 10008.0)[None]
    given = {"x": row, "gamma": np.ones(8), "beta": np.zeros(8)}
    found = check(function.call, "layer_norm", inputs=given, dtype=np.float32, seed=SEED)
    rows = {row.argument: row for row in found.evidence.rows if row.witness == "balls"}
    assert {str(rows[name].verdict) for name in ("y", "x", "gamma")} == {"inaccurate"}
    assert (rows["x"].ulp or 0) > 1e4

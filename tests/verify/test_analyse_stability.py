"""The stability analysis: too high a rate diverges, too low a rate crawls, and wrong derivations are seen."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from derive.analyses.bounds import Interval
from derive.analyses.stability import Z
from derive.registry import get
from verify.analyses import stability as module


@pytest.mark.parametrize(
    ("name", "at"), [("gradient_descent", None), ("heavy_ball", None), ("nesterov_lookahead", "phi")]
)
def test_the_bound_is_where_it_begins_to_diverge(name: str, at: str | None) -> None:
    report = module.stability(get(name), at)
    assert report.agrees
    low, below, above = report.runs
    assert below.measured < 1 < above.measured
    assert 0.99 < low.measured < 1  # it crawls


def change(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    true = module.derived
    monkeypatch.setattr(module, "derived", lambda *a: dataclasses.replace(true(*a), **changes))


def test_a_wrong_polynomial_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = module.derived(get("heavy_ball")).polynomial
    change(monkeypatch, polynomial=right + Z / 10)
    assert not module.stability(get("heavy_ball")).exact


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_a_wrong_bound_is_seen(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    from sympy import Rational

    right = module.derived(get("heavy_ball")).interval
    assert right is not None
    change(monkeypatch, interval=Interval(right.low, right.high * Rational(str(factor))))
    report = module.stability(get("heavy_ball"))
    assert not report.enclosed

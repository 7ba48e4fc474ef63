"""Saturation: known suprema and dead intervals, enclosures against dense samples, and that a wrong claim is seen."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np
import pytest
from sympy import Rational, cos, exp, oo

from derive.analyses.slope import X, slope_of, supremum
from derive.errors import DerivationError
from derive.registry import declare, get
from verify.analyses import saturation as module
from verify.analyses.bands import largest, on_interval, small_from
from verify.references import elementwise


@pytest.mark.parametrize(
    ("name", "value", "dead"),
    [
        ("sigmoid", Rational(1, 4), ()),
        ("tanh", 1, ()),
        ("softsign", 1, ()),
        ("relu", 1, ((-oo, 0),)),
        ("relu6", 1, ((-oo, 0), (6, oo))),
        ("hard_tanh", 1, ((-oo, -1), (1, oo))),
        ("hard_swish", Rational(3, 2), ((-oo, -3),)),
        ("leaky_relu", 1, ()),
    ],
)
def test_known_slopes(name: str, value: Any, dead: Any) -> None:
    slope = slope_of(get(name))
    found = supremum(slope.pieces)
    assert found is not None
    assert found[0] == value
    left = [(a, b) for a, b in slope.dead]
    merged: list[Any] = []
    for a, b in left:
        merged[-1:] = [(merged[-1][0], b)] if merged and merged[-1][1] == a else [*merged[-1:], (a, b)]
    assert tuple(merged) == dead


def test_where_a_sigmoid_has_no_slope_left() -> None:
    report = module.saturation(get("sigmoid"))
    assert report.agrees
    for small in report.small:
        # s(1 - s) = 2^-b/4 solved on paper: x = 2 arcosh(2^(b/2))
        (_, low), (high, _) = small.intervals
        assert high == pytest.approx(2 * math.acosh(2 ** (small.bits / 2)), rel=1e-12)
        assert low == -high


@pytest.mark.parametrize("name", ["gelu", "silu", "gaussian", "squareplus"])
def test_enclosures_hold_what_jax_finds(name: str) -> None:
    report = module.saturation(get(name))
    assert report.exact is None
    with jax.enable_x64(True):
        points = np.linspace(-128, 128, 200_001)
        slopes = np.abs(np.asarray(jax.jit(jax.vmap(jax.grad(elementwise(name))))(points)))
    assert slopes.max() <= report.bounds[1]
    assert slopes.max() >= report.bounds[0] * (1 - 1e-6)
    assert report.bounds[1] <= report.bounds[0] * (1 + 1e-5)
    for small in report.small:
        for low, high in small.intervals:
            inside = (points >= low) & (points <= high) & (slopes > 1e-12)  # JAX cancels below that
            assert np.all(slopes[inside] <= report.bounds[1] * 2.0**-small.bits)


def test_a_wrong_supremum_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in (Rational(24, 100), Rational(26, 100)):
        monkeypatch.setattr(module, "supremum", lambda pieces, wrong=wrong: (wrong, Rational(0)))
        assert not module.saturation(get("sigmoid")).agrees


def test_a_wrong_crossing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    true = module.crossings
    monkeypatch.setattr(module, "crossings", lambda form, level: [x * Rational(101, 100) for x in true(form, level)])
    assert not module.saturation(get("sigmoid")).agrees


def test_bands() -> None:
    low, high = largest(on_interval(X * cos(X)), -3.0, 1.0)
    assert low <= 3 * abs(math.cos(3)) <= high <= low * 1.0001
    reached = small_from(on_interval(exp(X)), -100.0, 100.0, 1.0)
    assert reached is not None
    assert -1e-3 < reached <= 0


def test_what_is_no_activation() -> None:
    for name in ("dense", "softmax"):
        with pytest.raises(DerivationError, match="no function of one number"):
            slope_of(get(name))
    with pytest.raises(DerivationError, match="must be a polynomial in x"):
        slope_of(declare("z[...]; y = where(exp(z) > 2, z, 0)"))

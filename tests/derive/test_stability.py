"""Stable learning rates: the textbook's bounds, the Jury conditions against roots, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Poly, Symbol, log, simplify, sympify

from derive.analyses.bounds import Interval, Range, Signs, solve_affine
from derive.analyses.onestep import one_step
from derive.analyses.stability import Z, inside_circle, stability
from derive.errors import DerivationError
from derive.registry import declare, get

HEAD = "g[T, n], theta0[n]; alpha > 0; alpha = 0.1; theta[-1, j] = theta0[j]; "


# Heavy ball: Polyak 1964; the (1 - beta) form scales its rate by 1 - beta; Nesterov: p(-1) = 0 worked out on paper.
@pytest.mark.parametrize(
    ("name", "at", "bound", "slow"),
    [
        ("gradient_descent", None, "2/lam", "1 - alpha*lam"),
        ("sgd", None, "2/lam", "1 - alpha*lam"),
        ("heavy_ball", None, "2*(1 + beta)/lam", "1 - alpha*lam/(1 - beta)"),
        ("momentum", None, "2*(1 + beta)/(lam*(1 - beta))", "1 - alpha*lam"),
        ("nesterov", None, "2*(1 + beta)/(lam*(1 + 2*beta))", "1 - alpha*lam/(1 - beta)"),
        ("nesterov_lookahead", "phi", "2*(1 + beta)/(lam*(1 + 2*beta))", "1 - alpha*lam/(1 - beta)"),
    ],
)
def test_bounds(name: str, at: str | None, bound: str, slow: str) -> None:
    found = stability(get(name), at)
    names = {s.name: s for s in found.ranges} | {"lam": Symbol("lambda", positive=True)}
    assert found.interval is not None
    assert found.interval.low == 0
    assert simplify(found.interval.high - sympify(bound, names)) == 0
    assert found.slow is not None
    assert simplify(found.slow - sympify(slow, names)) == 0


def test_the_best_rate_of_gradient_descent() -> None:
    best = stability(get("gradient_descent")).best
    assert best is not None
    assert [str(e) for e in best] == ["2/(L + mu)", "(L - mu)/(L + mu)"]
    assert stability(get("heavy_ball")).best is None


def test_where_the_gradient_is_taken_matters() -> None:
    at_theta = stability(get("nesterov_lookahead"), "theta")
    heavy = stability(get("heavy_ball"))
    assert simplify(at_theta.polynomial - heavy.polynomial) == 0  # there it is heavy ball
    with pytest.raises(DerivationError, match="several outputs; say at which one the gradient is taken"):
        stability(get("nesterov_lookahead"))


def test_weight_decay_and_averages() -> None:
    decay = declare(f"{HEAD} mu > 0; mu = 0.1; theta[t, j] = theta[t - 1, j] - alpha*(g[t, j] + mu*theta[t - 1, j])")
    found = stability(decay, rate="alpha")
    assert found.interval is not None
    assert simplify(found.interval.high - 2 / (Symbol("lambda", positive=True) + Symbol("mu", real=True))) == 0
    with pytest.raises(DerivationError, match="say which hyper-parameter is the learning rate, with --rate: alpha, mu"):
        stability(decay)
    average = "a[t, j] = (a[t - 1, j] + theta[t, j])/2; a[-1, j < n] = 0; output(theta, a)"
    mean = stability(declare(f"{HEAD} theta[t, j] = theta[t - 1, j] - alpha*g[t, j]; {average}"), "theta")
    assert mean.interval is not None
    assert mean.interval.high == 2 / Symbol("lambda", positive=True)  # an average that decays changes nothing
    ascent = stability(declare(f"{HEAD} theta[t, j] = theta[t - 1, j] + alpha*g[t, j]"))
    assert ascent.interval is not None
    assert ascent.interval.empty


def test_what_is_not_linear_is_refused() -> None:
    for name in ("adam", "lion", "adamax", "lamb", "rmsprop"):
        with pytest.raises(DerivationError, match=rf"^{name} is not linear in its states and its gradient"):
            stability(get(name))
    with pytest.raises(DerivationError, match=r"^adafactor: the iteration matrix depends on the step"):
        stability(get("adafactor"))
    # A sign has derivative 0: only the check of the whole step sees that this is not linear.
    with pytest.raises(DerivationError, match="is not linear"):
        stability(declare(f"{HEAD} theta[t, j] = theta[t - 1, j] - alpha*sign(g[t, j])"))
    with pytest.raises(DerivationError, match="is no recurrence"):
        stability(get("sigmoid"))


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_conditions_agree_with_roots(degree: int) -> None:
    names = [Symbol(f"a{k}") for k in range(degree)]
    conditions = inside_circle(sum(a * Z**k for k, a in enumerate(names)) + Z**degree)
    rng = np.random.default_rng(degree)
    seen = set()
    for _ in range(60):
        roots = rng.uniform(0.3, 1.25) * np.exp(1j * rng.uniform(0, np.pi, degree // 2))
        roots = np.concatenate([roots, roots.conj(), rng.uniform(-1.2, 1.2, degree % 2)])
        values = dict(zip(names, np.poly(roots)[::-1][:-1].real, strict=True))
        stable = bool(np.abs(roots).max() < 1)
        seen.add(stable)
        assert all(float(c.subs(values)) > 0 for c in conditions) == stable
    assert seen == {True, False}


def test_signs_are_proofs() -> None:
    b, a = Symbol("b"), Symbol("a")
    signs = Signs({b: Range(sympify(0), sympify(1), True), a: Range(sympify(0))})
    assert signs.nonnegative(b)
    assert not signs.positive(b)  # b = 0 is allowed
    assert signs.positive(a * (1 - b))
    assert not signs.nonnegative(b - sympify(1) / 2)
    assert signs.positive(2 - b)
    unit = Signs({b: Range(sympify(0), sympify(1), True, True), a: Range(sympify(0), sympify(1), True, True)})
    assert [unit.positive(e) for e in (1 - b, 2 - b, 1 + b, b, 3 - a - b, 2 - a - b)] == [
        False, True, True, False, True, False
    ]  # fmt: skip
    assert unit.nonnegative(1 - b)
    assert not unit.positive(1 / (1 - b))  # it is not defined at the end
    assert not signs.positive(log(a) + 1)  # no polynomial: nothing is said
    # b <= 1 alone bounds the rate: -> the tighter of two ends is found, whatever the order
    assert solve_affine(
        [1 - a, 2 - b - a, a], a, Signs({b: Range(sympify(0), sympify(1), True)}), sympify(0)
    ) == Interval(0, 1)


def test_one_step_refuses_what_is_no_step() -> None:
    with pytest.raises(DerivationError, match="one step reads what stands at t or, computed, at t - 1"):
        one_step(declare("x[T, n]; h[t, j] = h[t - 1, j] + x[T - 1 - t, j]; h[-1, j < n] = 0"))
    assert Poly(stability(get("heavy_ball")).polynomial, Z).degree() == 2

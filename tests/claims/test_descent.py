"""Gradient descent and its kin: claims b7, b8, b9, c6, d8, d11."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import backproof as bp
from derive.nodes import Access
from derive.unroll import unroll
from numeric.exact import Exact
from tests.claims.support import Array, eighths, equal, floats, fractions, gradients, same, values

SERIES = eighths(1, g=(6, 3), theta0=(3,))


def test_b7_d11_descent_subtracts_the_learning_rate_times_the_gradient() -> None:
    alpha = Fraction(1, 7)
    theta = values("gradient_descent", {**SERIES, "alpha": alpha}, "theta", "rational")
    g = fractions(SERIES["g"])
    before = np.vstack([fractions(SERIES["theta0"])[None], theta[:-1]])
    assert equal(theta, before - alpha * g)


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_b7_mini_batches_have_the_gradient_of_the_whole_in_the_mean(batch: int) -> None:
    """Over all batches of a size, exactly; a single one is another vector, unless it is the whole."""
    given = eighths(2, X=(4, 2), W=(2, 1), Y=(4, 1))

    def gradient(rows: tuple[int, ...]) -> Array:
        part = {"X": given["X"][list(rows)], "W": given["W"], "Y": given["Y"][list(rows)]}
        return gradients("least_squares", part, wrt="W", field="rational")["W"]

    whole = gradient((0, 1, 2, 3))
    batches = [gradient(rows) for rows in combinations(range(4), batch)]
    assert equal(sum(batches[1:], batches[0]) / len(batches), whole)
    assert equal(batches[0], whole) is (batch == 4)


def test_b7_a_step_on_a_mini_batch_is_a_step_with_its_mean_gradient() -> None:
    given = eighths(3, g=(5, 4, 2), theta0=(2,))
    mean = fractions(given["g"]).mean(axis=1)
    alpha = Fraction(1, 3)
    one = values("sgd", {**given, "alpha": alpha}, "theta", "rational")
    other = values("gradient_descent", {"g": mean, "theta0": given["theta0"], "alpha": alpha}, "theta", "rational")
    assert equal(one, other)


def test_b8_momentum_is_a_weighted_sum_of_all_gradients_that_starts_too_small() -> None:
    """v[t] = (1 - beta) sum_s beta^(t-s) g[s].  The weights add up to 1 - beta^(t+1), not to 1: the start at 0 biases v."""
    closed = unroll(bp.get("momentum"), "v")
    (t, _) = closed.equation.indices
    assert closed.weight_sum == 1 - Access("beta") ** (t + 1)
    beta, constant = Fraction(9, 10), {"g": np.ones((3, 1)), "theta0": np.zeros(1)}
    v = values("momentum", {**constant, "beta": beta}, "v", "rational")
    assert equal(v.ravel(), [1 - beta, 1 - beta**2, 1 - beta**3])
    # the closed form as its own declaration, a sum without a recurrence
    spelt = "g[T, n], beta\nv[t < T, j] = (1 - beta)*sum(where(s <= t, beta**(t - s)*g[s, j], 0), s < T)"
    given = {"g": SERIES["g"], "beta": Fraction(1, 4)}
    one, other = values(spelt, given, "v"), values("momentum", {**given, "theta0": SERIES["theta0"]}, "v")
    assert same(one, other)


def test_b8_without_memory_momentum_is_descent_and_the_heavy_ball_is_1_over_1_minus_beta_faster() -> None:
    alpha, beta = Fraction(1, 10), Fraction(3, 4)
    plain = values("gradient_descent", {**SERIES, "alpha": alpha}, "theta", "rational")
    assert equal(values("momentum", {**SERIES, "alpha": alpha, "beta": 0}, "theta", "rational"), plain)
    averaged = values("momentum", {**SERIES, "alpha": alpha / (1 - beta), "beta": beta}, "theta", "rational")
    assert equal(values("heavy_ball", {**SERIES, "alpha": alpha, "beta": beta}, "theta", "rational"), averaged)


def test_b9_the_corrected_moments_of_a_constant_gradient_are_right_from_the_first_step() -> None:
    """mhat = g and vhat = g^2 at every step, where m and v begin at (1 - beta) of that; the first step is alpha sign(g)."""
    given = {"g": np.full((3, 1), -0.5), "theta0": np.zeros(1)}
    beta1, beta2, eps = Fraction(9, 10), Fraction(99, 100), Fraction(1, 10**9)
    exact = Exact(bp.get("adam").program, {**given, "beta1": beta1, "beta2": beta2, "alpha": 1, "eps": eps})
    for corrected, plain, constant, beta in (("mhat", "m", -0.5, beta1), ("vhat", "v", 0.25, beta2)):
        assert floats(exact.array(corrected)).ravel() == pytest.approx([constant] * 3, rel=1e-15)
        assert float(exact.value(plain, (0, 0))) == pytest.approx(constant * float(1 - beta), rel=1e-15)
    assert float(exact.value("theta", (0, 0))) == pytest.approx(0.5 / (0.5 + 1e-9), rel=1e-14)


QUADRATIC = """
    theta0, alpha, lam
    steps = 8
    theta[t < steps] = theta[t - 1] - alpha*lam*theta[t - 1]
    theta[-1] = theta0
"""


def test_b9_too_high_overshoots_and_too_low_crawls() -> None:
    """Descent on lam/2 theta^2 multiplies by 1 - alpha lam: it overshoots from 1/lam on, but only beyond 2/lam diverges."""
    slope = bp.derive(bp.declare("theta, lam: data\nL = lam/2*theta**2"), wrt="theta")
    assert str(slope) == "dtheta = lam*theta"
    assert unroll(bp.declare(QUADRATIC), "theta").coefficient == 1 - Access("alpha") * Access("lam")
    lam, paths = Fraction(4), {}
    for share in ("1/100", "1", "3/2", "2", "5/2"):
        given = {"theta0": 1, "lam": lam, "alpha": Fraction(share) / lam}
        paths[share] = values(QUADRATIC, given, "theta", "rational").tolist()
    assert paths["1/100"] == [Fraction(99, 100) ** k for k in range(1, 9)]  # 8 steps for 8 %
    assert paths["1"] == [0] * 8
    assert paths["3/2"] == [Fraction(-1, 2) ** k for k in range(1, 9)]  # overshoots every time, and converges
    assert paths["2"] == [(-1) ** k for k in range(1, 9)]
    assert paths["5/2"] == [Fraction(-3, 2) ** k for k in range(1, 9)]


def test_c6_descent_converges_to_where_the_gradient_is_0() -> None:
    """Least squares until nothing changes, against the solution of the normal equations by LAPACK."""
    rng = np.random.default_rng(5)
    given: dict[str, Any] = {"X": rng.normal(size=(8, 2)), "W": np.zeros((2, 1)), "Y": rng.normal(size=(8, 1))}
    function = bp.compile("least_squares", wrt="W")
    steps = 0
    while np.abs(gradient := function.vjp(given)["W"]).max() >= 1e-14:
        given["W"] = given["W"] - 0.5 * gradient
        steps += 1
        assert steps < 1000
    np.testing.assert_allclose(given["W"], np.linalg.lstsq(given["X"], given["Y"])[0], rtol=1e-12)


def test_c6_descent_need_not_converge() -> None:
    """On separable samples the cost of logistic regression has no minimum: the weights grow for ever, like log(steps)."""
    given = {"X": np.array([[-1.0], [1.0]]), "w": np.zeros(1), "b": np.array(0.0), "y": np.array([0.0, 1.0])}
    function, sizes = bp.compile("logistic_regression", wrt="w"), {}
    for step in range(1, 10001):
        given["w"] = given["w"] - function.vjp(given)["w"]
        sizes[step] = float(given["w"][0])
    # dw/dt = 1/(1 + e^w): w + e^w = t + 1, so a factor 10 in t adds about ln 10
    assert sizes[10000] - sizes[1000] == pytest.approx(np.log(10), rel=0.01)


# Adam with its parts taken off: the declaration, and what is replaced in it.
def adam(*changes: tuple[str, str]) -> bp.Operation:
    text = bp.get("adam").text
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return bp.declare(text, name="adam_changed")


UNCORRECTED = (("/(1 - beta1**(t + 1))", ""), ("/(1 - beta2**(t + 1))", ""))
INSIDE = ("(sqrt(vhat[t, j]) + eps)", "sqrt(vhat[t, j] + eps)")
HYPERS = {"alpha": Fraction(1, 10), "eps": Fraction(1, 100)}


def test_d8_adam_combines_rmsprop_and_momentum_and_adds_a_correction() -> None:
    """Its first moment is the velocity of momentum, its second the average of RMSprop.

    With beta1 = 0, without bias correction and with eps inside the root it is RMSprop; any one of the three alone is not.
    With the second moment held at 1 it is momentum.
    """
    betas = {"beta1": Fraction(4, 5), "beta2": Fraction(9, 10)}
    full = Exact(bp.get("adam").program, {**SERIES, **HYPERS, **betas})
    velocity = values("momentum", {**SERIES, "beta": betas["beta1"]}, "v")
    average = values("rmsprop", {**SERIES, **HYPERS, "rho": betas["beta2"]}, "v")
    assert same(full.array("m"), velocity)
    assert same(full.array("v"), average)

    rmsprop = values("rmsprop", {**SERIES, **HYPERS, "rho": betas["beta2"]}, "theta")
    no_memory = {**SERIES, **HYPERS, "beta1": 0, "beta2": betas["beta2"]}
    assert same(values(adam(*UNCORRECTED, INSIDE), no_memory, "theta"), rmsprop)
    for changes in ((), UNCORRECTED, (INSIDE,)):
        assert not same(values(adam(*changes), no_memory, "theta"), rmsprop)
    assert not same(values(adam(*UNCORRECTED, INSIDE), no_memory | betas, "theta"), rmsprop)

    held = adam(*UNCORRECTED, ("alpha*mhat[t, j]/(sqrt(vhat[t, j]) + eps)", "alpha*mhat[t, j]"))
    momentum = values("momentum", {**SERIES, "alpha": HYPERS["alpha"], "beta": betas["beta1"]}, "theta")
    assert same(values(held, {**SERIES, **HYPERS, **betas}, "theta"), momentum)


def test_d8_adagrad_divides_by_all_squares_and_rmsprop_by_the_recent_ones() -> None:
    """For a constant gradient the steps of AdaGrad fall like 1/sqrt(t), those of RMSprop settle at alpha."""
    given = {"g": np.full((64, 1), 2.0), "theta0": np.zeros(1), "alpha": 1.0}
    adagrad = bp.compile("adagrad").forward(**given, start=1e-30, eps=1e-30)["theta"].ravel()
    rmsprop = bp.compile("rmsprop").forward(**given, rho=0.5, eps=1e-30)["theta"].ravel()
    np.testing.assert_allclose(-np.diff(adagrad), 1 / np.sqrt(np.arange(2, 65)), rtol=1e-12)
    np.testing.assert_allclose(-np.diff(rmsprop)[-5:], 1.0, rtol=1e-12)


def test_d8_b9_weight_decay_and_an_l2_penalty_differ_for_adam() -> None:
    """They are one thing for plain descent only (see the penalties): Adam rescales what comes through the gradient."""
    penalised = adam(
        ("beta1*m[t - 1, j] + (1 - beta1)*g[t, j]", "beta1*m[t - 1, j] + (1 - beta1)*(g[t, j] + theta[t - 1, j]/10)"),
        ("(1 - beta2)*g[t, j]**2", "(1 - beta2)*(g[t, j] + theta[t - 1, j]/10)**2"),
    )
    decayed = values("adamw", {**SERIES, **HYPERS, "lam": Fraction(1, 10)}, "theta")
    gap = floats(values(penalised, {**SERIES, **HYPERS}, "theta")) - floats(decayed)
    assert np.abs(gap).max() > 1e-3

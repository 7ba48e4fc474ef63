"""Losses, penalties and dropout: claims b5, c3, d5, d6, d9, d10."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

import backproof as bp
from tests.claims.support import eighths, equal, fractions, gradients, precise, same, values


def test_b5_half_the_squared_error() -> None:
    assert str(bp.derive(bp.declare("yhat, y: data\nL = (yhat - y)**2/2"), wrt="yhat")) == "dyhat = yhat - y"
    # without the 1/2 the 2 of the square stays
    assert str(bp.derive(bp.declare("yhat, y: data\nL = (yhat - y)**2"), wrt="yhat")) == "dyhat = 2*(yhat - y)"


def test_b5_binary_cross_entropy_by_the_prediction_and_by_its_logit() -> None:
    """The statement names dL/dyhat without a formula: (yhat - y)/(yhat (1 - yhat)); by the logit it is yhat - y."""
    given = {"yhat": np.array([0.125, 0.5, 0.75]), "y": np.array([0.0, 1.0, 0.25])}
    loss = "0 < yhat[n] < 1\ny[n]: data\nL = sum(-(y*log(yhat) + (1 - y)*log(1 - yhat)))"
    claimed = values("yhat[n], y[n]\nd = (yhat - y)/(yhat*(1 - yhat))", given, "d", "rational")
    assert equal(gradients(loss, given, field="rational")["yhat"], claimed)
    assert str(bp.derive("bce_with_logits")) == "dz = (p - y)/n"


def test_b5_c3_the_cost_is_the_mean_and_so_is_its_gradient() -> None:
    given = eighths(1, yhat=(4, 1), y=(4, 1))
    gradient = gradients("half_mse", given, field="rational")["yhat"]
    assert equal(gradient, (fractions(given["yhat"]) - fractions(given["y"])) / 4)
    each = [values("yhat, y\nL = (yhat - y)**2/2", {"yhat": a, "y": b}, "L", "rational")[()] for a, b in pairs(given)]
    assert values("half_mse", given, "L", "rational")[()] == sum(each, Fraction(0)) / 4


def pairs(given: dict[str, np.ndarray]) -> list[tuple[float, float]]:
    """Prediction and target of each sample."""
    return list(zip(given["yhat"].ravel().tolist(), given["y"].ravel().tolist(), strict=True))


def test_d5_a_sum_of_squares_is_no_mean() -> None:
    """As printed, "MSE" has no 1/n: the value and the gradient are n k times those of the mean, and the best step over."""
    assert str(bp.derive("squared_error")) == "dyhat = 2*(yhat - y)"
    assert str(bp.derive("mse")) == "dyhat = 2*(yhat - y)/(k*n)"
    given = eighths(2, yhat=(3, 2), y=(3, 2))
    plain, mean, half = (
        gradients(name, given, field="rational")["yhat"] for name in ("squared_error", "mse", "half_mse")
    )
    assert equal(plain, 6 * mean)
    assert equal(plain, 6 * half)  # sum over the outputs, half, mean over three samples
    assert values("squared_error", given, "L", "rational") == 6 * values("mse", given, "L", "rational")
    # so one learning rate is not the other's: 0.5 is Newton's step for the sum of squares, whatever n is
    assert equal(fractions(given["yhat"]) - plain / 2, given["y"])
    assert not equal(fractions(given["yhat"]) - mean / 2, given["y"])


def test_c3_the_squared_error_is_never_negative_and_0_for_the_target() -> None:
    given = eighths(3, yhat=(3, 2), y=(3, 2))
    assert values("mse", given, "L", "rational")[()] > 0
    hit = {"yhat": given["y"], "y": given["y"]}
    assert values("mse", hit, "L", "rational") == 0
    assert equal(gradients("mse", hit, field="rational")["yhat"], np.zeros((3, 2)))


def test_d6_cross_entropy_is_least_at_the_target_where_it_is_the_entropy() -> None:
    """By logits the gradient is softmax minus target.  At the target it is 0, and the loss is not, unless one-hot."""
    assert str(bp.derive("softmax_cross_entropy", wrt="Z")) == "dZ = (P - Y)/n"
    target = np.array([[0.5, 0.25, 0.25]])
    logits = "Y[n, k]\nZ[i, j] = log(Y[i, j])"
    at = values(logits, {"Y": target}, "Z")
    found = gradients("softmax_cross_entropy", {"Z": at, "Y": target}, wrt="Z")["Z"]
    assert all(g.contains(0) and float(g.rad()) < 1e-30 for g in found.ravel())
    entropy = values("Y[n, k]\nL = -sum(Y*log(Y))", {"Y": target}, "L")
    loss = values("softmax_cross_entropy", {"Z": at, "Y": target}, "L")
    assert same(loss, entropy)
    assert 1.03 < float(loss[()]) < 1.04  # 1.5 ln 2 = 1.0397...


def test_d6_two_classes_are_the_binary_cross_entropy() -> None:
    """softmax of (z, 0) is sigma(z)."""
    z, y = np.array([0.75, -2.0]), np.array([1.0, 0.0])
    both = {"Z": np.stack([z, 0 * z], axis=1), "Y": np.stack([y, 1 - y], axis=1)}
    single = {"z": z, "y": y}
    assert same(values("softmax_cross_entropy", both, "L"), values("bce_with_logits", single, "L"))
    one = gradients("softmax_cross_entropy", both, wrt="Z")["Z"]
    assert same(one[:, 0], gradients("bce_with_logits", single)["z"])


def test_d9_the_penalties_pull_with_constant_and_with_proportional_strength() -> None:
    assert str(bp.derive("l1", wrt="W")) == "dW = lam*sign(W)"
    assert str(bp.derive("l2", wrt="W")) == "dW = W*lam"
    # on 1/2 (w - a)^2 the L1 penalty has its minimum exactly at 0 for |a| <= lam, the L2 penalty at a/(1 + lam)
    text = "w, a: data\nlam: data\nL = (w - a)**2/2 + {}"
    third, a = Fraction(1, 3), Fraction(1, 4)

    def slope(penalty: str, w: Fraction) -> Any:
        return gradients(text.format(penalty), {"w": w, "a": a, "lam": third}, "w", "rational")["w"][()]

    h = Fraction(1, 10**9)
    assert slope("lam*abs(w)", -h) < 0 < slope("lam*abs(w)", h)
    assert slope("lam/2*w**2", h) < 0 == slope("lam/2*w**2", a / (1 + third))


def test_d9_an_l2_penalty_is_weight_decay_for_plain_descent() -> None:
    """W - alpha (g + lam W) = (1 - alpha lam) W - alpha g; for Adam the two differ (see the optimizers)."""
    given = eighths(4, W=(2, 3), g=(2, 3))
    alpha, lam = Fraction(1, 5), Fraction(1, 7)
    penalty = gradients("l2", {"W": given["W"], "lam": lam}, wrt="W", field="rational")["W"]
    step = fractions(given["W"]) - alpha * (fractions(given["g"]) + penalty)
    assert equal(values("weight_decay", {**given, "alpha": alpha, "lam": alpha * lam}, "V", "rational"), step)


@pytest.mark.parametrize("scaled", [True, False])
def test_d10_over_all_subsets_a_dropped_layer_has_the_mean_of_the_layer(scaled: bool) -> None:
    """Every subset with its probability, exactly: divided by ``keep`` the mean is x, else keep times x.

    The gradient passes where the input did, and has the same mean.
    """
    x, keep = eighths(5, x=(1, 4))["x"], Fraction(3, 4)
    divided = keep if scaled else Fraction(1)
    mean, pulled = fractions(0 * x), fractions(0 * x)
    for mask in product((0, 1), repeat=4):
        weight = keep ** sum(mask) * (1 - keep) ** (4 - sum(mask))
        given = {"x": x, "mask": [list(mask)], "keep": divided}
        mean += weight * values("dropout", given, "y", "rational")
        gradient = gradients("dropout", {**given, "dy": np.ones((1, 4))}, wrt="x", field="rational")["x"]
        assert equal(gradient != 0, [[bool(each) for each in mask]])
        pulled += weight * gradient
    expected = 1 if scaled else keep
    assert equal(mean, expected * fractions(x))
    assert equal(pulled, fractions(np.ones((1, 4))) * expected)


def test_d10_a_network_without_some_neurons() -> None:
    """Dropping hidden units leaves the network of the others: its output, and no gradient for their weights."""
    network = """
        x[n], W[n, h], v[h]
        mask[h]: data
        a = tanh(x @ W)
        y = sum(a*mask*v)
    """
    given = eighths(6, x=(2,), W=(2, 3), v=(3,))
    kept = [0, 2]
    smaller = {"x": given["x"], "W": given["W"][:, kept], "v": given["v"][kept], "mask": np.ones(2)}
    dropped = {**given, "mask": np.array([1.0, 0.0, 1.0])}
    with precise():
        assert same(values(network, dropped, "y"), values(network, smaller, "y"))
    one, other = gradients(network, dropped, wrt="W, v"), gradients(network, smaller, wrt="W, v")
    assert same(one["W"][:, kept], other["W"])
    assert all(each == 0 for each in (*one["W"][:, 1], one["v"][1]))

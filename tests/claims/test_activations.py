"""Activations: claims b2, b3, b4, d2, d3, d4.

What holds for real numbers is asserted in balls; what float64 makes of it, with the generated functions.
"""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest

import backproof as bp
from tests.claims.support import equal, floats, gradients, precise, same, values

POINTS = np.array([-800.0, -40.0, -3.0, -0.5, 0.0, 0.25, 2.0, 37.0, 800.0])
ONES = np.ones(len(POINTS))
SIGMOID = "z[n]\na = 1/(1 + exp(-z))"  # as printed


def test_b2_the_sigmoid_and_its_derivative() -> None:
    assert str(bp.derive("sigmoid")) == "dz = (1 - a)*a*da"
    assert same(values(SIGMOID, {"z": POINTS}, "a"), values("sigmoid", {"z": POINTS}, "a"))
    assert equal(values(SIGMOID, {"z": [Fraction(0)]}, "a") * 2, [1])
    claimed = values("z[n]\na = 1/(1 + exp(-z))\ns = a*(1 - a)\noutput(s)", {"z": POINTS}, "s")
    assert same(gradients(SIGMOID, {"z": POINTS, "da": ONES})["z"], claimed)


def test_b2_the_printed_product_has_no_digits_left_far_out() -> None:
    """sigma (1 - sigma) as printed is 0 in float64 from z = 37 on, where the true slope is 8.5e-17; the function is not."""
    z = np.array([37.0])
    a = bp.compile("sigmoid").forward(z=z)["a"]
    assert (a * (1 - a)).tolist() == [0.0]
    slope = bp.compile("sigmoid").vjp({"z": z}, {"a": np.ones(1)})["z"][0]
    true = float(gradients("sigmoid", {"z": z, "da": [1]})["z"][0])
    assert slope == pytest.approx(true, rel=1e-15)
    assert 8.5e-17 < true < 8.6e-17  # exp(-37) = 8.533e-17, by mpmath


def test_b3_the_derivative_of_a_rectifier() -> None:
    """1 above and 0 below.  At 0 there is no derivative: the quotients from the two sides are 0 and 1, and 0 is a choice."""
    assert str(bp.derive("relu")) == "dz = [z > 0]*da"
    steps = {side: Fraction(side, 8) for side in (-1, 1)}
    at = {side: values("relu", {"z": [h]}, "a", "rational")[0] / h for side, h in steps.items()}
    assert at == {-1: 0, 1: 1}
    assert [str(c) for c in bp.get("relu").program.conventions] == [
        "At a tie of max(0, z[i]) the first argument takes the whole cotangent."
    ]
    found = {}
    for choice in ("first", "last", "share"):
        text = f"z[n]\nties(max) == {choice}\na = max(0, z)"
        found[choice] = gradients(text, {"z": [-1, 0, 1], "da": [1, 1, 1]}, field="rational")["z"].tolist()
    assert found == {"first": [0, 0, 1], "last": [0, 1, 1], "share": [0, Fraction(1, 2), 1]}


def test_b4_d4_a_softmax_is_a_distribution_and_a_shift_changes_nothing() -> None:
    logits = np.array([[0.5, -2.0, 3.0], [800.0, 0.0, -800.0]])
    exact = values("z[n, k]\na[i, j] = exp(z[i, j])/sum(exp(z[i, l]), l)", {"z": logits}, "a")
    with precise():
        sums = exact.sum(axis=1)
        assert all(s.contains(flint.arb(1)) and float(s.rad()) < 1e-30 for s in sums)
        assert all(each > 0 for each in exact.flat)
    assert same(exact, values("softmax", {"z": logits + 64}, "a"))
    assert str(bp.derive("softmax")) == "dz = a*(da - rowsum(a*da))"
    # as printed, e^800 overflows in float64; the generated function shifts by the largest logit
    generated = bp.compile("softmax").forward(z=logits)["a"]
    np.testing.assert_allclose(generated, floats(exact), rtol=1e-15, atol=0)


def test_b4_tanh_is_between_its_bounds_and_in_floats_on_them() -> None:
    tanh = "z[n]\na = (exp(z) - exp(-z))/(exp(z) + exp(-z))"  # as printed
    inner = POINTS[1:-1]
    assert all(-1 < a < 1 for a in values(tanh, {"z": inner}, "a"))
    assert bp.compile("tanh").forward(z=np.array([20.0]))["a"].tolist() == [1.0]  # 1 - 8.5e-18 rounds to 1
    assert same(values(tanh, {"z": inner}, "a"), values("z[n]\na = 2/(1 + exp(-2*z)) - 1", {"z": inner}, "a"))
    assert str(bp.derive("tanh")) == "dz = (1 - a**2)*da"


def test_d2_the_gradient_of_a_sigmoid_is_at_most_a_quarter_and_fades_by_e_for_each_unit() -> None:
    slope = gradients("sigmoid", {"z": [0, 10, 11, -10, -11], "da": [1] * 5})["z"]
    assert float(slope[0]) == 0.25
    assert all(each < flint.arb(0.25) for each in slope[1:])
    with precise():
        for far, near in ((2, 1), (4, 3)):
            assert abs(float(slope[near] / slope[far]) - np.e) < 3e-4  # 1 + O(e^-10) times e
    # the slopes of layers multiply: ten sigmoids in a row leave at most 4^-10
    chain = "z\n" + "\n".join(f"a{i} = sigmoid({f'a{i - 1}' if i else 'z'})" for i in range(10)) + "\noutput(a9)"
    assert 0 < float(gradients(chain, {"z": 0.5})["z"][()]) < 4.0**-10


UNIT = """
    X[n, d], w[d], b
    y[n]: data
    activation = relu
    yhat = activation(X @ w + b)
    L = mean((yhat - y)**2)
"""


@pytest.mark.parametrize(("activation", "dies"), [("relu", True), ("leaky_relu", False), ("elu", False)])
def test_d3_a_rectifier_that_is_negative_for_every_sample_never_learns_again(activation: str, dies: bool) -> None:
    """All gradients of the dead unit are exactly 0, so descent repeats the state for ever; a leak gets it out."""
    unit = bp.declare(UNIT.replace("activation = relu\n", "").replace("activation(", f"{activation}("))
    rng = np.random.default_rng(3)
    state = {"X": rng.uniform(0, 1, size=(6, 2)), "w": np.array([-1.0, -1.0]), "b": np.array(-0.1), "y": np.ones(6)}
    function = bp.compile(unit)
    found = function.vjp(state)
    assert bool(np.all(found["w"] == 0)) is dies
    for _ in range(500):
        found = function.vjp(state)
        state |= {name: state[name] - 0.3 * found[name] for name in ("w", "b")}
    assert bool(function.forward(**state)["L"] > 0.9) is dies


def test_d3_a_live_rectifier_can_die_in_one_step() -> None:
    given = {"X": np.array([[1.0, 0.5], [0.5, 1.0]]), "w": np.ones(2), "b": np.array(0.0), "y": np.zeros(2)}
    function = bp.compile(bp.declare(UNIT))
    found = function.vjp(given)
    assert np.abs(found["w"]).max() > 0
    after = given | {name: given[name] - 4.0 * found[name] for name in ("w", "b")}
    assert not any(np.any(function.vjp(after)[name]) for name in ("w", "b"))


@pytest.mark.parametrize(("alpha", "smooth"), [(1, True), (2, False)])
def test_d3_an_elu_is_smooth_at_0_for_alpha_1_alone(alpha: int, smooth: bool) -> None:
    """The slopes next to 0 are alpha and 1."""
    h = Fraction(1, 10**12)
    slopes = gradients("elu", {"z": [-h, h], "alpha": alpha, "da": [1, 1]}, wrt="z")["z"]
    assert floats(slopes) == pytest.approx([alpha, 1], abs=1e-11)
    assert (abs(float(slopes[1]) - float(slopes[0])) < 1e-9) is smooth


def test_d3_a_leak_passes_its_share() -> None:
    given = {"z": [-3, -1, 2], "alpha": Fraction(1, 100), "da": [1, 1, 1]}
    assert equal(gradients("leaky_relu", given, wrt="z", field="rational")["z"], [Fraction(1, 100)] * 2 + [1])

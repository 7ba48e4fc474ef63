"""Recurrent layers, stability, curvature and graphs: claims b12 and b14.

"The spectral radius of the weight matrices stays below 1" is neither sufficient nor necessary as it stands.  For a linear
recurrence it says what happens in the end, and nothing of the steps before; for tanh not even that.  What is sufficient is a
largest *singular* value below 1.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import backproof as bp
from tests.claims.support import Array, eighths, equal, floats, gradients, precise, same, values

# One sequence, weights as W h, as the claim has them.
COLUMNS = """
    x[T, d], h0[m], W_hh[m, m], W_xh[m, d], b_h[m], W_hy[o, m], b_y[o]
    z[t, i] = sum(W_hh[i, j]*h[t - 1, j], j) + sum(W_xh[i, k]*x[t, k], k) + b_h[i]
    h[t, i] = tanh(z[t, i])
    h[-1, i] = h0[i]
    y[t, p] = sum(W_hy[p, i]*h[t, i], i) + b_y[p]
    output(y)
"""
SHAPES = {
    "x": (4, 2),
    "h0": (3,),
    "W_hh": (3, 3),
    "W_xh": (3, 2),
    "b_h": (3,),
    "W_hy": (2, 3),
    "b_y": (2,),
    "dy": (4, 2),
}


def rows(given: dict[str, Array]) -> dict[str, Array]:
    """The same layer as the catalog has it: samples in rows, weights transposed."""
    weights = {name: given[name].T for name in ("W_hh", "W_xh", "W_hy")}
    sequences = {"X": given["x"][:, None], "h0": given["h0"][None]}
    return {**sequences, **weights, "b_h": given["b_h"], "b_y": given["b_y"]}


def test_b12_the_recurrent_layer_in_both_layouts() -> None:
    given = eighths(1, **SHAPES)
    dy = given.pop("dy")
    assert same(values(COLUMNS, given, "y"), values("rnn", rows(given), "y"))
    ours = gradients(COLUMNS, {**given, "dy": dy})
    theirs = gradients("rnn", {**rows(given), "dy": dy[:, None]})
    assert all(same(ours[name], theirs[name].T) for name in ("W_hh", "W_xh", "W_hy"))
    assert same(ours["x"], theirs["X"])
    assert same(ours["h0"], theirs["h0"])


def test_b12_back_propagation_through_time_prints_as_one_recurrence() -> None:
    """dW_hh is one sum over steps, and the error of step t takes in that of step t + 1 through W_hh^T."""
    assert str(bp.derive(bp.declare(COLUMNS), wrt="W_hh")).splitlines() == [
        "dh[t, i] = sum(pad(dz[t + 1, j])*W_hh[j, i], j) + sum(W_hy[p, i]*dy[t, p], p)",
        "dz[t, i] = dh[t, i]*(1 - h[t, i]**2)",
        "dW_hh[i, j] = sum(dz[t, i]*h[t - 1, j], t)",
    ]


def test_b12_errors_of_all_steps_add_up_in_the_shared_weights() -> None:
    """With weights of its own for each step, the gradients of the steps add up to that of the shared weights."""
    given = eighths(2, **SHAPES)
    apart = COLUMNS.replace("W_hh[m, m]", "W_hh[T, m, m]").replace("W_hh[i, j]*", "W_hh[t, i, j]*")
    copies = {**given, "W_hh": np.broadcast_to(given["W_hh"], (4, 3, 3))}
    each = gradients(apart, copies, wrt="W_hh")["W_hh"]
    with precise():
        assert same(each.sum(axis=0), gradients(COLUMNS, given, wrt="W_hh")["W_hh"])
        # an error at the last step alone reaches the weights of every earlier step
        last = {**copies, "dy": given["dy"] * np.array([0, 0, 0, 1])[:, None]}
        assert all(np.abs(floats(step)).max() > 1e-6 for step in gradients(apart, last, wrt="W_hh")["W_hh"])
        # and one at the first step reaches no later one
        first = {**copies, "dy": given["dy"] * np.array([1, 0, 0, 0])[:, None]}
        assert equal(gradients(apart, first, wrt="W_hh")["W_hh"][1:], np.zeros((3, 3, 3)))


def test_b12_the_jacobian_of_a_state_in_the_weights() -> None:
    """dh_t/dW_hh, for every t at once; against balls with one weight moved, of which the second order is 1e-18."""
    given = {name: value for name, value in eighths(3, **SHAPES).items() if name != "dy"}
    jacobian = bp.jacobian(bp.declare(COLUMNS.replace("output(y)", "output(y, h)")), of="h", wrt="W_hh")
    found = floats(values(jacobian.combined, given, jacobian.gradients["W_hh"]))
    assert found.shape == (4, 3, 3, 3)
    step = 2.0**-60
    moved = {**given, "W_hh": given["W_hh"].astype(object)}
    moved["W_hh"][1, 2] = Fraction(float(given["W_hh"][1, 2])) + Fraction(step)
    with precise():
        quotient = floats((values(COLUMNS, moved, "h") - values(COLUMNS, given, "h")) / step)
    np.testing.assert_allclose(found[:, :, 1, 2], quotient, rtol=1e-12, atol=1e-13)


LINEAR = "h0[m], W[m, m]\nsteps = 40\nh[t < steps, i] = sum(W[i, j]*h[t - 1, j], j)\nh[-1, i] = h0[i]"
TRANSIENT = np.array([[0.5, 10.0], [0.0, 0.5]])


def growth(matrix: Array, steps: int = 40) -> Array:
    """The largest factor by which a small change of the start has grown after each step: norms of derived Jacobians."""
    jacobian = bp.jacobian(bp.declare(LINEAR), of="h", wrt="h0")
    found = floats(
        values(jacobian.combined, {"h0": np.zeros(2), "W": matrix, "steps": steps}, jacobian.gradients["h0"])
    )
    norms: Array = np.linalg.norm(found, ord=2, axis=(1, 2))
    return norms


def radius(matrix: Array) -> float:
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def test_b12_a_radius_below_1_decides_the_end_and_not_the_way() -> None:
    """[[1/2, 10], [0, 1/2]] has radius 1/2; a change grows to 10 times its size first, and fades only then."""
    assert radius(TRANSIENT) == 0.5
    grown = growth(TRANSIENT)
    # W^k = [[2^-k, 20 k 2^-k], [0, 2^-k]], whose largest entry is 10 for k = 1 and k = 2
    assert grown.argmax() in (0, 1)
    assert 10 < grown.max() < 10.1
    assert grown[4] > 1 > grown[9]
    assert grown[-1] < 1e-8
    # the singular value says what one step can do
    assert np.linalg.norm(TRANSIENT, ord=2) == pytest.approx(grown[0], rel=1e-12)


@pytest.mark.parametrize("scale", [0.99, 1.0, 1.01])
def test_b12_for_a_rotation_the_radius_is_all(scale: float) -> None:
    """A normal matrix has its radius as its norm, so that there is no transient; at exactly 1 nothing grows or fades."""
    rotation = scale * np.array([[0.6, -0.8], [0.8, 0.6]])
    assert radius(rotation) == pytest.approx(scale)
    assert growth(rotation, 20) == pytest.approx(scale ** np.arange(1, 21), rel=1e-12)


TANH = """
    h0[m], W[m, m], b[m]
    steps = 20
    h[t < steps, i] = tanh(sum(W[i, j]*h[t - 1, j], j) + b[i])
    h[-1, i] = h0[i]
"""


def gradient_of_the_last(given: dict[str, Any]) -> float:
    """The norm of the gradient, at the start, of the first unit's last state."""
    cotangent = np.zeros((20, len(given["b"])))
    cotangent[-1, 0] = 1.0
    found = bp.compile(bp.derive(bp.declare(TANH), wrt="h0")).vjp(given, {"h": cotangent})["h0"]
    return float(np.linalg.norm(found))


def test_b12_for_tanh_a_radius_below_1_is_not_enough() -> None:
    """Radius 0.71.  The second unit is saturated at 1, which leaves h = tanh(2 h) for the first: slope 2 at every step."""
    given = {"W": np.array([[2.0, -3.0], [1.5, -2.0]]), "b": np.array([3.0, 100.0]), "h0": np.array([0.0, 1.0])}
    assert radius(given["W"]) == pytest.approx(np.sqrt(0.5))
    # one step passes through both weights of the first row, the other 19 through the 2
    assert gradient_of_the_last(given) == pytest.approx(2.0**19 * np.hypot(2, 3), rel=1e-9)


def test_b12_for_tanh_a_radius_below_1_is_not_needed() -> None:
    """Radius 4: a saturated unit has no slope left, and the gradient vanishes all the same."""
    given = {"W": np.array([[4.0]]), "b": np.array([3.0]), "h0": np.array([0.5])}
    assert 0 <= gradient_of_the_last(given) < 1e-30


def test_b12_singular_values_below_1_are_enough() -> None:
    """tanh has slopes of at most 1, so every step shrinks: the gradient is bounded by sigma^20."""
    rng = np.random.default_rng(4)
    matrix = rng.normal(size=(3, 3))
    matrix *= 0.9 / np.linalg.norm(matrix, ord=2)
    for _ in range(5):
        given = {"W": matrix, "b": rng.normal(size=3), "h0": rng.normal(size=3)}
        assert gradient_of_the_last(given) <= 0.9**20


def test_b12_the_hessian_shows_curvature() -> None:
    """Its eigenvalues are the curvatures: both signs at a saddle, and zero along a valley."""
    saddle = bp.hessian(bp.declare("w[n], q[n]: data\nL = sum(q*w**2)/2"), wrt="w")
    name = next(iter(saddle.gradients.values()))
    found = floats(values(saddle.combined, {"w": np.array([3.0, 5.0]), "q": np.array([2.0, -4.0])}, name))
    assert np.linalg.eigvalsh(found).tolist() == [-4.0, 2.0]
    valley = eighths(5, X=(4, 1))["X"] * np.array([[1.0, 2.0]])  # features that are multiples of one another
    loss = bp.hessian(bp.declare("X[n, d], w[d]\ny[n]: data\nL = sum((X @ w - y)**2)/2"), wrt="w")
    point = {"X": valley, "w": np.ones(2), "y": np.zeros(4)}
    eigenvalues = np.linalg.eigvalsh(floats(values(loss.combined, point, next(iter(loss.gradients.values())))))
    assert abs(eigenvalues[0]) < 1e-12
    assert eigenvalues[1] == pytest.approx(5 * float(np.sum(valley[:, 0] ** 2)), rel=1e-12)


def test_b14_a_network_is_a_graph_without_cycles_and_its_gradient_the_graph_reversed() -> None:
    derivation = bp.derive("mlp")
    edges = {(read, e.target) for e in derivation.program.equations for read in e.reads()}
    assert edges == {
        *(("X", "Z1"), ("W1", "Z1"), ("b1", "Z1"), ("Z1", "A1"), ("A1", "Z2"), ("W2", "Z2"), ("b2", "Z2")),
        *(("Z2", "A2"), ("A2", "L"), ("Y", "L")),
    }
    names = {adjoint: name for name, adjoint in derivation.adjoints.items()}
    back = {(names[e.target], names[read]) for e in derivation.derived for read in e.reads() if read in names}
    # each edge that leads to what is differentiated, backwards; the adjoints of A1 and A2 are put into those of Z1 and Z2
    assert back - {("Z1", "Z2")} == edges - {("Z1", "A1"), ("Z2", "A2"), ("A2", "L"), ("Y", "L")}
    assert ("Z1", "Z2") in back


def test_b14_singular_values_and_not_eigenvalues_say_what_one_map_does_to_a_change() -> None:
    """All eigenvalues are 1/2, and a change grows tenfold; for a symmetric matrix the two say the same."""
    layer = bp.jvp(bp.declare("x[n], W[n, n]\ny = W @ x"), wrt="x")

    def change(matrix: Array, direction: Array) -> float:
        given = {"x": np.ones(2), "W": matrix, layer.cotangents["x"]: direction}
        return float(np.linalg.norm(floats(values(layer.combined, given, layer.gradients["y"]))))

    assert np.linalg.eigvals(TRANSIENT).tolist() == [0.5, 0.5]
    assert change(TRANSIENT, np.array([0.0, 1.0])) > 10
    symmetric = np.array([[0.25, 0.5], [0.5, 0.25]])
    eigenvalues, directions = np.linalg.eigh(symmetric)
    for eigenvalue, direction in zip(eigenvalues, directions.T, strict=True):
        assert change(symmetric, direction) == pytest.approx(abs(eigenvalue), rel=1e-12)
    turns = np.linspace(0, np.pi, 19)
    assert max(change(symmetric, np.array([np.cos(a), np.sin(a)])) for a in turns) <= radius(symmetric) * (1 + 1e-12)

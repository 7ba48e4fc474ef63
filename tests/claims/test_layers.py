"""Weighted sums, layers and networks: claims a1 to a8, b1, b6, c1, c2, c4, c5, d1, d7.

Exact fractions or balls throughout.  ``A_prev`` of the articles is the layer's input, ``delta`` is dC/dZ.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import backproof as bp
from tests.claims.support import Array, eighths, equal, floats, fractions, gradients, precise, same, values

COLUMNS = "X[n, m], W[k, n], b[k]\nZ[i, j] = sum(W[i, l]*X[l, j], l) + b[i]"  # samples are columns


@pytest.fixture
def columns() -> dict[str, Array]:
    """Three features of four samples, two outputs."""
    return eighths(1, X=(3, 4), W=(2, 3), b=(2,), dZ=(2, 4))


@pytest.fixture
def sigmoid_network() -> dict[str, Array]:
    """Two samples through 3, 4 and 2 units; the targets are 0 or 1."""
    drawn = eighths(2, X=(2, 3), W1=(3, 4), b1=(4,), W2=(4, 2), b2=(2,))
    return {**drawn, "Y": np.array([[1.0, 0.0], [0.0, 0.0]])}


def turned(given: dict[str, Array]) -> dict[str, Array]:
    """The same numbers with samples in rows."""
    return {name: value.T for name, value in given.items()}


def test_b1_columns_are_the_rows_of_the_other_layout(columns: dict[str, Array]) -> None:
    assert str(bp.derive(bp.declare(COLUMNS))).splitlines() == ["dX = W.T @ dZ", "dW = dZ @ X.T", "db = rowsum(dZ)"]
    forward = [(COLUMNS, columns), ("dense", turned(columns))]
    one, other = (
        values(what, {k: v for k, v in given.items() if k != "dZ"}, "Z", "rational") for what, given in forward
    )
    assert equal(one, other.T)
    assert equal(one, columns["W"] @ columns["X"] + columns["b"][:, None])  # float64 is exact for these
    ours, theirs = gradients(COLUMNS, columns, field="rational"), gradients("dense", turned(columns), field="rational")
    assert all(equal(ours[name], theirs[name].T) for name in ("X", "W", "b"))


def test_b1_the_bias_is_a_column() -> None:
    """As printed, W X + b adds a vector of k numbers to a k x m matrix: only each column can get it."""
    with pytest.raises(bp.BackproofError, match="do not broadcast"):
        bp.declare("X[n, m], W[k, n], b[k]\nZ = W @ X + b")
    assert str(bp.derive(bp.declare("X[n, m], W[k, n], b[k, 1]\nZ = W @ X + b"), wrt="W")) == "dW = dZ @ X.T"


def test_b6_the_jacobian_of_a_layer_is_not_its_input_alone() -> None:
    """dZ/dW is A_prev with a Kronecker delta, so that dC/dW is a product with A_prev *transposed*, summed over samples."""
    assert str(bp.jacobian(bp.declare(COLUMNS), wrt="W")) == "J_Z_W[r, q, i, l] = X[l, q]*[i == r]"
    assert str(bp.jacobian(bp.declare(COLUMNS), wrt="b")) == "J_Z_b[r, q, i] = [i == r]"
    assert str(bp.derive(bp.declare(COLUMNS), wrt="W")) == "dW = dZ @ X.T"
    # the order as printed, dC/dZ times A_prev, has no meaning unless there are as many inputs as samples
    with pytest.raises(bp.BackproofError):
        bp.declare("A[n, m], delta[k, m]\nD = delta @ A")


# One update, as printed: theta <- theta - eta delta (A_prev^T), with delta = dC/dZ as an input.
AS_PRINTED = "A[n, m], W[k, n], delta[k, m], eta\nW_new = W - eta*delta @ A.T"
COST = """
    A[n, m], W[k, n], b[k]
    Y[k, m]: data
    Z[i, j] = sum(W[i, l]*A[l, j], l) + b[i]
    C = sum((Z - Y)**2)/(2*m)
    output(C)
"""


@pytest.mark.parametrize("samples", [1, 3])
def test_b6_the_update_of_the_weights_and_of_the_bias(samples: int) -> None:
    """The weights' update holds with delta = dC/dZ.  The bias' update holds for one sample; for m the rows are summed."""
    given = eighths(3, A=(2, samples), W=(2, 2), b=(2,), Y=(2, samples))
    eta = Fraction(1, 4)
    derived = gradients(COST, given, wrt="W, b", field="rational")
    exact = fractions(given["W"] @ given["A"] + given["b"][:, None] - given["Y"])  # float64 is exact for these
    # each sample's own dL_i/dZ lacks the 1/m of the cost
    for delta, right in ((exact / samples, True), (exact, samples == 1)):
        printed = {"A": given["A"], "W": given["W"], "delta": delta, "eta": eta}
        after = values(AS_PRINTED, printed, "W_new", "rational")
        assert equal(after, fractions(given["W"]) - eta * derived["W"]) is right
    assert equal(derived["b"], (exact / samples).sum(axis=1))
    # without the sum the update is a matrix, of the shape of delta and not of b
    assert equal(derived["b"][:, None], exact / samples) is (samples == 1)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 3)], ids=["grey", "colour"])
def test_a1_an_unrolled_image_and_the_image_are_one_layer(shape: tuple[int, ...]) -> None:
    """Whether pixels are in a grid or in a vector changes neither the sum nor, once unrolled, the gradients."""
    axes = "h, w, c"[: 3 * len(shape) - 2]
    grid = f"x[{axes}], w_[{axes}], b\nz = sum(x*w_) + b"
    given = eighths(4, x=shape, w_=shape, b=())
    vector = {"x": given["x"].ravel(), "w_": given["w_"].ravel(), "b": given["b"]}
    unrolled = "x[d], w_[d], b\nz = w_ @ x + b"
    assert values(grid, given, "z", "rational") == values(unrolled, vector, "z", "rational")
    one, other = gradients(grid, given, field="rational"), gradients(unrolled, vector, field="rational")
    assert all(equal(one[name].ravel(), np.ravel(other[name])) for name in ("x", "w_", "b"))


def test_a2_and_d7_layers_are_equations_and_the_chain_rule_runs_backwards() -> None:
    """Forward from input to output; the adjoints come in the opposite order, each from the one behind it."""
    derivation = bp.derive("mlp", wrt="W1, b1, W2, b2")
    forward = [equation.target for equation in derivation.program.equations]
    assert forward == ["Z1", "A1", "Z2", "A2", "L"]
    backward = [equation.target for equation in derivation.equations]
    assert backward == ["dZ2", "dZ1", "dW1", "db1", "dW2", "db2"]
    reads = {equation.target: equation.reads() for equation in derivation.equations}
    assert "dZ2" in reads["dZ1"]
    assert "dZ1" not in reads["dZ2"]
    with pytest.raises(bp.BackproofError):  # a layer that needs a later one is no network
        bp.declare("x[n]\na = tanh(b)\nb = x + a")


def test_a3_c1_d1_the_weighted_sums_agree() -> None:
    """w^T x + b, sum x_i w_i + b and x.w + b are one; over rows of samples it is X w + b."""
    given = eighths(5, x=(3,), w=(3,), b=())
    texts = ["z = w @ x + b", "z = x @ w + b", "z = sum(x[i]*w[i], i) + b", "z = sum(w*x) + b"]
    one, *others = (values(f"x[d], w[d], b\n{text}", given, "z", "rational") for text in texts)
    assert all(one == other for other in others)
    assert str(bp.derive(bp.declare(f"x[d], w[d], b\n{texts[0]}"))).splitlines() == ["dx = w", "dw = x", "db = 1"]
    rows = eighths(5, X=(4, 3), w=(3,), b=())
    together = values("X[n, d], w[d], b\nz = X @ w + b", rows, "z", "rational")
    alone = [
        values(f"x[d], w[d], b\n{texts[0]}", {"x": x, "w": rows["w"], "b": rows["b"]}, "z", "rational")
        for x in rows["X"]
    ]
    assert equal(together, np.array(alone).ravel())


def test_a4_a6_forward_propagation_is_weighted_sum_then_sigmoid(sigmoid_network: dict[str, Array]) -> None:
    """Layer by layer with separate declarations, and as one network."""
    given = sigmoid_network
    hidden = values("dense", {"X": given["X"], "W": given["W1"], "b": given["b1"]}, "Z")
    activated = values("sigmoid", {"z": hidden.ravel()}, "a").reshape(hidden.shape)
    output = values("dense", {"X": activated, "W": given["W2"], "b": given["b2"]}, "Z")
    assert same(values("sigmoid", {"z": output.ravel()}, "a"), values("mlp", given, "A2").ravel())


def test_a5_the_cost_of_logistic_regression() -> None:
    """A mean of logarithms, whose gradient is as plain as that of the squared error; and it is convex, so one minimum."""
    assert str(bp.derive("logistic_regression", wrt="w, b")).splitlines() == [
        "dz = (p - y)/n",
        "dw = X.T @ dz",
        "db = sum(dz)",
    ]
    summed = "p[n]\ny[n]: data\nL = -sum(y*log(p) + (1 - y)*log(1 - p))"
    given = {"p": np.array([0.25, 0.5, 0.875]), "y": np.array([0.0, 1.0, 1.0])}
    with precise():  # the sum over samples, or their mean
        assert same(values(summed, given, "L"), 3 * values("bce", given, "L"))
    hessian = bp.hessian("logistic_regression", wrt="w")
    point = eighths(6, X=(5, 3), w=(3,), b=()) | {"y": np.array([0.0, 1.0, 1.0, 0.0, 1.0])}
    eigenvalues = np.linalg.eigvalsh(floats(values(hessian.combined, point, "J_dw_w")))
    assert eigenvalues.min() > 0


def test_a7_a8_one_step_back_and_down_lowers_the_cost(sigmoid_network: dict[str, Array]) -> None:
    """The loss falls by eta |gradient|^2 to first order: a wrong sign, factor or transpose misses that."""
    function = bp.compile("mlp")
    names = ("W1", "b1", "W2", "b2")
    found = function.vjp(sigmoid_network)
    slope = sum(float(np.sum(found[name] ** 2)) for name in names)
    eta = 1e-4
    after = {**sigmoid_network, **{name: sigmoid_network[name] - eta * found[name] for name in names}}
    fall = float(function.forward(**sigmoid_network)["L"] - function.forward(**after)["L"])
    assert fall == pytest.approx(eta * slope, rel=1e-3)


def test_c2_a_step_cannot_be_trained_through_and_a_sigmoid_can() -> None:
    assert str(bp.derive("binary_step")) == "dz = 0"
    point = eighths(7, X=(3, 2), w=(2,), b=(), y=(3,))
    step = bp.get("perceptron", activation="binary_step")
    assert equal(gradients(step, point, wrt="w")["w"], [0, 0])
    assert np.abs(floats(gradients("perceptron", point, wrt="w")["w"])).min() > 1e-3


def test_c4_the_three_factors_put_together() -> None:
    """dC/dyhat, dyhat/dz and dz/dw are derived apart; their product, summed over the samples, is the whole derivative.

    Without that sum, which the statement leaves out, the product is one row for each sample.
    """
    given = eighths(8, X=(3, 2), w=(2,), b=(), y=(3,))
    loss = bp.declare("yhat[n]\ny[n]: data\nL = mean((yhat - y)**2)")
    yhat = values("perceptron", given, "yhat")
    first = gradients(loss, {"yhat": yhat, "y": given["y"]})["yhat"]
    weighted, inputs = "X[n, d], w[d], b\nz = X @ w + b", {name: given[name] for name in ("X", "w", "b")}
    z = values(weighted, inputs, "z")
    second = gradients("sigmoid", {"z": z, "da": np.ones(3)})["z"]
    third = values(bp.jacobian(bp.declare(weighted), wrt="w").combined, inputs, "J_z_w")
    whole = gradients("perceptron", given, wrt="w")["w"]
    with precise():
        product = (first * second)[:, None] * third
        assert product.shape == (3, 2)
        assert same(product.sum(axis=0), whole)


def test_c5_the_bias_is_the_weight_of_a_constant_input() -> None:
    plain = eighths(9, X=(4, 2), w=(2,), b=(), y=(4,))
    ones = np.hstack([plain["X"], np.ones((4, 1))])
    extended = {"X": ones, "w": np.append(plain["w"], plain["b"]), "y": plain["y"]}
    without = bp.declare("X[n, d], w[d]\ny[n]: data\nyhat = sigmoid(X @ w)\nL = mean((yhat - y)**2)")
    assert same(values(without, extended, "L"), values("perceptron", plain, "L"))
    one, other = gradients(without, extended, wrt="w")["w"], gradients("perceptron", plain, wrt="w, b")
    assert same(one, np.append(other["w"], other["b"]))

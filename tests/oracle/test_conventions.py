"""Implementations that are right and differ from the declaration in how arrays lie, or in what their loss is a multiple of."""

from __future__ import annotations

import sys
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from derive.registry import declare, get
from derive.reverse import derive
from tests.oracle.test_check import ORDINARY
from tests.seeds import SEED
from verify.errors import MappingError
from verify.oracle import check
from verify.oracle.adapting import adapted
from verify.oracle.executable import of_program
from verify.oracle.recognising import recognised


def linear_backward(dy: Any, x: Any, W: Any) -> Any:
    """W is (outputs, inputs), as in PyTorch's linear layer."""
    return dy @ W, dy.T @ x, dy.sum(0)


def columns_backward(dZ: Any, X: Any, W: Any, b: Any) -> Any:
    """Samples are columns, as in Andrew Ng's course; b is a column."""
    assert b.shape == (len(W), 1)
    return W.T @ dZ, dZ @ X.T, dZ.sum(axis=1, keepdims=True)


class ChannelsLast:
    """A convolution as TensorFlow lays it out: images (n, h, w, c), kernels (kh, kw, c, o)."""

    def __init__(self, K: Any, b: Any) -> None:
        self.K, self.b = K, b

    def forward(self, x: Any) -> Any:
        self.x = x
        return sum(view @ self.K[i, j] for (i, j), view in self._windows(x)) + self.b

    def backward(self, grad_output: Any) -> Any:
        dx, self.dK, self.db = np.zeros_like(self.x), np.zeros_like(self.K), grad_output.sum((0, 1, 2))
        for ((i, j), view), (_, place) in zip(self._windows(self.x), self._windows(dx), strict=True):
            place += grad_output @ self.K[i, j].T
            self.dK[i, j] = np.einsum("nhwc,nhwo->co", view, grad_output)
        return dx

    def _windows(self, x: Any) -> Any:
        high, wide = (1 + x.shape[axis] - self.K.shape[axis - 1] for axis in (1, 2))
        return [((i, j), x[:, i : i + high, j : j + wide]) for i, j in np.ndindex(*self.K.shape[:2])]


def told(check_: Any) -> list[str]:
    return [words.partition(", and ")[0] for words in check_.conventions]


def test_transposed_weights_are_a_convention() -> None:
    found = check(linear_backward, "dense", **ORDINARY)
    assert found.ok, str(found)
    assert found.conventions == ("W is (k, d), and (d, k) in the declaration",)
    assert str(found).startswith("linear_backward against dense: agrees, convention differs (")
    assert "convention: W is (k, d), and (d, k) in the declaration" in str(found)
    assert found.to_dict()["conventions"] == list(found.conventions)


def test_samples_as_columns_are_a_convention() -> None:
    found = check(columns_backward, "dense", **ORDINARY)
    assert found.ok, str(found)
    assert sorted(told(found)) == ["W is (k, d)", "X is (d, n)", "Z is (k, n)", "b is (k, 1)"]


def test_channels_last_are_a_convention() -> None:
    found = check(ChannelsLast, "conv2d", **ORDINARY)
    assert found.ok, str(found)
    assert sorted(told(found)) == ["K is (kh, kw, c, o)", "x is (n, h, w, c)", "y is (n, i, j, o)"]


@pytest.mark.parametrize("seed", range(34, 38))
def test_a_layout_is_found_whatever_the_seed(seed: int) -> None:
    """Sizes are chosen that tell the axes apart: with one output channel twice, other layouts fit as well."""
    derivation = derive(get("conv2d"))
    found, words, _ = recognised(adapted(ChannelsLast, derivation), derivation, seed)
    assert [each.partition(" is ")[0] for each in words] == ["K", "x", "y"]
    assert found.forward is not None


def test_a_search_that_is_not_finished_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.oracle.recognising._ARRANGEMENTS", 3)
    found = check(ChannelsLast, "conv2d", **ORDINARY)
    assert not found.ok
    assert "3 other layouts of its arrays were tried, not all: layouts={...} states one" in str(found)


def test_a_jax_function_may_lie_otherwise_too() -> None:
    def affine(x: Any, W: Any, b: Any) -> Any:
        return jnp.dot(x, W.T) + b

    found = check(affine, "dense", **ORDINARY)
    assert found.ok, str(found)
    assert told(found) == ["W is (k, d)"]


def test_a_mistake_is_named_in_another_layout_as_well() -> None:
    def wrong(dy: Any, x: Any, W: Any) -> Any:
        return dy @ W, dy.T @ x / len(x), dy.sum(0)

    found = check(wrong, "dense", **ORDINARY)
    assert not found.ok
    assert told(found) == ["W is (k, d)"]
    assert [(cause.names, cause.kinds) for cause in found.causes] == [(("W",), ("extra 1/N",))]


def test_a_gradient_that_lies_otherwise_than_its_argument_is_a_mistake() -> None:
    def wrong(dy: Any, x: Any, W: Any) -> Any:
        return dy @ W.T, dy.T @ x, dy.sum(0)

    found = check(wrong, "dense", **ORDINARY)
    assert not found.ok
    assert not found.conventions
    assert [(cause.names, cause.kinds) for cause in found.causes] == [(("W",), ("transpose",))]


def over_columns(z: Any) -> Any:
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def test_the_wrong_axis_is_a_mistake_where_the_shapes_are_right() -> None:
    found = check(over_columns, "softmax", kind="forward", **ORDINARY)
    assert not found.ok
    assert not found.conventions


def test_a_stated_layout_is_taken_for_granted() -> None:
    assert not check(over_columns, "softmax", kind="forward", **ORDINARY).ok
    found = check(over_columns, "softmax", kind="forward", layouts={"z": "n batch", "a": "n batch"}, **ORDINARY)
    assert found.ok, str(found)
    assert told(found) == ["z is (n, batch)", "a is (n, batch)"]
    right = check(linear_backward, "dense", layouts={"W": "k, d"}, **ORDINARY)
    assert right.ok
    assert told(right) == ["W is (k, d)"]
    assert not check(linear_backward, "dense", layouts={"X": "d n"}, **ORDINARY).ok


def test_arrays_that_fit_in_two_ways_are_asked_for() -> None:
    def frobenius(A: Any, B: Any) -> Any:  # uses sizes of both, and gets every number wrong
        assert A.shape[0] == B.shape[1]
        return {"A": np.full(A.shape, 3.0), "B": np.full(B.shape, 5.0)}

    inner = declare("A[n, k], B[n, k]\nL = sum(A*B)", name="inner_product")
    with pytest.raises(
        MappingError, match=r"fit in 2 ways, say which: layouts=\{'A': 'k n'\} or layouts=\{'B': 'k n'\}"
    ):
        check(frobenius, inner, kind="gradient", **ORDINARY)


def sse(yhat: Any, y: Any) -> Any:
    return np.sum((yhat - y) ** 2) / 2


def sse_grad(yhat: Any, y: Any) -> Any:
    return {"yhat": yhat - y}


def test_a_sum_for_a_mean_is_a_convention_where_the_forward_pass_says_so() -> None:
    found = check((sse, sse_grad), "mse", **ORDINARY)
    assert found.ok, str(found)
    assert found.conventions == ("its loss is n*k/2 times the declared one",)


def test_of_a_gradient_alone_the_multiple_is_a_mistake_and_a_hint() -> None:
    found = check(sse_grad, "mse", **ORDINARY)
    assert not found.ok
    assert "if its loss is meant to be n*k/2 times the declared one, its gradient is right: scale='n*k/2'" in str(found)
    assert check(sse_grad, "mse", scale="n*k/2", **ORDINARY).ok
    assert not check(sse_grad, "mse", scale="n*k", **ORDINARY).ok


def test_a_gradient_of_another_multiple_than_its_loss_is_a_mistake() -> None:
    def half(yhat: Any, y: Any) -> Any:
        return np.sum((yhat - y) ** 2) / yhat.size / 2

    found = check((half, sse_grad), "mse", **ORDINARY)
    assert not found.ok
    assert {cause.names for cause in found.causes} == {("yhat",), ("L",)}


def test_a_loss_that_is_not_reduced_is_a_convention() -> None:
    def squares(yhat: Any, y: Any) -> Any:
        return (yhat - y) ** 2

    def gradient(yhat: Any, y: Any) -> Any:
        return {"yhat": 2 * (yhat - y)}

    found = check((squares, gradient), "mse", **ORDINARY)
    assert found.ok, str(found)
    assert found.conventions == (
        "its loss is not reduced: it is that of each element, and here their sum is judged",
        "its loss is n*k times the declared one",
    )
    alone = check(squares, "squared_error", kind="forward", **ORDINARY)
    assert alone.ok, str(alone)
    assert alone.conventions == found.conventions[:1]
    jax_loss = check(lambda Z, Y: optax.softmax_cross_entropy(Z, Y), "softmax_cross_entropy", wrt=["Z"], **ORDINARY)
    assert jax_loss.ok, str(jax_loss)
    assert jax_loss.conventions[1:] == ("its loss is n times the declared one",)
    # no multiple of the sum is the declared loss: then it is a mistake, of its shape too
    wrong = check(((lambda yhat, y: 1 + (yhat - y) ** 2), gradient), "mse", seconds=0, **ORDINARY)
    assert not wrong.ok
    assert not wrong.conventions
    assert "where () is due" in str(wrong)

    # a gradient of another multiple than its loss
    def threefold_gradient(yhat: Any, y: Any) -> Any:
        return {"yhat": 3 * (yhat - y)}

    assert not check((squares, threefold_gradient), "mse", seconds=0, **ORDINARY).ok


def test_a_scale_that_cannot_be_is_refused() -> None:
    with pytest.raises(MappingError, match=r"quotient of numbers and the sizes n, k \(scale='n/2'\), got 'm/2'"):
        check(sse_grad, "mse", scale="m/2", **ORDINARY)
    with pytest.raises(MappingError, match="got '1e999'"):
        check(sse_grad, "mse", scale="1e999", **ORDINARY)
    with pytest.raises(MappingError, match="dense is no loss: its output Z is no scalar"):
        check(linear_backward, "dense", scale="2", **ORDINARY)
    with pytest.raises(MappingError, match=r"there is no array 'V'; there are X, W, b, Z"):
        check(linear_backward, "dense", layouts={"V": "k d"}, seed=SEED)


PROGRAM = """
import json, sys
got = json.load(sys.stdin)
dz, x, w = got["cotangents"]["Z"], got["inputs"]["X"], got["inputs"]["W"]
turned = lambda a: [list(column) for column in zip(*a)]
times = lambda a, b: [[sum(p * q for p, q in zip(row, column)) for column in turned(b)] for row in a]
print(json.dumps({"gradients": {"X": times(dz, w), "W": times(turned(dz), x), "b": [sum(c) for c in turned(dz)]}}))
"""


def test_a_program_is_given_arrays_as_it_has_them() -> None:
    program = of_program([sys.executable, "-c", PROGRAM], derive(get("dense")))
    found = check(program, "dense", cases=1, **ORDINARY)
    assert found.ok, str(found)
    assert told(found) == ["W is (k, d)"]

"""``check``: how implementations are read, what is said of them, and that the right ones are left in peace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.seeds import SEED
from verify.errors import MappingError
from verify.oracle import check
from verify.verdicts import Verdict

ORDINARY = {"seed": SEED, "strata": ["ordinary"]}


class Dense:
    """A layer as courses write it: parameters from the constructor, gradients left at the object."""

    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad_output: Any) -> Any:
        self.dW, self.db = self.x.T @ grad_output, grad_output.sum(axis=0)
        return grad_output @ self.W.T


class Forgetful(Dense):
    """Without the gradient of the bias."""

    def backward(self, grad_output: Any) -> Any:
        self.dW = self.x.T @ grad_output
        return grad_output @ self.W.T


class Sigmoid:
    """One object for all calls."""

    def forward(self, z: Any) -> Any:
        self.a = 1 / (1 + np.exp(-z))
        return self.a

    def backward(self, da: Any) -> Any:
        return da * self.a * (1 - self.a)


def dense_backward(dZ: Any, X: Any, W: Any) -> Any:
    return dZ @ W.T, X.T @ dZ, dZ.sum(axis=0)


def test_a_layer_class_is_right() -> None:
    found = check(Dense, "dense", **ORDINARY)
    assert found.ok, str(found)
    assert {row.argument for row in found.evidence.rows if row.witness == "balls"} == {"Z", "X", "W", "b"}


def test_what_is_not_returned_is_said_and_not_judged() -> None:
    found = check(Forgetful, "dense", **ORDINARY)
    assert found.ok
    assert found.unjudged == ("b",)
    assert "not judged: no gradient of b was returned" in str(found)


def test_one_object_for_two_forward_passes_is_a_matter_of_protocol() -> None:
    found = check(Sigmoid(), "sigmoid", **ORDINARY)
    assert found.verdict is Verdict.PROTOCOL
    assert "not re-entrant: z depends on another forward pass" in str(found)
    assert check(Sigmoid, "sigmoid", **ORDINARY).ok  # an object for each


def test_parameters_are_understood_by_name_by_habit_and_by_position() -> None:
    def by_name(X: Any, W: Any, dZ: Any) -> Any:
        return {"dX": dZ @ W.T, "grad_W": X.T @ dZ, "b": dZ.sum(0)}

    def by_habit(grad_output: Any, inputs: Any, weight: Any) -> Any:
        return dense_backward(grad_output, inputs, weight)

    def by_position(first: Any, second: Any, third: Any) -> Any:
        return first @ second + third

    assert check(by_name, "dense", **ORDINARY).ok
    assert check(by_habit, "dense", **ORDINARY).ok
    assert check(by_position, "dense", **ORDINARY).ok


def test_an_activation_may_be_given_its_own_output() -> None:
    found = check(lambda da, a: da * a * (1 - a), "sigmoid", **ORDINARY)  # right, though it looks wrong to many
    assert found.ok


def test_a_derivative_without_a_cotangent_is_multiplied_by_it() -> None:
    def tanh_prime(z: Any) -> Any:
        return 1 - np.tanh(z) ** 2

    found = check(tanh_prime, "tanh", **ORDINARY)
    assert found.ok
    assert any("takes no cotangent" in note for note in found.notes)


def test_a_pair_has_both_passes_judged() -> None:
    def forward(X: Any, W: Any, b: Any) -> Any:
        return X @ W - b

    found = check((forward, dense_backward), "dense", **ORDINARY)
    assert {row.argument for row in found.evidence.faults} == {"Z"}


@pytest.mark.parametrize(
    ("implementation", "options", "words"),
    [
        (lambda p, q: p, {}, "arguments={'p': 'X', 'q': 'W'}; there are the inputs X, W, b; the cotangents dZ; the values Z"),
        (lambda X, W, dZ: (X, W, dZ, X), {}, "returned 4 arrays, and the inputs with a gradient are X, W, b"),
        (lambda X, dZ: {"weights": X.T @ dZ}, {}, "returned a gradient named 'weights'"),
        (dense_backward, {"arguments": {"Q": "W"}}, "has no parameter Q; it takes dZ, X, W"),
        (dense_backward, {"arguments": {"W": "weights"}}, "W: nothing is named 'weights'; there are the inputs X, W, b"),
        (dense_backward, {"kind": "both"}, "kind is one of gradient, forward, got 'both'"),
        (3, {}, "an implementation is a function, a pair (forward, backward), or an object"),
        (lambda *arrays: arrays, {}, "takes *arrays; wrap it in a function that names its parameters"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_asked(implementation: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(MappingError) as caught:
        check(implementation, "dense", seed=1, **options)
    assert words in str(caught.value)


def test_hyper_parameters_that_are_not_taken_keep_their_defaults() -> None:
    def elu_backward(z: Any, da: Any) -> Any:
        return da * np.where(z > 0, 1.0, np.exp(np.minimum(z, 0)))

    found = check(elu_backward, "elu", **ORDINARY)
    assert found.ok, str(found)
    assert "alpha taken for what the declaration has as default" in found.notes
    wrong = check(lambda z, da: da * np.where(z > 0, 1.0, 2 * np.exp(np.minimum(z, 0))), "elu", seconds=1, **ORDINARY)
    assert '"alpha": np.array(1.0)' in str(wrong.evidence.counterexample)


def test_jax_functions_are_differentiated_by_jax() -> None:
    jax = pytest.importorskip("jax")
    assert check(jax.nn.softmax, "softmax", **ORDINARY).ok
    found = check(jax.nn.gelu, "gelu", **ORDINARY)  # its default is the approximation
    assert {cause.kinds for cause in found.causes} == {("another operation",)}
    assert "it is what gelu_tanh" in str(found)


def test_noise_is_inaccurate_and_no_wrong_formula() -> None:
    """The variance as a mean of squares less a square: right, and without a digit at a large mean."""

    def layer_norm(x: Any, gamma: Any, beta: Any, eps: Any) -> Any:
        mean = x.mean(-1, keepdims=True)
        return (x - mean) / np.sqrt((x * x).mean(-1, keepdims=True) - mean**2 + eps) * gamma + beta

    found = check(layer_norm, "layer_norm", kind="forward", seed=SEED, strata=["ordinary", "offset"])
    assert {(row.stratum, row.verdict) for row in found.evidence.faults} == {("offset", Verdict.INACCURATE)}
    assert not found.causes


def test_factors_are_told_apart_by_sizes() -> None:
    """1/n, 1/k and 1/(n*k) are the same number at one set of sizes."""
    for factor, words in (
        (lambda y: 1 / y.shape[0], "divided by n once"),
        (lambda y: 1 / y.shape[1], "divided by k once"),
        (lambda y: float(y.size), "the 1/(n*k) is missing"),
    ):

        def gradient(yhat: Any, y: Any, factor: Any = factor) -> Any:
            return 2 * (yhat - y) / y.size * factor(y)

        found = check(lambda yhat, y, gradient=gradient: gradient(yhat, y), "mse", kind="gradient", **ORDINARY)
        assert words in str(found), str(found)


def test_the_answer_fits_a_screen() -> None:
    found = check(lambda dZ, X, W: (dZ @ W.T, X.T @ dZ, dZ), "dense", seed=SEED)
    lines = str(found).split("\n")
    assert len(lines) <= 25
    assert lines[0].startswith("<lambda> against dense: wrong formula (seed")
    assert "cause (b): it is not summed over axis 0, along which the argument is repeated" in lines
    assert found.to_dict()["causes"][0]["kinds"] == ("not summed",)
    assert str(found.evidence.counterexample).endswith(
        'print(bp.check(implementation, "dense", inputs=inputs, cotangents=cotangents))'
    )


def test_nothing_known_is_said_to_be_unknown() -> None:
    found = check(lambda z, da: da * np.cos(z * 1.2345) * z**3, "sigmoid", seconds=1, **ORDINARY)
    assert not found.causes
    assert "cause (z): none of the known mistakes reproduces what was returned" in str(found)


def test_an_implementation_that_raises_is_reported() -> None:
    def crash(z: Any, da: Any) -> Any:
        raise ValueError("no such layer")

    found = check(crash, "sigmoid", **ORDINARY)
    assert found.verdict is Verdict.WRONG_FORMULA
    assert "raised ValueError: no such layer" in str(found)

"""What is raced: each operation with its inputs at a small and a large size, and the other ways to its gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.bench import autograd_forwards as forwards
from tests.bench import handwritten as by_hand

Array = np.ndarray[Any, Any]
Inputs = dict[str, Any]
Sizes = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One operation of the race.

    ``inputs(rng, sizes)`` draws its inputs, ``by_hand(inputs, g)`` returns gradients by name, ``forward`` is for
    autograd; ``fixed`` are the integer hyper-parameters, ``output`` is the output that is differentiated and ``scalar``
    whether it is a loss.
    """

    name: str
    output: str
    inputs: Callable[[np.random.Generator, Sizes], Inputs]
    by_hand: Callable[[Mapping[str, Any], Array], Mapping[str, Array]]
    forward: Callable[..., Any]
    scalar: bool = False
    small: Sizes = (4, 8)
    large: Sizes = (4096, 1024)
    fixed: Mapping[str, int] | None = None
    wrt: tuple[str, ...] = ("x",)


def _normal(*names: str) -> Callable[[np.random.Generator, Sizes], Inputs]:
    return lambda rng, sizes: {name: rng.standard_normal(sizes) for name in names}


def _one_hot(rng: np.random.Generator, rows: int, columns: int) -> Array:
    return np.eye(columns)[rng.integers(0, columns, rows)]


def _dense(rng: np.random.Generator, sizes: Sizes) -> Inputs:
    n, d = sizes
    return {"X": rng.standard_normal((n, d)), "W": rng.standard_normal((d, d)), "b": rng.standard_normal(d)}


def _layer_norm(rng: np.random.Generator, sizes: Sizes) -> Inputs:
    d = sizes[1]
    return {
        "x": rng.standard_normal(sizes),
        "gamma": rng.standard_normal(d),
        "beta": rng.standard_normal(d),
        "eps": 1e-5,
    }


def _attention(rng: np.random.Generator, sizes: Sizes) -> Inputs:
    return {name: rng.standard_normal(sizes) for name in "QKV"}


def _conv(rng: np.random.Generator, sizes: Sizes) -> Inputs:
    n, c, height, o = sizes
    return {
        "x": rng.standard_normal((n, c, height, height)),
        "w": rng.standard_normal((o, c, 3, 3)),
        "b": rng.standard_normal(o),
    }


def _rnn(rng: np.random.Generator, sizes: Sizes) -> Inputs:
    steps, batch, d, k = sizes
    return {
        "x": rng.standard_normal((steps, batch, d)),
        "W_xh": rng.standard_normal((d, k)) / d**0.5,
        "W_hh": rng.standard_normal((k, k)) / k**0.5,
        "b_h": rng.standard_normal(k),
        "W_hy": rng.standard_normal((k, d)) / k**0.5,
        "b_y": rng.standard_normal(d),
        "h0": rng.standard_normal((batch, k)),
    }


def _mlp(rng: np.random.Generator, sizes: Sizes) -> Inputs:
    n, d = sizes
    k = max(2, d // 4)
    return {
        "X": rng.standard_normal((n, d)),
        "W1": rng.standard_normal((d, k)) / d**0.5,
        "b1": rng.standard_normal(k),
        "W2": rng.standard_normal((k, 8)) / k**0.5,
        "b2": rng.standard_normal(8),
        "Y": rng.random((n, 8)),
    }


def _logistic(rng: np.random.Generator, sizes: Sizes) -> Inputs:
    n, d = sizes
    return {
        "X": rng.standard_normal((n, d)),
        "w": rng.standard_normal(d),
        "b": rng.standard_normal(()),
        "y": (rng.random(n) > 0.5).astype(float),
    }


def _elementwise(name: str) -> Case:
    hand = getattr(by_hand, name)
    return Case(name, "y", _normal("x"), lambda v, g: {"x": hand(v["x"], g)}, getattr(forwards, name))


def _named(call: Callable[..., Any], *wrt: str) -> Callable[[Mapping[str, Any], Array], Mapping[str, Array]]:
    """Adapt a handwritten function that takes everything by position and returns its gradients as a tuple."""
    return lambda v, g: dict(zip(wrt, call(v, g), strict=True))


CASES: tuple[Case, ...] = (
    *map(_elementwise, ("sigmoid", "tanh", "relu", "softmax", "log_softmax")),
    Case(
        "dense",
        "Z",
        _dense,
        _named(lambda v, g: by_hand.dense(v["X"], v["W"], v["b"], g), "X", "W", "b"),
        forwards.dense,
        wrt=("X", "W", "b"),
        large=(4096, 1024),
    ),
    Case(
        "layer_norm",
        "y",
        _layer_norm,
        _named(lambda v, g: by_hand.layer_norm(v["x"], v["gamma"], v["beta"], v["eps"], g), "x", "gamma", "beta"),
        forwards.layer_norm,
        wrt=("x", "gamma", "beta"),
    ),
    Case(
        "scaled_dot_product_attention",
        "O",
        _attention,
        _named(lambda v, g: by_hand.attention(v["Q"], v["K"], v["V"], g), "Q", "K", "V"),
        forwards.attention,
        wrt=("Q", "K", "V"),
        large=(1024, 1024),
    ),
    Case(
        "conv2d",
        "y",
        _conv,
        _named(
            lambda v, g: (*by_hand.conv2d(v["x"], v["w"], 1, 1, 1, g), g.sum(axis=(0, 2, 3))),
            "x",
            "w",
            "b",
        ),
        lambda x, w, b: forwards.conv2d(x, w, b, 1, 1, 1),
        wrt=("x", "w", "b"),
        fixed={"stride": 1, "padding": 1, "dilation": 1},
        small=(2, 3, 8, 4),
        large=(32, 3, 64, 16),
    ),
    Case(
        "rnn",
        "y",
        _rnn,
        _named(
            lambda v, g: by_hand.rnn(v["x"], v["h0"], v["W_xh"], v["W_hh"], v["b_h"], v["W_hy"], v["b_y"], g),
            "x",
            "h0",
            "W_xh",
            "W_hh",
            "b_h",
            "W_hy",
            "b_y",
        ),
        forwards.rnn,
        wrt=("x", "h0", "W_xh", "W_hh", "b_h", "W_hy", "b_y"),
        small=(4, 2, 8, 8),
        large=(64, 32, 128, 256),
    ),
    Case(
        "mse",
        "L",
        lambda rng, sizes: {"A": rng.standard_normal(sizes), "Y": rng.standard_normal(sizes)},
        lambda v, g: {"A": by_hand.mse(v["A"], v["Y"], 2 / v["A"].size)},
        forwards.mse,
        scalar=True,
        wrt=("A",),
    ),
    Case(
        "bce",
        "L",
        lambda rng, sizes: {"p": rng.uniform(0.01, 0.99, sizes), "y": rng.random(sizes)},
        lambda v, g: {"p": by_hand.bce(v["p"], v["y"], 1 / v["p"].size)},
        forwards.bce,
        scalar=True,
        wrt=("p",),
    ),
    Case(
        "bce_with_logits",
        "L",
        lambda rng, sizes: {"z": 3 * rng.standard_normal(sizes), "y": rng.random(sizes)},
        lambda v, g: {"z": by_hand.bce_with_logits(v["z"], v["y"], 1 / v["z"].size)},
        forwards.bce_with_logits,
        scalar=True,
        wrt=("z",),
    ),
    Case(
        "softmax_cross_entropy",
        "L",
        lambda rng, sizes: {"Z": rng.standard_normal(sizes), "Y": _one_hot(rng, *sizes)},
        lambda v, g: {"Z": by_hand.softmax_cross_entropy(v["Z"], v["Y"], 1 / v["Z"].shape[0])},
        forwards.softmax_cross_entropy,
        scalar=True,
        wrt=("Z",),
    ),
    Case(
        "logistic_regression",
        "L",
        _logistic,
        _named(lambda v, g: by_hand.logistic_regression(v["X"], v["w"], v["b"], v["y"]), "w", "b"),
        forwards.logistic_regression,
        scalar=True,
        wrt=("w", "b"),
    ),
    Case(
        "mlp",
        "L",
        _mlp,
        _named(
            lambda v, g: by_hand.mlp(v["X"], v["W1"], v["b1"], v["W2"], v["b2"], lambda A: (A - v["Y"]) / v["Y"].size)[
                1:
            ],
            "W1",
            "b1",
            "W2",
            "b2",
        ),
        forwards.mlp,
        scalar=True,
        wrt=("W1", "b1", "W2", "b2"),
    ),
)

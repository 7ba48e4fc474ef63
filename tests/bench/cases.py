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
Draw = Callable[[np.random.Generator, Sizes], Inputs]


@dataclass(frozen=True)
class Case:
    """One operation of the race.

    ``inputs(rng, sizes)`` draws its inputs, ``by_hand(inputs, g)`` returns gradients by name, ``forward`` is for
    autograd; ``fixed`` are the integer hyper-parameters, ``output`` is the output that is differentiated and ``scalar``
    whether it is a loss.
    """

    name: str
    output: str
    inputs: Draw
    by_hand: Callable[[Mapping[str, Any], Array], Mapping[str, Array]]
    forward: Callable[..., Any]
    scalar: bool = False
    small: Sizes = (4, 8)
    large: Sizes = (4096, 1024)
    fixed: Mapping[str, int] | None = None
    wrt: tuple[str, ...] = ()


def _normal(*names: str) -> Draw:
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
        "K": rng.standard_normal((o, c, 3, 3)),
        "b": rng.standard_normal(o),
    }


def _rnn(rng: np.random.Generator, sizes: Sizes) -> Inputs:
    steps, batch, d, k = sizes
    return {
        "X": rng.standard_normal((steps, batch, d)),
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
    return Case(name, "a", _normal("z"), lambda v, g: {"z": hand(v["z"], g)}, getattr(forwards, name), wrt=("z",))


def _layer(
    name: str, output: str, inputs: Draw, hand: Callable[..., Any], forward: Callable[..., Any], wrt: str, **more: Any
) -> Case:
    """A handwritten function that takes its inputs by name and ``g``, and returns its gradients as a tuple."""
    order = tuple(wrt.split())
    return Case(
        name, output, inputs, lambda v, g: dict(zip(order, hand(**v, g=g), strict=True)), forward, wrt=order, **more
    )


def _loss(name: str, inputs: Draw, hand: Callable[[Mapping[str, Any]], Mapping[str, Array]], wrt: str) -> Case:
    forward = getattr(forwards, name)
    return Case(name, "L", inputs, lambda v, g: hand(v), forward, scalar=True, wrt=tuple(wrt.split()))


def _flat(draw: Callable[[np.random.Generator, int], Inputs]) -> Draw:
    """A loss of vectors: as many elements as the matrix of these sizes has."""
    return lambda rng, sizes: draw(rng, sizes[0] * sizes[1])


CASES: tuple[Case, ...] = (
    *map(_elementwise, ("sigmoid", "tanh", "relu", "softmax", "log_softmax")),
    _layer("dense", "Z", _dense, by_hand.dense, forwards.dense, "X W b"),
    _layer("layer_norm", "y", _layer_norm, by_hand.layer_norm, forwards.layer_norm, "x gamma beta"),
    _layer(
        "scaled_dot_product_attention",
        "O",
        _attention,
        by_hand.attention,
        forwards.attention,
        "Q K V",
        large=(1024, 1024),
    ),
    _layer(
        "conv2d",
        "y",
        _conv,
        by_hand.conv2d,
        forwards.conv2d,
        "x K b",
        fixed={"stride": 1, "padding": 1, "dilation": 1},
        small=(2, 3, 8, 4),
        large=(32, 3, 64, 16),
    ),
    _layer(
        "rnn",
        "y",
        _rnn,
        by_hand.rnn,
        forwards.rnn,
        "X h0 W_xh W_hh b_h W_hy b_y",
        small=(4, 2, 8, 8),
        large=(64, 32, 128, 256),
    ),
    _loss("mse", _normal("yhat", "y"), lambda v: {"yhat": by_hand.mse(v["yhat"], v["y"])}, "yhat"),
    _loss(
        "bce",
        _flat(lambda rng, n: {"p": rng.uniform(0.01, 0.99, n), "y": rng.random(n)}),
        lambda v: {"p": by_hand.bce(v["p"], v["y"])},
        "p",
    ),
    _loss(
        "bce_with_logits",
        _flat(lambda rng, n: {"z": 3 * rng.standard_normal(n), "y": rng.random(n)}),
        lambda v: {"z": by_hand.bce_with_logits(v["z"], v["y"])},
        "z",
    ),
    _loss(
        "softmax_cross_entropy",
        lambda rng, sizes: {"Z": rng.standard_normal(sizes), "Y": _one_hot(rng, *sizes)},
        lambda v: {"Z": by_hand.softmax_cross_entropy(v["Z"], v["Y"])},
        "Z",
    ),
    _loss(
        "logistic_regression",
        _logistic,
        lambda v: dict(zip("wb", by_hand.logistic_regression(**v), strict=True)),
        "w b",
    ),
    _loss("mlp", _mlp, lambda v: dict(zip(("W1", "b1", "W2", "b2"), by_hand.mlp(**v), strict=True)), "W1 b1 W2 b2"),
)

"""Every gradient that a verifier has to get right: the implementation, the verdict due, and where it must show.

The wrong ones pass many gradient checkers; the right ones are rejected by many.  The implementations that other tests
use as well are in ``gradients``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.special import expit

import numeric
from derive.operation import Operation
from derive.registry import declare, get
from tests.verify import gradients as g
from tests.verify.gradients import Arrays, Vjp
from verify.verdicts import Verdict

Inputs = Callable[[np.random.Generator], Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """``argument`` and ``shows`` say in which argument and stratum the verdict must appear; ``note`` is part of its words.

    ``only``: everything else agrees.  ``inputs`` draws the point where the strata are not what it is about; ``make``
    makes an implementation that has a state.  ``seeds`` limits the dear ones.
    """

    name: str
    operation: str | Operation
    vjp: Vjp | None
    verdict: Verdict = Verdict.AGREES
    argument: str = ""
    note: str = ""
    strata: tuple[str, ...] = ("ordinary",)
    shows: str = "ordinary"
    only: bool = False
    forward: Callable[..., Arrays] | None = None
    inputs: Inputs | None = None
    make: Callable[[], tuple[Vjp, Callable[..., Arrays] | None]] | None = None
    dtype: Any = np.float64
    seeds: int = 20

    def __str__(self) -> str:
        return self.name

    def implementation(self) -> tuple[Vjp, Callable[..., Arrays] | None]:
        if self.make is not None:
            return self.make()
        assert self.vjp is not None
        return self.vjp, self.forward


# -- other operations than the declared one, derived: forward and backward are consistent with each other ---------------


def consistent(name: str, old: str, new: str) -> Callable[[], tuple[Vjp, Callable[..., Arrays]]]:
    """Both passes of a catalog operation in which one thing is stated otherwise."""

    @cache
    def make() -> tuple[Vjp, Callable[..., Arrays]]:
        text = get(name).text
        for before, after in zip(old.split("; "), new.split("; "), strict=True):
            assert before in text
            text = text.replace(before, after)
        function = numeric.compile(declare(text, name="another").program)
        return function.vjp, function.forward

    return make


# -- implementations with a state ---------------------------------------------------------------------------------------


class Sigmoid:
    """A layer that keeps its output for the backward pass, in one place for all calls."""

    def __init__(self) -> None:
        self.a: Any = None

    def forward(self, z: Any) -> Arrays:
        self.a = expit(z)
        return {"a": self.a}

    def backward(self, x: Arrays, d: Arrays) -> Arrays:
        return {"z": d["a"] * self.a * expit(-x["z"])}


class Buffer:
    """A gradient that is written into the same array at every call."""

    def __init__(self) -> None:
        self.out = np.zeros(0)

    def backward(self, x: Arrays, d: Arrays) -> Arrays:
        result = g.sigmoid(x, d)["z"]
        if self.out.shape != result.shape:
            self.out = np.empty_like(result)
        self.out[...] = result
        return {"z": self.out}


class Accumulating:
    """A gradient that nobody sets back to 0 between calls."""

    def __init__(self) -> None:
        self.total: Any = 0.0

    def backward(self, x: Arrays, d: Arrays) -> Arrays:
        result = g.sigmoid(x, d)["z"]
        self.total = result if np.shape(self.total) != result.shape else self.total + result
        return {"z": self.total}


def stateful() -> tuple[Vjp, Callable[..., Arrays]]:
    layer = Sigmoid()
    return layer.backward, layer.forward


def noisy() -> tuple[Vjp, None]:
    rng = np.random.default_rng(0)
    return lambda x, d: {
        k: v * (1 + 1e-15 * rng.choice([-1.0, 1.0], np.shape(v))) for k, v in g.dense(x, d).items()
    }, None


# -- further implementations --------------------------------------------------------------------------------------------


def scales_its_input(x: Arrays, d: Arrays) -> Arrays:
    result = g.layer_norm()(x, d)
    x["x"] -= x["x"].mean(axis=-1, keepdims=True)
    return result


def garbage_after_nan(x: Arrays, d: Arrays) -> Arrays:
    slope = d["y"] / (2 * np.sqrt(x["x"]))
    return {"x": np.full_like(slope, np.nan) if np.isnan(slope).any() else slope}


def root(x: Arrays, d: Arrays) -> Arrays:
    return {"x": d["y"] / (2 * np.sqrt(x["x"]))}


def fortran(x: Arrays, d: Arrays) -> Arrays:
    return {k: np.asfortranarray(v)[..., ::-1][..., ::-1] for k, v in g.dense(x, d).items()}


def one_of_many(x: Arrays, d: Arrays) -> Arrays:
    result = dict(g.dense(x, d))
    result["W"][17, 31] *= 2
    return result


POOL_SHARED = declare("x[n, k]\nties(max) == share\ny[i] = max(x[i, j], j)", name="pool_shared")

_WRONG, _CONVENTION, _INACCURATE = Verdict.WRONG_FORMULA, Verdict.WRONG_CONVENTION, Verdict.INACCURATE
_PROTOCOL, _OUTSIDE = Verdict.PROTOCOL, Verdict.OUTSIDE

WRONG = (
    Row("mean loss without 1/N", "mse", g.mse(mean=False), _WRONG, "yhat", "(a factor 1/(n*k) is missing)"),
    Row(
        "dense: dZ W for dZ W'",
        g.SQUARE,
        lambda x, d: {"X": d["Z"] @ x["W"], "W": x["X"].T @ d["Z"]},
        _WRONG,
        "X",
        "transposed: W",
        only=True,
    ),
    Row("bias with the wrong sign", "dense", g.changed(g.dense, g.negate_bias), _WRONG, "b", "sign", only=True),
    Row("sigmoid' at the output", "sigmoid", lambda x, d: g.sigmoid({"z": expit(x["z"])}, d), _WRONG, "z", "output a"),
    Row("layer norm without the xhat term", "layer_norm", g.layer_norm(forget="xhat"), _WRONG, "x", only=True),
    Row("softmax, diagonal only", "softmax", g.softmax_diagonal, _WRONG, "z"),
    Row("BPTT one step short", "rnn", g.rnn(steps_short=1), _WRONG, "W_hh", only=True),
    Row(
        "BPTT one step short, contracting",
        "rnn",
        g.rnn(steps_short=1),
        _WRONG,
        "W_hh",
        strata=("contracting",),
        shows="contracting",
        only=True,
    ),
    Row(
        "Adam without bias correction in both passes",
        "adam",
        None,
        _WRONG,
        "theta",
        "the forward differs from the declared one",
        make=consistent("adam", "m[t, j]/(1 - beta1**(t + 1)); v[t, j]/(1 - beta2**(t + 1))", "m[t, j]; v[t, j]"),
    ),
    Row("layer norm backward, eps outside the root", "layer_norm", g.layer_norm(eps_outside=True), _WRONG, "x"),
    Row(
        "layer norm, eps outside the root in both passes",
        "layer_norm",
        None,
        _WRONG,
        "y",
        "the forward differs from the declared one",
        make=consistent("layer_norm", "sqrt(var[...] + eps)", "(sqrt(var[...]) + eps)"),
    ),
    Row("ReLU'(0) = 1", "relu", g.relu(1.0), _CONVENTION, "z", "kinks", ("ordinary", "zeros"), "zeros", True),
    Row("ReLU'(0) = 1/2", "relu", g.relu(0.5), _CONVENTION, "z", "kinks", ("ordinary", "zeros"), "zeros", True),
    Row(
        "max-pool: ties shared where the first is declared",
        g.POOL_FIRST,
        g.shared_maximum,
        _CONVENTION,
        "x",
        "kinks",
        ("ordinary", "ties"),
        "ties",
        True,
    ),
    Row(
        "sigma(z) - y of logits",
        "bce_with_logits",
        lambda x, d: {"z": (expit(x["z"]) - x["y"]) / x["z"].size},
        _INACCURATE,
        "z",
        "",
        ("ordinary", "saturated40"),
        "saturated40",
        True,
    ),
    Row(
        "sigma(z) - 1 at z = 40",
        "bce_with_logits",
        lambda x, d: {"z": (expit(x["z"]) - x["y"]) / x["z"].size},
        _INACCURATE,
        "z",
        "zero",
        inputs=lambda rng: {"z": [40.0], "y": [1.0]},
        seeds=1,
    ),
    Row(
        "naive BCE at z = 800",
        "bce_with_logits",
        g.bce_with_logits,
        _INACCURATE,
        "L",
        "",
        ("ordinary", "saturated800"),
        "saturated800",
        True,
        forward=g.naive_bce,
    ),
    Row("everything times 0.9995", "dense", g.changed(g.dense, g.scale_all), _WRONG, "X", "ratio 0.9995"),
    Row(
        "everything times 0.9995, float32",
        "dense",
        g.changed(g.dense, g.scale_all),
        _WRONG,
        "X",
        "ratio 0.9995",
        dtype=np.float32,
    ),
    Row(
        "layer norm with N - 1, N = 1024",
        "layer_norm",
        g.layer_norm(divisor=1),
        _WRONG,
        "x",
        inputs=lambda rng: {
            "x": rng.standard_normal((1, 1024)),
            "gamma": rng.standard_normal(1024),
            "beta": np.zeros(1024),
        },
        seeds=2,
    ),
    Row("layer norm with N - 1", "layer_norm", g.layer_norm(divisor=1), _WRONG, "x"),
    Row("zero gradient of a loss times 1e-6", g.SMALL_LOSS, lambda x, d: {"z": 0 * x["z"]}, _WRONG, "z", "zero"),
    Row(
        "zero gradient of a sigmoid at -12 ... -20",
        "sigmoid",
        lambda x, d: {"z": 0 * x["z"]},
        _WRONG,
        "z",
        "zero",
        inputs=lambda rng: {"z": rng.uniform(-20, -12, 5)},
    ),
    Row("tanh-GELU backward on erf-GELU", g.GELU, g.tanh_gelu, _WRONG, "z"),
    Row(
        "garbage once the forward has a NaN",
        g.ROOT,
        garbage_after_nan,
        _WRONG,
        "x",
        "2 of 5 elements are not finite where the true value is",
        inputs=lambda rng: {"x": rng.permutation(np.r_[rng.uniform(0.1, 2, 2), -rng.uniform(0.1, 2, 3)])},
    ),
    Row(
        "one entry of 2,000 twice as large",
        "dense",
        one_of_many,
        _WRONG,
        "W",
        "1 of 2000 elements, ratio 2",
        inputs=lambda rng: {k: rng.standard_normal(s) for k, s in {"X": (2, 40), "W": (40, 50), "b": (50,)}.items()},
        seeds=2,
    ),
    Row(
        "two forwards alive", "sigmoid", None, _PROTOCOL, "z", "another forward pass", make=stateful, shows="two calls"
    ),
    Row(
        "gradients add up over calls",
        "sigmoid",
        None,
        _PROTOCOL,
        "z",
        "not repeatable",
        make=lambda: (Accumulating().backward, None),
        shows="repeated",
        inputs=lambda rng: {"z": rng.standard_normal(4)},
    ),
    Row(
        "one buffer for all calls",
        "sigmoid",
        None,
        _PROTOCOL,
        "z",
        "overwritten by the next",
        make=lambda: (Buffer().backward, None),
        shows="two calls",
        inputs=lambda rng: {"z": rng.standard_normal(4)},
    ),
    Row("cotangent changed in place", "dense", g.mutates, _PROTOCOL, "X", "changed the cotangent of Z in place"),
    Row("input changed in place", "layer_norm", scales_its_input, _PROTOCOL, "x", "changed x in place"),
    Row(
        "cotangent ignored",
        "sigmoid",
        lambda x, d: {"z": expit(x["z"]) * expit(-x["z"])},
        _WRONG,
        "z",
        "the cotangent of a is ignored",
    ),
    Row("d sqrt at -1 is NaN", g.ROOT, root, _OUTSIDE, "x", inputs=lambda rng: {"x": [-1.0]}, shows="given"),
)

_LOG = Row("log", g.LOGARITHM, lambda x, d: {"x": d["y"] / x["x"]})
_EVERY = ("ordinary", "zeros", "ties", "saturated40", "tiny", "huge", "offset")

RIGHT = (
    Row("ReLU'(0) = 0, as declared", "relu", g.relu(0.0), strata=("ordinary", "zeros")),
    Row("max-pool, the first takes all", g.POOL_FIRST, g.first_maximum, strata=("ordinary", "zeros", "ties")),
    Row("max-pool, ties share", POOL_SHARED, g.shared_maximum, strata=("ordinary", "zeros", "ties")),
    Row("log near 0", g.LOGARITHM, _LOG.vjp, inputs=lambda rng: {"x": 10.0 ** rng.uniform(-300, -2, 6)}),
    Row("log", g.LOGARITHM, _LOG.vjp, strata=("ordinary", "saturated40", "offset")),
    Row(
        "1/x near 0",
        g.RECIPROCAL,
        lambda x, d: {"x": -d["y"] / x["x"] ** 2},
        inputs=lambda rng: {"x": 10.0 ** rng.uniform(-150, -2, 6)},
    ),
    Row(
        "x^2 at 1e9 and larger",
        g.SQUARED,
        lambda x, d: {"x": 2 * x["x"] * d["y"]},
        inputs=lambda rng: {"x": 10.0 ** rng.uniform(8, 150, 6)},
    ),
    Row("x^2", g.SQUARED, lambda x, d: {"x": 2 * x["x"] * d["y"]}, strata=("ordinary", "huge")),
    Row("x|x| at 0", g.ODD_SQUARE, lambda x, d: {"x": 2 * abs(x["x"]) * d["y"]}, strata=("ordinary", "zeros")),
    Row("dense, float32", "dense", g.dense, dtype=np.float32),
    Row("layer norm, float32", "layer_norm", g.layer_norm(), dtype=np.float32),
    Row("sigmoid, float32", "sigmoid", g.sigmoid, strata=("ordinary", "saturated40"), dtype=np.float32),
    Row("mean squared error, float32", "mse", g.mse(), dtype=np.float32),
    Row("dense", "dense", g.dense),
    Row("noise of 1e-15 between two runs", "dense", None, make=noisy),
    Row("arrays that are not contiguous", "dense", fortran),
    Row("size 0", "dense", g.dense, inputs=lambda rng: {"X": np.zeros((0, 3)), "W": np.ones((3, 2)), "b": np.ones(2)}),
    Row(
        "no columns", "dense", g.dense, inputs=lambda rng: {"X": np.ones((4, 0)), "W": np.ones((0, 2)), "b": [1.0, 2.0]}
    ),
    Row(
        "strided inputs",
        "dense",
        g.dense,
        inputs=lambda rng: {
            "X": rng.standard_normal((6, 8))[::2, ::2],
            "W": rng.standard_normal((3, 4)).T,
            "b": rng.standard_normal(6)[::2],
        },
    ),
    Row("layer norm", "layer_norm", g.layer_norm()),
    Row("sigmoid", "sigmoid", g.sigmoid, strata=("ordinary", "saturated40")),
    Row("RNN", "rnn", g.rnn(), strata=("ordinary", "contracting")),
    Row("softmax", "softmax", g.softmax),
    Row("BCE of logits", "bce_with_logits", g.bce_with_logits, strata=("ordinary", "saturated40", "saturated800")),
    Row("erf-GELU", g.GELU, g.erf_gelu),
    Row("dense, W square", g.SQUARE, lambda x, d: {"X": d["Z"] @ x["W"].T, "W": x["X"].T @ d["Z"]}),
)

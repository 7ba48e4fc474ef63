"""Hand-written gradients, right and plausibly wrong, as people write them; the verifier is judged by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import erf, expit

from derive.operation import Operation
from derive.registry import declare, get
from verify.verdicts import Verdict

Arrays = Mapping[str, Any]
Vjp = Callable[[Arrays, Arrays], Arrays]


@dataclass(frozen=True)
class Written:
    """A gradient that somebody wrote for an operation, and the verdict that it deserves."""

    name: str
    operation: str | Operation
    vjp: Vjp
    verdict: Verdict
    forward: Callable[..., Arrays] | None = None
    strata: tuple[str, ...] | None = None
    dtype: Any = np.float64

    def __str__(self) -> str:
        return self.name


# -- right ones -------------------------------------------------------------------------------------------------------


def dense(x: Arrays, d: Arrays) -> Arrays:
    return {"X": d["Z"] @ x["W"].T, "W": x["X"].T @ d["Z"], "b": d["Z"].sum(axis=0)}


def sigmoid(x: Arrays, d: Arrays) -> Arrays:
    # sigma(-z) and not 1 - sigma(z), which is 0 from z = 37
    return {"z": d["a"] * expit(x["z"]) * expit(-x["z"])}


def relu(at_zero: float) -> Vjp:
    return lambda x, d: {"z": d["a"] * np.where(x["z"] > 0, 1, np.where(x["z"] == 0, at_zero, 0)).astype(x["z"].dtype)}


def probabilities(z: Any) -> Any:
    e = np.exp(z - np.max(z, axis=-1, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=-1, keepdims=True)


def softmax(x: Arrays, d: Arrays) -> Arrays:
    p = probabilities(x["z"])
    return {"z": p * (d["a"] - (d["a"] * p).sum(axis=-1, keepdims=True))}


def layer_norm(*, forget: str = "", divisor: int = 0, eps_outside: bool = False) -> Vjp:
    def vjp(x: Arrays, d: Arrays) -> Arrays:
        z, n = x["x"], x["x"].shape[-1]
        centred = z - z.mean(axis=-1, keepdims=True)
        var = (centred**2).sum(axis=-1, keepdims=True) / max(n - divisor, 1)
        root = np.sqrt(var) + x["eps"] if eps_outside else np.sqrt(var + x["eps"])
        xhat = centred / root
        g = d["y"] * x["gamma"]
        dx = g - g.mean(axis=-1, keepdims=True)
        if forget != "xhat":
            dx = dx - xhat * (g * xhat).mean(axis=-1, keepdims=True)
        axes = tuple(range(z.ndim - 1))
        return {"x": dx / root, "gamma": (d["y"] * xhat).sum(axis=axes), "beta": d["y"].sum(axis=axes)}

    return vjp


def rnn(*, steps_short: int = 0) -> Vjp:
    def vjp(x: Arrays, d: Arrays) -> Arrays:
        h, states, slopes = x["h0"], [], []
        for row in x["X"]:
            z = row @ x["W_xh"] + h @ x["W_hh"] + x["b_h"]
            h = np.tanh(z)
            states.append(h)
            slopes.append(1 / np.cosh(z) ** 2)
        grads = {name: np.zeros_like(x[name]) for name in ("X", "h0", "W_xh", "W_hh", "b_h", "W_hy", "b_y")}
        dh = np.zeros_like(x["h0"])
        for t in reversed(range(len(states))):
            before = states[t - 1] if t else x["h0"]
            grads["W_hy"] += states[t].T @ d["y"][t]
            grads["b_y"] += d["y"][t].sum(axis=0)
            dz = (dh + d["y"][t] @ x["W_hy"].T) * slopes[t]
            if t >= steps_short:
                grads["W_hh"] += before.T @ dz
            grads["W_xh"] += x["X"][t].T @ dz
            grads["b_h"] += dz.sum(axis=0)
            grads["X"][t] = dz @ x["W_xh"].T
            dh = dz @ x["W_hh"].T
        grads["h0"] = dh
        return grads

    return vjp


def mse(scale: float = 1.0, *, mean: bool = True) -> Vjp:
    return lambda x, d: {"yhat": scale * 2 * (x["yhat"] - x["y"]) / (x["y"].size if mean else 1)}


def bce_with_logits(x: Arrays, d: Arrays) -> Arrays:
    z, y = x["z"], x["y"]
    # (1 - y) sigma(z) - y sigma(-z): neither term cancels
    return {"z": ((1 - y) * expit(z) - y * expit(-z)) / z.size}


# -- wrong in one place each ------------------------------------------------------------------------------------------


def changed(vjp: Vjp, change: Callable[[dict[str, Any]], None]) -> Vjp:
    def wrong(x: Arrays, d: Arrays) -> Arrays:
        result = dict(vjp(x, d))
        change(result)
        return result

    return wrong


def negate_bias(g: dict[str, Any]) -> None:
    g["b"] = -g["b"]


def scale_all(g: dict[str, Any]) -> None:
    for name in g:
        g[name] = g[name] * 0.9995


def one_entry(g: dict[str, Any]) -> None:
    if g["W"].size:
        g["W"] = g["W"].copy()
        g["W"][-1, 0] *= 2


def all_nan(g: dict[str, Any]) -> None:
    for name in g:
        g[name] = np.full_like(g[name], np.nan)


def mutates(x: Arrays, d: Arrays) -> Arrays:
    result = dense(x, d)
    d["Z"][...] *= 2
    return result


def noisy(x: Arrays, d: Arrays) -> Arrays:
    return {name: value * (1 + 1e-15) for name, value in dense(x, d).items()}


def softmax_diagonal(x: Arrays, d: Arrays) -> Arrays:
    p = probabilities(x["z"])
    return {"z": p * (1 - p) * d["a"]}


def naive_bce(z: Any, y: Any) -> Arrays:
    return {"L": -np.mean(y * np.log(expit(z)) + (1 - y) * np.log(1 - expit(z)))}


def layer_norm_eps_outside(x: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    centred = x - x.mean(axis=-1, keepdims=True)
    return {"y": gamma * centred / (np.sqrt((centred**2).mean(axis=-1, keepdims=True)) + eps) + beta}


def adam_uncorrected(g: Any, theta0: Any, alpha: Any, beta1: Any, beta2: Any, eps: Any) -> Arrays:
    theta, m, v, path = theta0, np.zeros_like(theta0), np.zeros_like(theta0), []
    for row in g:
        m, v = beta1 * m + (1 - beta1) * row, beta2 * v + (1 - beta2) * row**2
        theta = theta - alpha * m / (np.sqrt(v) + eps)
        path.append(theta)
    return {"theta": np.array(path).reshape(g.shape)}


def nothing(x: Arrays, d: Arrays) -> Arrays:
    return {}


SQUARE = declare("X[n, d], W[d, d]\nZ = X @ W", name="square_dense")
SMALL_LOSS = declare("z[n]\nL = sum(z**2)/1000000", name="small_loss")
GELU = declare("z[...]\na = z*(1 + erf(z/sqrt(2)))/2", name="gelu_for_tests")
SQUARED = declare("x[n]\ny = x**2", name="squared")
RECIPROCAL = declare("0 < x[n]\ny = 1/x", name="reciprocal")
LOGARITHM = declare("0 < x[n]\ny = log(x)", name="logarithm")
ODD_SQUARE = declare("x[n]\ny = x*abs(x)", name="odd_square")
POOL_FIRST = declare("x[n, k]\ny[i] = max(x[i, j], j)", name="pool_first")
ROOT = declare("x[n]\ny = sqrt(x)", name="root")


def tanh_gelu(x: Arrays, d: Arrays) -> Arrays:
    z = x["z"]
    inner = np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)
    slope = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z**2)
    return {"z": d["a"] * (0.5 * (1 + np.tanh(inner)) + 0.5 * z * (1 - np.tanh(inner) ** 2) * slope)}


def erf_gelu(x: Arrays, d: Arrays) -> Arrays:
    z = x["z"]
    return {"z": d["a"] * (0.5 * (1 + erf(z / np.sqrt(2))) + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))}


def first_maximum(x: Arrays, d: Arrays) -> Arrays:
    result = np.zeros_like(x["x"])
    if x["x"].size:
        result[np.arange(len(result)), x["x"].argmax(axis=1)] = d["y"]
    return {"x": result}


def shared_maximum(x: Arrays, d: Arrays) -> Arrays:
    if not x["x"].size:
        return {"x": np.zeros_like(x["x"])}
    best = x["x"] == x["x"].max(axis=1, keepdims=True)
    return {"x": best / best.sum(axis=1, keepdims=True) * d["y"][:, None]}


_WRONG, _CONVENTION, _INACCURATE = Verdict.WRONG_FORMULA, Verdict.WRONG_CONVENTION, Verdict.INACCURATE

WRONG = (
    Written("mean loss without 1/N", "mse", mse(mean=False), _WRONG),
    Written(
        "dense: W not transposed, W square", SQUARE, lambda x, d: {"X": d["Z"] @ x["W"], "W": x["X"].T @ d["Z"]}, _WRONG
    ),
    Written("bias with the wrong sign", "dense", changed(dense, negate_bias), _WRONG),
    Written("sigmoid' at the output", "sigmoid", lambda x, d: sigmoid({"z": expit(x["z"])}, d), _WRONG),
    Written("layer norm without the xhat term", "layer_norm", layer_norm(forget="xhat"), _WRONG),
    Written("layer norm with N - 1", "layer_norm", layer_norm(divisor=1), _WRONG),
    Written(
        "layer norm, eps outside the root", "layer_norm", layer_norm(eps_outside=True), _WRONG, strata=("ordinary",)
    ),
    Written(
        "layer norm, eps outside, forward", "layer_norm", layer_norm(), _WRONG, layer_norm_eps_outside, ("ordinary",)
    ),
    Written("softmax, diagonal only", "softmax", softmax_diagonal, _WRONG),
    Written("BPTT one step short", "rnn", rnn(steps_short=1), _WRONG, strata=("ordinary",)),
    Written("BPTT one step short, contracting", "rnn", rnn(steps_short=1), _WRONG, strata=("contracting",)),
    Written("Adam without bias correction", "adam", nothing, _WRONG, adam_uncorrected, ("ordinary",)),
    Written("ReLU'(0) = 1", "relu", relu(1.0), _CONVENTION),
    Written("ReLU'(0) = 1/2", "relu", relu(0.5), _CONVENTION),
    Written("ties shared where the first is declared", POOL_FIRST, shared_maximum, _CONVENTION),
    Written(
        "sigma(z) - y at z = 40",
        "bce_with_logits",
        lambda x, d: {"z": (expit(x["z"]) - x["y"]) / x["z"].size},
        _INACCURATE,
    ),
    Written("naive BCE at z = 800", "bce_with_logits", bce_with_logits, _INACCURATE, naive_bce),
    Written(
        "1 - sigma for sigma(-z)",
        "sigmoid",
        lambda x, d: {"z": d["a"] * expit(x["z"]) * (1 - expit(x["z"]))},
        _INACCURATE,
    ),
    Written("everything times 0.9995", "dense", changed(dense, scale_all), _WRONG),
    Written("everything times 0.9995, float32", "dense", changed(dense, scale_all), _WRONG, dtype=np.float32),
    Written("zero gradient of a small loss", SMALL_LOSS, lambda x, d: {"z": 0 * x["z"]}, _WRONG),
    Written(
        "zero gradient of a saturated sigmoid",
        "sigmoid",
        lambda x, d: {"z": sigmoid(x, d)["z"] * (abs(x["z"]) < 35)},
        Verdict.INACCURATE,  # no more than what 1 - a leaves; zero at -12 (tests/verify/rows.py) is a wrong formula
        strata=("saturated40",),
    ),
    Written("tanh-GELU backward on erf-GELU", GELU, tanh_gelu, _WRONG),
    Written("NaN everywhere", "dense", changed(dense, all_nan), _WRONG),
    Written("one entry twice as large", "dense", changed(dense, one_entry), _WRONG),
    Written("cotangent changed in place", "dense", mutates, Verdict.PROTOCOL),
    Written("a gradient is missing", "dense", lambda x, d: {"X": d["Z"] @ x["W"].T}, _WRONG),
    Written("wrong shape", "dense", changed(dense, lambda g: g.update(b=g["b"][None])), _WRONG),
    Written("NaN for NaN outside the domain", ROOT, lambda x, d: {"x": d["y"] * np.where(x["x"] < 0, 0, 1)}, _WRONG),
)

RIGHT = (
    Written("dense", "dense", dense, Verdict.AGREES),
    Written("dense, float32", "dense", dense, Verdict.AGREES, dtype=np.float32),
    Written("sigmoid", "sigmoid", sigmoid, Verdict.AGREES),
    Written("sigmoid, float32", "sigmoid", sigmoid, Verdict.AGREES, dtype=np.float32),
    Written("ReLU'(0) = 0, as declared", "relu", relu(0.0), Verdict.AGREES),
    Written("first maximum, as declared", POOL_FIRST, first_maximum, Verdict.AGREES),
    Written("softmax", "softmax", softmax, Verdict.AGREES, strata=("ordinary", "zeros", "ties", "tiny")),
    Written("layer norm", "layer_norm", layer_norm(), Verdict.AGREES),
    Written("layer norm, float32", "layer_norm", layer_norm(), Verdict.AGREES, dtype=np.float32),
    Written("RNN", "rnn", rnn(), Verdict.AGREES, strata=("ordinary", "zeros", "contracting", "expanding")),
    Written("mean squared error", "mse", mse(), Verdict.AGREES),
    Written("mean squared error, float32", "mse", mse(), Verdict.AGREES, dtype=np.float32),
    Written("BCE from logits", "bce_with_logits", bce_with_logits, Verdict.AGREES),
    Written("log at 1e-12 and 1e9", LOGARITHM, lambda x, d: {"x": d["y"] / x["x"]}, Verdict.AGREES),
    Written("1/x near 0", RECIPROCAL, lambda x, d: {"x": -d["y"] / x["x"] ** 2}, Verdict.AGREES),
    Written("x^2 at 1e9", SQUARED, lambda x, d: {"x": 2 * x["x"] * d["y"]}, Verdict.AGREES),
    Written("x|x| at 0", ODD_SQUARE, lambda x, d: {"x": 2 * abs(x["x"]) * d["y"]}, Verdict.AGREES),
    Written("noise of 1e-15", "dense", noisy, Verdict.AGREES),
    Written("erf-GELU", GELU, erf_gelu, Verdict.AGREES, strata=("ordinary", "zeros", "ties", "tiny", "huge")),
    Written("W square", SQUARE, lambda x, d: {"X": d["Z"] @ x["W"].T, "W": x["X"].T @ d["Z"]}, Verdict.AGREES),
    Written(
        "conv2d by the catalog's name",
        get("squared_error"),
        lambda x, d: {"yhat": 2 * (x["yhat"] - x["y"])},
        Verdict.AGREES,
    ),
)

"""Losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.oracle.corpus.bug import Bug, kinds, one_hot, own, sig, softmax

HUBER = own("huber_elements", "x0[n, k], x1[n, k]\ny = where(abs(x0 - x1) <= 1, (x0 - x1)**2/2, abs(x0 - x1) - 1/2)")
RATIO = own("kl_mean", "p[n, k], t[n, k]\n0 < p[n, k]\n0 < t[n, k]\nL = mean(p*(log(p) - log(t)))")
FOCAL = own(
    "softmax_focal",
    "z[n, k], label[n]: int, gamma\n2 <= gamma <= 3\nP = softmax(z)\nq[i] = P[i, label[i]]\nm[i] = (1 - q[i])**gamma\n"
    "L = -sum(m*log(q))",
)
RANKING = own("margin_ranking", "x1[n], x2[n], y[n]\nL = mean(max(0, 1 - y*(x1 - x2)))")
TWO_LAYERS = own(
    "two_layers",
    "X[n, d], W1[d, m], W2[m, k], y[n, k]: data\nH = sigmoid(X @ W1)\no = sigmoid(H @ W2)\nL = sum((o - y)**2)/2",
)


def regression(X: Any, W: Any, b: Any, Y: Any) -> dict[str, Any]:
    error = (softmax(X @ W + b) - Y) / len(X)
    return {"X": error @ W.T, "W": X.T @ error, "b": error.sum(0)}


def bce(p: Any, y: Any) -> Any:
    return -(y / p - (1 - y) / (1 - p)) / len(p)


def huber(x0: Any, x1: Any) -> Any:
    return np.where(np.abs(x0 - x1) <= 1, x0 - x1, np.sign(x0 - x1))


def focal(z: Any, label: Any, gamma: Any) -> Any:
    P, Y = softmax(z), one_hot(label, z.shape[1])
    q = (P * Y).sum(1, keepdims=True)
    return (-((1 - q) ** gamma) + gamma * (1 - q) ** (gamma - 1) * q * np.log(q)) * (Y - P)


def focal_detached(z: Any, label: Any, gamma: Any) -> Any:
    P, Y = softmax(z), one_hot(label, z.shape[1])
    return (1 - (P * Y).sum(1, keepdims=True)) ** gamma * (P - Y)


def two_layers(X: Any, W1: Any, W2: Any, y: Any) -> Any:
    H = sig(X @ W1)
    o = sig(H @ W2)
    return H.T @ ((o - y) * o * (1 - o))


def two_layers_linear(X: Any, W1: Any, W2: Any, y: Any) -> Any:
    H = sig(X @ W1)
    return H.T @ (sig(H @ W2) - y)


def clipped(p: Any, y: Any) -> Any:
    return np.where((p < 0.3) | (p > 0.7), 0.0, bce(p, y))


LOSSES = (
    Bug(
        "softmax-ce-missing-1-over-N", "tensorflow/swift-apis#42", "softmax_cross_entropy",
        lambda Z, Y: (softmax(Z) - Y) / len(Z),
        lambda Z, Y: softmax(Z) - Y,
        kinds("missing 1/N"), options={"kind": "gradient"},
    ),
    Bug(
        "ce-bias-summed-over-classes", "rasbt/stat453-deep-learning-ss21#5", "softmax_regression",
        regression,
        lambda X, W, b, Y: {**regression(X, W, b, Y), "b": np.full(b.shape, (softmax(X @ W + b) - Y).sum() / len(X))},
        kinds("summed over one axis too many"), options={"kind": "gradient"},
    ),
    Bug(
        "ce-dU-outer-product-order", "math.stackexchange.com/q/3400818", "softmax_regression",
        regression,
        lambda X, W, b, Y: {**regression(X, W, b, Y), "W": regression(X, W, b, Y)["W"].T},
        kinds("transpose"), options={"kind": "gradient"},
    ),
    Bug(
        "bce-clip-kills-gradient", "keras-team/keras#9664", "bce",
        bce, clipped, kinds("zero in a region"), options={"kind": "gradient"},
    ),
    Bug(
        "mse-missing-factor-2", "davisking/dlib#1169", "mse",
        lambda yhat, y: 2 * (yhat - y) / y.size,
        lambda yhat, y: (yhat - y) / y.size,
        kinds("factor 1/2"), options={"kind": "gradient"},
    ),
    Bug(
        "huber-upstream-ignored", "chainer/chainer#1175", HUBER,
        lambda x0, x1, dy: dy * huber(x0, x1),
        lambda x0, x1, dy: huber(x0, x1),
        kinds("cotangent ignored"), options={"wrt": ["x0"]},
    ),
    Bug(
        "kl-gradient-collapsed-to-mean", "mlpack/mlpack#1365", RATIO,
        lambda p, t: (np.log(p) - np.log(t) + 1) / p.size,
        lambda p, t: np.mean(np.log(p) - np.log(t) + 1),
        kinds("collapsed"), options={"kind": "gradient", "wrt": ["p"]},
    ),
    Bug(
        "focal-modulator-detached", "clcarwin/focal_loss_pytorch#5", FOCAL,
        focal, focal_detached, kinds("treated as constant"), options={"kind": "gradient", "wrt": ["z"]},
    ),
    Bug(
        "margin-ranking-wrong-variable", "mlpack/mlpack#3167", RANKING,
        lambda x1, x2, y: -y * (1 - y * (x1 - x2) > 0) / len(y),
        lambda x1, x2, y: -(x1 - x2) * (1 - y * (x1 - x2) > 0) / len(y),
        kinds("another argument"), options={"kind": "gradient", "wrt": ["x1"]},
    ),
    Bug(
        "output-delta-missing-sigmoid-prime", "Bot-Academy/NeuralNetworkFromScratch#3", TWO_LAYERS,
        two_layers, two_layers_linear, kinds("factor missing"), options={"kind": "gradient", "wrt": ["W2"]},
    ),
)  # fmt: skip

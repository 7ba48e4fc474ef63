"""Public accusations of gradients that are right: what was accused, what was claimed instead, and why the accused one stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derive.operation import Operation
from tests.oracle.corpus.bug import own


@dataclass(frozen=True)
class Control:
    """``both`` says whether what was claimed is right as well; ``reason`` is what the answer has to say."""

    name: str
    source: str
    operation: str | Operation
    accused: Callable[..., Any]
    claimed: Callable[..., Any]
    both: bool
    reason: str
    options: Mapping[str, Any] = field(default_factory=dict)
    wrt: tuple[str, ...] | None = None


HINGE = own(
    "regularised_hinge",
    "X[n, d], W[d, k], label[n]: int, reg\nreg = 0.2\nS = X @ W\n"
    "L = sum(where(j == label[i], 0, max(0, S[i, j] - S[i, label[i]] + 1)), i, j)/n + reg*sum(W**2)/2",
)
CENTRED = own("centred_sum", "x[n]\nm = mean(x[i], i)\ny = sum(x[i] - m, i)")


def without_mean(dy: Any, x: Any, gamma: Any, eps: Any) -> Any:
    n, xc = len(x), x - x.mean(0)
    r, g = 1 / np.sqrt(x.var(0) + eps), gamma * dy
    return g * r - xc * (g * xc).sum(0) * r**3 / n - (g * r).sum(0) / n


def with_mean(dy: Any, x: Any, gamma: Any, eps: Any) -> Any:
    n, xc = len(x), x - x.mean(0)
    r, g = 1 / np.sqrt(x.var(0) + eps), gamma * dy
    variance = -(g * xc).sum(0) * r**3 / 2
    mean = -(g * r).sum(0) + variance * np.mean(-2 * xc, 0)
    return g * r + variance * 2 * xc / n + mean / n


def hinge(factor: int) -> Callable[..., Any]:
    def gradient(X: Any, W: Any, label: Any, reg: Any) -> Any:
        rows, scores = np.arange(len(X)), X @ W
        over = (scores - scores[rows, label][:, None] + 1 > 0).astype(float)
        over[rows, label] = 0
        over[rows, label] = -over.sum(1)
        return X.T @ over / len(X) + factor * reg * W

    return gradient


CONTROLS = (
    Control(
        "the second term of the mean in batch normalisation",
        "github.com/BVLC/caffe/issues/3878",
        "batch_norm",
        without_mean,
        with_mean,
        True,
        "equivalent forms: sum(mu[j] - x[i, j], i) = 0",
        wrt=("x",),
    ),
    Control(
        "the factor of an L2 penalty with a half",
        "github.com/bruceoutdoors/CS231n/issues/9",
        HINGE,
        hinge(1),
        hinge(2),
        False,
        "factor 2: 2*reg*W[l, j] in place of reg*W[l, j], a part of dW[l, j]",
        {"kind": "gradient"},
        wrt=("W",),
    ),
    Control(
        "the derivative of an activation that has happened already",
        "github.com/PacktPublishing/Neural-Network-Projects-with-Python/issues/4",
        "sigmoid",
        lambda a, da: da * a * (1 - a),
        lambda z, da: da * np.exp(-z) / (1 + np.exp(-z)) ** 2,
        True,
        "note: <lambda> is given a, as the right forward pass computes it",
    ),
    Control(
        "an exponential unit from its output",
        "github.com/hughperkins/DeepCL/issues/46",
        "elu",
        lambda z, alpha, da: da * np.where(z > 0, 1, alpha * np.expm1(np.minimum(z, 0)) + alpha),
        lambda z, alpha, da: da * np.where(z > 0, 1, alpha * np.exp(np.minimum(z, 0))),
        True,
        "equivalent forms: alpha*(exp(z[i]) - 1) + alpha = alpha*exp(z[i])",
        wrt=("z",),
    ),
    Control(
        "a sum of differences from the mean",
        "github.com/pytorch/pytorch/issues/107007",
        CENTRED,
        lambda x: 0 * x,
        lambda x: np.full_like(x, 1 - 1 / len(x)),
        False,
        "equivalent forms: 1 + dm/n = 0",
        {"kind": "gradient"},
    ),
)

__all__ = ["CONTROLS", "Control"]

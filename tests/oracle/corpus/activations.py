"""Activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.oracle.corpus.bug import Bug, kinds, own, sig, softmax

LAM, ALPHA = 1.0507009873554805, 1.6732632423543772


def gelu_tanh_slope(z: Any, c: Any) -> Any:
    k = np.sqrt(2 / np.pi)
    t = np.tanh(k * (z + c * z**3))
    return (1 + t) / 2 + z / 2 * (1 - t * t) * k * (1 + 3 * c * z * z)


def silu_slope(z: Any) -> Any:
    return (1 + np.exp(-z) + z * np.exp(-z)) / (1 + np.exp(-z)) ** 2


def log_softmax(z: Any) -> Any:
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


ACTIVATIONS = (
    Bug(
        "sigmoid-prime-at-output", "dwhitena/gophernet#6", "sigmoid",
        lambda z, da: da * sig(z) * (1 - sig(z)),
        lambda z, da: da * sig(sig(z)) * (1 - sig(sig(z))),
        kinds("derivative at the output"),
    ),
    Bug(
        "tanh-prime-returns-tanh", "andersbll/nnet#4", "tanh",
        lambda z, da: da * (1 - np.tanh(z) ** 2),
        lambda z, da: da * np.tanh(z),
        kinds("function for its derivative"),
    ),
    Bug(
        "leaky-relu-branch-on-output", "pytorch/pytorch#31938",
        own("leaky", "z[n], alpha\n-2 <= alpha <= -1\na = where(z > 0, z, alpha*z)"),
        lambda z, alpha, da: da * np.where(z > 0, 1, alpha),
        lambda z, alpha, da: da * np.where(np.where(z > 0, z, alpha * z) > 0, 1, alpha),
        kinds("derivative at the output"), options={"wrt": ["z"]},
    ),
    Bug(
        "leaky-relu-slope-dropped", "MachineLearningLifeScience/stochman#10", "leaky_relu",
        lambda z, alpha, da: da * np.where(z > 0, 1, alpha),
        lambda z, alpha, da: da * (z > 0),
        kinds("drop a term", "another operation"),
    ),
    Bug(
        "selu-scale-twice", "RubixML/ML#427", "selu",
        lambda z, da: da * np.where(z > 0, LAM, LAM * ALPHA * np.exp(z)),
        lambda z, da: da * np.where(z > 0, LAM, (LAM * ALPHA * np.expm1(z) + ALPHA) * LAM),
        kinds(),  # alpha*exp(z) from the output, one term of it scaled once more than the other
    ),
    Bug(
        "gelu-upstream-ignored", "sony/nnabla#690", "gelu_tanh",
        lambda z, c, da: da * gelu_tanh_slope(z, c),
        lambda z, c, da: gelu_tanh_slope(z, c),
        kinds("cotangent ignored"),
    ),
    Bug(
        "silu-missing-parentheses", "chelsea0x3b/dfdx#915", "silu",
        lambda z, da: da * silu_slope(z),
        lambda z, da: da * (1 + np.exp(-z) + z * np.exp(-z) / (1 + np.exp(-z)) ** 2),
        kinds("parentheses missing"),
    ),
    Bug(
        "softmax-diagonal-only", "deeplearning4j/libnd4j#440", "softmax",
        lambda z, da: softmax(z) * (da - (da * softmax(z)).sum(-1, keepdims=True)),
        lambda z, da: da * softmax(z) * (1 - softmax(z)),
        kinds("diagonal only"),
    ),
    Bug(
        "logsoftmax-adds-upstream", "mlpack/mlpack#2360", "log_softmax",
        lambda z, da: da - softmax(z) * da.sum(-1, keepdims=True),
        lambda z, da: np.exp(log_softmax(z)) + da,
        kinds("factor missing"),
    ),
)  # fmt: skip

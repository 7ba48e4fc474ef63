"""Layers, normalisation, convolution and pooling, attention, regularisers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.oracle.corpus.bug import Bug, kinds, own, sig, softmax

CORRELATION = own(
    "weight_gradient",
    "x[l], previous[k], dy[l - k + 1], beta\nW[p < k] = beta*previous[p] + sum(x[i + p]*dy[i], i)",
)
POOL = own("max_pool1d", "x[l]\nstride = 1\ny[i < (l - 3)//stride + 1] = max(x[stride*i + p], p < 3)")
HEADS = own(
    "heads",
    "Q[b, h, h, d], K[b, h, h, d], V[b, h, h, d]\ns[n, a, i, j] = sum(Q[n, a, i, c]*K[n, a, j, c], c)/sqrt(d)\n"
    "m[n, a, i] = logsumexp(s[n, a, i, j], j)\nP[n, a, i, j] = exp(s[n, a, i, j] - m[n, a, i])\n"
    "O[n, a, i, c] = sum(P[n, a, i, j]*V[n, a, j, c], j)",
)
CEILING = own(
    "avg_pool_ceil",
    "x[l]\nsize = 2\ny[i < (l + size - 1)//size] = "
    "sum(where(size*i + p < l, pad(x[size*i + p]), 0), p < size)/min(size, l - size*i)",
)
SHARED = own("shared", "x[n], w[n], v[n]\nu = tanh(w*x)\nL = sum(v*u) + sum(u**2)/2")
PENALTY = own(
    "penalty", "W[n, k], G[n, k], reg\n0 <= reg\nL = sum(G*W) + reg*sum(where(j >= 1, W[i, j]**2, 0), i, j)/2"
)


def shared(x: Any, w: Any, v: Any, again: int = 0) -> Any:
    u = np.tanh(w * x)
    return (v + (again * v + u)) * (1 - u * u) * w


def group_scale(x: Any, dy: Any, eps: Any, remainder: bool = False) -> Any:
    n, groups, width = x.shape[:3]
    flat, of = x.reshape(n, groups * width, *x.shape[3:]), np.arange(groups * width)
    of = of % groups if remainder else of // width
    mu, r = x.mean((2, 3, 4)), 1 / np.sqrt(x.var((2, 3, 4)) + eps)
    xhat = (flat - mu[:, of, None, None]) * r[:, of, None, None]
    return (dy.reshape(flat.shape) * xhat).sum((0, 2, 3)).reshape(groups, width)


def dense(X: Any, W: Any, dZ: Any) -> dict[str, Any]:
    return {"X": dZ @ W.T, "W": X.T @ dZ, "b": dZ.sum(0)}


def batch_norm(x: Any, eps: Any, g: Any) -> Any:
    n, xc = len(x), x - x.mean(0)
    r = 1 / np.sqrt(x.var(0) + eps)
    return r / n * (n * g - g.sum(0) - xc * r * (g * xc * r).sum(0))


def rms_norm(x: Any, gamma: Any, eps: Any, dy: Any) -> Any:
    r = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + eps)
    return r * gamma * dy - r**3 * x / x.shape[-1] * (dy * gamma * x).sum(-1, keepdims=True)


def accumulated(E: Any, token: Any, dy: Any) -> Any:
    result = np.zeros_like(E)
    np.add.at(result, token, dy)
    return result


def assigned(E: Any, token: Any, dy: Any) -> Any:
    result = np.zeros_like(E)
    for at in np.ndindex(*token.shape):
        result[token[at]] = dy[at]
    return result


def convolution(x: Any, K: Any, stride: int, padding: int, dilation: int, dy: Any, step: int | None = None) -> Any:
    n, c, h, w = x.shape
    moved = stride if step is None else step
    result = np.zeros((n, c, h + 2 * padding, w + 2 * padding))
    for i, j in np.ndindex(*dy.shape[2:]):
        for p, q in np.ndindex(*K.shape[2:]):
            part = np.tensordot(dy[:, :, i, j], K[:, :, p, q], ([1], [0]))
            result[:, :, moved * i + dilation * p, moved * j + dilation * q] += part
    return result[:, :, padding : padding + h, padding : padding + w]


def pooled(x: Any, stride: int, dy: Any, add: bool) -> Any:
    result = np.zeros_like(x)
    for i, value in enumerate(dy):
        at = stride * i + int(x[stride * i : stride * i + 3].argmax())
        result[at] = value + (result[at] if add else 0)
    return result


def attention(Q: Any, K: Any, V: Any, dO: Any, swap: bool = False) -> Any:
    s = 1 / np.sqrt(Q.shape[-1])
    scores = s * Q @ K.swapaxes(-1, -2)
    m = np.log(np.exp(scores).sum(-1, keepdims=True))
    O = np.exp(scores - m) @ V
    if swap:
        K, V = K.swapaxes(1, 2), V.swapaxes(1, 2)
    P = np.exp(s * Q @ K.swapaxes(-1, -2) - m)
    return s * (P * (dO @ V.swapaxes(-1, -2) - (dO * O).sum(-1, keepdims=True))) @ K


def mlp(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, Y: Any, wrong: float = 1.0) -> Any:
    n, A1 = len(X), sig(X @ W1 + b1)
    A2 = sig(A1 @ W2 + b2)
    return wrong * A1.T @ ((A2 - Y) * A2 * (1 - A2)) / n


LAYERS = (
    Bug(
        "gather-duplicate-index", "pytorch/pytorch#1631", "embedding",
        accumulated, assigned, kinds("assigned, not accumulated"),
    ),
    Bug(
        "dnn-dW2-times-2", "bighuang624/Andrew-Ng-Deep-Learning-notes#10", "mlp",
        mlp, lambda X, W1, b1, W2, b2, Y: mlp(X, W1, b1, W2, b2, Y, 2.0),
        kinds("factor 2"), options={"kind": "gradient", "wrt": ["W2"]},
    ),
    Bug(
        "bias-not-summed-over-batch", "mlpack/mlpack#3679", "dense",
        dense, lambda X, W, dZ: {**dense(X, W, dZ), "b": dZ}, kinds("not summed"),
    ),
    Bug(
        "bn-dx-gamma-not-applied", "denizyuret/Knet.jl#288", "batch_norm",
        lambda x, gamma, eps, dy: batch_norm(x, eps, gamma * dy),
        lambda x, gamma, eps, dy: batch_norm(x, eps, dy),
        kinds("factor missing"), options={"wrt": ["x"]},
    ),
    Bug(
        "bn-eval-uses-train-backward", "torch/nn#768", "batch_norm_inference",
        lambda x, gamma, var, eps, dy: gamma * dy / np.sqrt(var + eps),
        lambda x, gamma, var, eps, dy: batch_norm(x, eps, gamma * dy),
        kinds("another operation"), options={"wrt": ["x"]},
    ),
    Bug(
        "rmsnorm-rms-treated-constant", "ooples/AiDotNet#695", "rms_norm",
        rms_norm,
        lambda x, gamma, eps, dy: dy * gamma / np.sqrt((x * x).mean(-1, keepdims=True) + eps),
        kinds("treated as constant", "drop a term"), options={"wrt": ["x"]},
    ),
    Bug(
        "rmsnorm-weight-forgotten", "karpathy/llm.c#763", "rms_norm",
        rms_norm, lambda x, gamma, eps, dy: rms_norm(x, np.ones_like(gamma), eps, dy),
        kinds("factor missing"), options={"wrt": ["x"]},
    ),
    Bug(
        "reused-node-backprops-twice", "karpathy/micrograd#2, sebgao/cTensor#5", SHARED,
        shared, lambda x, w, v: shared(x, w, v, again=1),
        kinds("factor 2"), options={"wrt": ["x"], "kind": "gradient"},
    ),
    Bug(
        "groupnorm-dgamma-group-index", "tenstorrent/tt-metal#56202", "group_norm",
        lambda x, dy, eps: group_scale(x, dy, eps), lambda x, dy, eps: group_scale(x, dy, eps, True),
        kinds(),  # the remainder for the quotient
        options={"wrt": ["gamma"]},
    ),
    Bug(
        "dropout-mask-inferred-from-ratio", "kaldi-asr/kaldi#3890", "dropout",
        lambda x, mask, keep, dy: dy * mask / keep,
        lambda x, mask, keep, dy: np.where(x == 0, dy, mask / keep * dy),
        kinds(), strata=("zeros",), options={"wrt": ["x"]},
    ),
    Bug(
        "avgpool-ceil-divisor", "tracel-ai/burn#5604, pytorch/pytorch#198119", CEILING,
        lambda x, size, dy: (np.repeat(dy / np.minimum(size, len(x) - size * np.arange(len(dy))), size))[: len(x)],
        lambda x, size, dy: np.repeat(dy / size, size)[: len(x)],
        kinds("limit ignored"),
    ),
    Bug(
        "conv-backward-stride-missing", "Kulbear/deep-learning-coursera#34", "conv2d",
        convolution,
        lambda x, K, stride, padding, dilation, dy: convolution(x, K, stride, padding, dilation, dy, 1),
        kinds("stride ignored"), options={"wrt": ["x"]},
    ),
    Bug(
        "conv-wgrad-accumulator-flipped", "FluxML/NNlib.jl#518", CORRELATION,
        lambda x, previous, dy, beta: beta * previous + np.correlate(x, dy, "valid"),
        lambda x, previous, dy, beta: beta * previous[::-1] + np.correlate(x, dy, "valid"),
        kinds("flipped"), options={"kind": "forward"},
    ),
    Bug(
        "maxpool-overlap-overwrites", "FluxML/NNlib.jl#205", POOL,
        lambda x, stride, dy: pooled(x, stride, dy, True),
        lambda x, stride, dy: pooled(x, stride, dy, False),
        kinds("assigned, not accumulated"),
        strata=("ordinary", "saturated40", "tiny", "huge", "offset"),  # one draw in four has no two windows with one largest
    ),
    Bug(
        "attention-kv-transposed-twice", "huggingface/diffusers#14341", HEADS,
        attention,
        lambda Q, K, V, dO: attention(Q, K, V, dO, True),
        kinds(),  # the logsumexp of the right K is kept, and the probabilities are those of the other one
        options={"wrt": ["Q"]},
    ),
    Bug(
        "l2-adds-loss-value", "omar-florez/scratch_mlp#4", "l2",
        lambda W, lam: lam * W, lambda W, lam: np.full(W.shape, lam * np.square(W).sum() / 2),
        kinds("function for its derivative"), options={"kind": "gradient"},
    ),
    Bug(
        "l2-applied-to-bias", "rasmusbergpalm/DeepLearnToolbox#32", PENALTY,
        lambda W, G, reg: G + reg * W * (np.arange(W.shape[1]) >= 1),
        lambda W, G, reg: G + reg * W,
        kinds("mask ignored"), options={"kind": "gradient", "wrt": ["W"]},
    ),
    Bug(
        "softmax-attention-scale-forgotten", "our own, after the corpus", "scaled_dot_product_attention",
        lambda Q, K, V, dO: _dV(Q, K, dO), lambda Q, K, V, dO: _dV(Q * np.sqrt(Q.shape[1]), K, dO),
        kinds("missing 1/N", "factor missing"), options={"wrt": ["V"]},
    ),
)  # fmt: skip


def _dV(Q: Any, K: Any, dO: Any) -> Any:
    return softmax(Q @ K.T / np.sqrt(Q.shape[1])).T @ dO

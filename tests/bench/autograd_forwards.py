"""The same forwards for autograd (the PyPI package), which differentiates NumPy code by tracing it."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.scipy.special import expit, logsumexp


def sigmoid(z: Any) -> Any:
    return expit(z)


def tanh(z: Any) -> Any:
    return np.tanh(z)


def relu(z: Any) -> Any:
    return np.maximum(0, z)


def log_softmax(z: Any) -> Any:
    return z - logsumexp(z, axis=-1, keepdims=True)


def softmax(z: Any) -> Any:
    return np.exp(log_softmax(z))


def dense(X: Any, W: Any, b: Any) -> Any:
    return X @ W + b


def layer_norm(x: Any, gamma: Any, beta: Any, eps: Any) -> Any:
    centred = x - np.mean(x, axis=-1, keepdims=True)
    return gamma * centred / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + eps) + beta


def attention(Q: Any, K: Any, V: Any) -> Any:
    return softmax(Q @ K.T / np.sqrt(Q.shape[-1])) @ V


def conv2d(x: Any, K: Any, b: Any, stride: int, padding: int, dilation: int) -> Any:
    """A sum over kernel positions: autograd differentiates neither ``sliding_window_view`` nor ``as_strided``."""
    kh, kw = K.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), "constant")
    oh = (padded.shape[2] - dilation * (kh - 1) - 1) // stride + 1
    ow = (padded.shape[3] - dilation * (kw - 1) - 1) // stride + 1
    total: Any = b[:, None, None]
    for p in range(kh):
        for q in range(kw):
            top, left = p * dilation, q * dilation
            part = padded[
                :, :, top : top + stride * (oh - 1) + 1 : stride, left : left + stride * (ow - 1) + 1 : stride
            ]
            total = total + np.transpose(np.tensordot(part, K[:, :, p, q], ((1,), (1,))), (0, 3, 1, 2))
    return total


def rnn(X: Any, h0: Any, W_xh: Any, W_hh: Any, b_h: Any, W_hy: Any, b_y: Any) -> Any:
    z = X @ W_xh + b_h
    h, states = h0, []
    for t in range(X.shape[0]):
        h = np.tanh(z[t] + h @ W_hh)
        states.append(h)
    return np.stack(states) @ W_hy + b_y


def mse(yhat: Any, y: Any) -> Any:
    return np.mean((yhat - y) ** 2)


def bce(p: Any, y: Any) -> Any:
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def bce_with_logits(z: Any, y: Any) -> Any:
    return np.mean(np.logaddexp(0, z) - y * z)


def softmax_cross_entropy(Z: Any, Y: Any) -> Any:
    return -np.mean(np.sum(Y * log_softmax(Z), axis=-1))


def logistic_regression(X: Any, w: Any, b: Any, y: Any) -> Any:
    return bce_with_logits(X @ w + b, y)


def mlp(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, Y: Any) -> Any:
    return np.sum((expit(expit(X @ W1 + b1) @ W2 + b2) - Y) ** 2) / (2 * len(X))

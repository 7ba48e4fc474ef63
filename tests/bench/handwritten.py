"""Forward and backward passes in NumPy as a careful person writes them, and nothing derived by this project.

They are what the generated functions race against.  Each takes the operation's inputs and the cotangent ``g`` of its
output (a scalar loss has none), and returns the gradients.  Buffers are reused where that helps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import expit

Array = np.ndarray[Any, Any]
Gradients = dict[str, Array]


def sigmoid(z: Array, g: Array) -> Array:
    a = expit(z)
    return g * a * (1 - a)


def tanh(z: Array, g: Array) -> Array:
    a = np.tanh(z)
    a *= a
    np.subtract(1, a, out=a)
    a *= g
    return a


def relu(z: Array, g: Array) -> Array:
    return np.where(z > 0, g, 0)


def softmax(z: Array, g: Array) -> Array:
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    return p * (g - np.einsum("...i,...i->...", p, g)[..., None])


def log_softmax(z: Array, g: Array) -> Array:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    e *= g.sum(axis=-1, keepdims=True) / e.sum(axis=-1, keepdims=True)
    return g - e


def dense(X: Array, W: Array, b: Array, g: Array) -> tuple[Array, Array, Array]:
    return g @ W.T, X.T @ g, g.sum(axis=0)


def layer_norm(x: Array, gamma: Array, beta: Array, eps: float, g: Array) -> tuple[Array, Array, Array]:
    d = x.shape[-1]
    xhat = x - x.mean(axis=-1, keepdims=True)
    r = 1 / np.sqrt(np.einsum("ij,ij->i", xhat, xhat)[:, None] / d + eps)
    xhat *= r
    dgamma, dbeta = np.einsum("ij,ij->j", g, xhat), g.sum(axis=0)
    h = g * gamma
    a, c = h.mean(axis=-1, keepdims=True), np.einsum("ij,ij->i", h, xhat)[:, None] / d
    h -= a
    xhat *= c
    h -= xhat
    h *= r
    return h, dgamma, dbeta


def attention(Q: Array, K: Array, V: Array, g: Array) -> tuple[Array, Array, Array]:
    s = 1 / np.sqrt(Q.shape[-1])
    S = Q @ K.T
    S *= s
    S -= S.max(axis=-1, keepdims=True)
    P = np.exp(S, out=S)
    P /= P.sum(axis=-1, keepdims=True)
    dV = P.T @ g
    dP = g @ V.T
    dP -= np.einsum("ij,ij->i", dP, P)[:, None]
    dP *= P
    dP *= s
    return dP @ K, dP.T @ Q, dV


def conv2d(
    x: Array, K: Array, b: Array, stride: int, padding: int, dilation: int, g: Array
) -> tuple[Array, Array, Array]:
    """im2col: one matrix product for each gradient."""
    n, c, height, width = x.shape
    o, _, kh, kw = K.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding))) if padding else x
    span = (dilation * (kh - 1) + 1, dilation * (kw - 1) + 1)
    windows = sliding_window_view(xp, span, axis=(2, 3))[:, :, ::stride, ::stride, ::dilation, ::dilation]
    oh, ow = g.shape[2:]
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * oh * ow, c * kh * kw)
    rows = g.transpose(0, 2, 3, 1).reshape(n * oh * ow, o)
    dK = (rows.T @ columns).reshape(K.shape)
    back = (rows @ K.reshape(o, -1)).reshape(n, oh, ow, c, kh, kw)
    dxp = np.zeros_like(xp)
    for p in range(kh):
        for q in range(kw):
            down = slice(p * dilation, p * dilation + stride * (oh - 1) + 1, stride)
            across = slice(q * dilation, q * dilation + stride * (ow - 1) + 1, stride)
            dxp[:, :, down, across] += back[..., p, q].transpose(0, 3, 1, 2)
    return dxp[:, :, padding : padding + height, padding : padding + width], dK, rows.sum(axis=0)


def rnn(
    X: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, W_hy: Array, b_y: Array, g: Array
) -> tuple[Array, ...]:
    """Time first: ``X[T, n, d]``; one matrix product over all steps wherever the recurrence allows it."""
    steps = X.shape[0]
    z = X @ W_xh + b_h
    h = np.empty_like(z)
    last = h0
    for t in range(steps):
        last = np.tanh(z[t] + last @ W_hh, out=h[t])
    dh = g @ W_hy.T
    slope = 1 - h * h
    dz = np.empty_like(z)
    carry = np.zeros_like(h0)
    for t in range(steps - 1, -1, -1):
        dz[t] = (dh[t] + carry) * slope[t]
        carry = dz[t] @ W_hh.T
    flat = dz.reshape(-1, dz.shape[-1])
    before = np.concatenate([h0[None], h[:-1]]).reshape(flat.shape)
    outputs = g.reshape(-1, g.shape[-1])
    return (
        dz @ W_xh.T,
        carry,
        X.reshape(-1, X.shape[-1]).T @ flat,
        before.T @ flat,
        flat.sum(axis=0),
        h.reshape(flat.shape).T @ outputs,
        outputs.sum(axis=0),
    )


def mse(yhat: Array, y: Array) -> Array:
    d = yhat - y
    d *= 2 / d.size
    return d


def bce(p: Array, y: Array) -> Array:
    return (p - y) / (p * (1 - p) * p.size)


def bce_with_logits(z: Array, y: Array) -> Array:
    d = expit(z)
    d -= y
    d /= d.size
    return d


def softmax_cross_entropy(Z: Array, Y: Array) -> Array:
    P = np.exp(Z - Z.max(axis=-1, keepdims=True))
    P /= P.sum(axis=-1, keepdims=True)
    P -= Y
    P /= len(P)
    return P


def logistic_regression(X: Array, w: Array, b: Array, y: Array) -> tuple[Array, Array]:
    d = expit(X @ w + b)
    d -= y
    d /= len(y)
    return X.T @ d, d.sum()


def mlp(X: Array, W1: Array, b1: Array, W2: Array, b2: Array, Y: Array) -> tuple[Array, Array, Array, Array]:
    A1 = expit(X @ W1 + b1)
    A2 = expit(A1 @ W2 + b2)
    d2 = (A2 - Y) * A2 * (1 - A2) / len(X)
    d1 = (d2 @ W2.T) * A1 * (1 - A1)
    return X.T @ d1, d1.sum(axis=0), A1.T @ d2, d2.sum(axis=0)

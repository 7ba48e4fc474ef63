"""Forward and backward passes in NumPy as a careful person writes them, and nothing derived by this project.

They are what the generated functions race against.  Each takes the operation's inputs and the cotangent ``g`` of its
output (a scalar loss has none), and returns the gradients.  Buffers are reused where that helps.
"""

from __future__ import annotations

from collections.abc import Callable
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


def conv2d(x: Array, w: Array, stride: int, padding: int, dilation: int, g: Array) -> tuple[Array, Array]:
    """im2col: one matrix product for each gradient."""
    n, c, height, width = x.shape
    o, _, kh, kw = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding))) if padding else x
    span = (dilation * (kh - 1) + 1, dilation * (kw - 1) + 1)
    windows = sliding_window_view(xp, span, axis=(2, 3))[:, :, ::stride, ::stride, ::dilation, ::dilation]
    oh, ow = g.shape[2:]
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * oh * ow, c * kh * kw)
    rows = g.transpose(0, 2, 3, 1).reshape(n * oh * ow, o)
    dw = (rows.T @ columns).reshape(w.shape)
    back = (rows @ w.reshape(o, -1)).reshape(n, oh, ow, c, kh, kw)
    dxp = np.zeros_like(xp)
    for p in range(kh):
        for q in range(kw):
            top, left = p * dilation, q * dilation
            dxp[:, :, top : top + stride * oh : stride, left : left + stride * ow : stride] += back[
                ..., p, q
            ].transpose(0, 3, 1, 2)
    return dxp[:, :, padding : padding + height, padding : padding + width], dw


def rnn(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b: Array, W_hy: Array, b_y: Array, g: Array
) -> tuple[Array, ...]:
    """Time first: ``x[T, n, d]``; one matrix product over all steps wherever the recurrence allows it."""
    steps = x.shape[0]
    z = x @ W_xh + b
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
        x.reshape(-1, x.shape[-1]).T @ flat,
        before.T @ flat,
        flat.sum(axis=0),
        h.reshape(flat.shape).T @ outputs,
        outputs.sum(axis=0),
    )


def mse(A: Array, Y: Array, scale: float) -> Array:
    return (A - Y) * scale


def bce(p: Array, y: Array, scale: float) -> Array:
    return (p - y) / (p * (1 - p)) * scale


def bce_with_logits(z: Array, y: Array, scale: float) -> Array:
    d = expit(z)
    d -= y
    d *= scale
    return d


def softmax_cross_entropy(Z: Array, Y: Array, scale: float) -> Array:
    P = np.exp(Z - Z.max(axis=-1, keepdims=True))
    P /= P.sum(axis=-1, keepdims=True)
    P -= Y
    P *= scale
    return P


def logistic_regression(X: Array, w: Array, b: Array, y: Array) -> tuple[Array, Array]:
    d = expit(X @ w + b)
    d -= y
    d /= len(y)
    return X.T @ d, d.sum()


def mlp(
    X: Array, W1: Array, b1: Array, W2: Array, b2: Array, g: Callable[[Array], Array]
) -> tuple[Array, Array, Array, Array, Array]:
    """Two sigmoid layers; ``g`` gives the cotangent of the output from the output."""
    A1 = expit(X @ W1 + b1)
    A2 = expit(A1 @ W2 + b2)
    d2 = g(A2) * A2 * (1 - A2)
    d1 = (d2 @ W2.T) * A1 * (1 - A1)
    return d1 @ W1.T, X.T @ d1, d1.sum(axis=0), A1.T @ d2, d2.sum(axis=0)

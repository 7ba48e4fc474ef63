"""Layers: affine maps, windows, normalisation, attention and recurrence, from ``jax.numpy`` and ``jax.lax``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from verify.references import elementwise, reference

Arrays = dict[str, Any]


@reference("dense")
def dense(X: Any, W: Any, b: Any) -> Arrays:
    return {"Z": jnp.dot(X, W, precision="highest") + b}


@reference("perceptron")
def perceptron(x: Any, w: Any, b: Any, activation: str = "sigmoid") -> Arrays:
    return {"a": elementwise(activation)(jnp.vdot(x, w, precision="highest") + b)}


@reference("conv2d")
def conv2d(x: Any, K: Any, b: Any, stride: int = 1, padding: int = 0, dilation: int = 1) -> Arrays:
    y = jax.lax.conv_general_dilated(
        x,
        K,
        window_strides=(stride, stride),
        padding=((padding, padding), (padding, padding)),
        rhs_dilation=(dilation, dilation),
        dimension_numbers=("NCHW", "OIHW", "NCHW"),
        precision="highest",
    )
    return {"y": y + b[:, None, None]}


@reference("layer_norm")
def layer_norm(x: Any, gamma: Any, beta: Any, eps: Any = 1e-5) -> Arrays:
    # centred: jax.nn.standardize by default takes mean(x^2) - mean(x)^2, which is 348 % off at mean 1e6, spread 1e-2
    centred = x - jnp.mean(x, axis=-1, keepdims=True)
    return {"y": gamma * centred / jnp.sqrt(jnp.mean(centred**2, axis=-1, keepdims=True) + eps) + beta}


@reference("scaled_dot_product_attention")
def scaled_dot_product_attention(Q: Any, K: Any, V: Any) -> Arrays:
    # jax.nn.dot_product_attention computes its softmax in float32 whatever it is given, so the parts are put together
    # here
    scores = jnp.einsum("id,jd->ij", Q, K, precision="highest") / jnp.sqrt(Q.shape[-1]).astype(Q.dtype)
    return {"O": jnp.matmul(jax.nn.softmax(scores, axis=-1), V, precision="highest")}


@reference("rnn")
def rnn(X: Any, h0: Any, W_xh: Any, W_hh: Any, b_h: Any, W_hy: Any, b_y: Any) -> Arrays:
    def advance(h: Any, x: Any) -> tuple[Any, Any]:
        h = jnp.tanh(jnp.dot(x, W_xh, precision="highest") + jnp.dot(h, W_hh, precision="highest") + b_h)
        return h, h

    _, h = jax.lax.scan(advance, h0, X)
    return {"y": jnp.dot(h, W_hy, precision="highest") + b_y}

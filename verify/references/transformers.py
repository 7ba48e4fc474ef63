"""Transformers, put together from ``jax.nn`` and ``jnp.einsum``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from verify.references import reference

Arrays = dict[str, Any]


def _dot(a: Any, b: Any) -> Any:
    return jnp.dot(a, b, precision="highest")


def _normalised(x: Any, eps: Any, axes: Any) -> Any:
    centred = x - jnp.mean(x, axis=axes, keepdims=True)
    return centred / jnp.sqrt(jnp.mean(centred**2, axis=axes, keepdims=True) + eps)


@reference("transformer_block")
def transformer_block(
    X: Any,
    gamma1: Any,
    beta1: Any,
    W_Q: Any,
    W_K: Any,
    W_V: Any,
    W_O: Any,
    gamma2: Any,
    beta2: Any,
    W1: Any,
    b1: Any,
    W2: Any,
    b2: Any,
    eps: Any = 1e-5,
) -> Arrays:
    N = gamma1 * _normalised(X, eps, -1) + beta1
    Q, K, V = (jnp.einsum("nm,hmd->hnd", N, W, precision="highest") for W in (W_Q, W_K, W_V))
    scores = jnp.einsum("hnd,hkd->hnk", Q, K, precision="highest") / jnp.sqrt(Q.shape[-1]).astype(Q.dtype)
    heads = jnp.einsum("hnk,hkd->hnd", jax.nn.softmax(scores, axis=-1), V, precision="highest")
    R = X + jnp.einsum("hnd,hdo->no", heads, W_O, precision="highest")
    M = gamma2 * _normalised(R, eps, -1) + beta2
    return {"Y": R + _dot(jax.nn.relu(_dot(M, W1) + b1), W2) + b2}


@reference("vision_transformer")
def vision_transformer(
    x: Any,
    K: Any,
    e: Any,
    pos: Any,
    gamma1: Any,
    beta1: Any,
    W_Q: Any,
    W_K: Any,
    W_V: Any,
    W_O: Any,
    gamma2: Any,
    beta2: Any,
    W1: Any,
    b1: Any,
    W2: Any,
    b2: Any,
    W_y: Any,
    b_y: Any,
    Y: Any,
    eps: Any = 1e-5,
) -> Arrays:
    tokens = transformer_block(
        _dot(x, K) + e + pos, gamma1, beta1, W_Q, W_K, W_V, W_O, gamma2, beta2, W1, b1, W2, b2, eps
    )["Y"]
    return {"L": optax.losses.softmax_cross_entropy(_dot(jnp.mean(tokens, axis=0), W_y) + b_y, Y)}

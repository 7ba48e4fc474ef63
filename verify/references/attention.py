"""Attention, put together from ``jax.numpy`` and ``jax.nn.softmax``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from verify.references import reference

Arrays = dict[str, Any]


@reference("scaled_dot_product_attention", torch=lambda F, Q, K, V: F.scaled_dot_product_attention(Q, K, V))
def scaled_dot_product_attention(Q: Any, K: Any, V: Any) -> Arrays:
    # jax.nn.dot_product_attention computes its softmax in float32 whatever it is given, so the parts are put together
    # here
    scores = jnp.einsum("id,jd->ij", Q, K, precision="highest") / jnp.sqrt(Q.shape[-1]).astype(Q.dtype)
    return {"O": jnp.matmul(jax.nn.softmax(scores, axis=-1), V, precision="highest")}


@reference("causal_attention")
def causal_attention(Q: Any, K: Any, V: Any) -> Arrays:
    scores = jnp.einsum("id,jd->ij", Q, K, precision="highest") / jnp.sqrt(Q.shape[-1]).astype(Q.dtype)
    past = jnp.tril(jnp.ones_like(scores, dtype=bool))
    weights = jax.nn.softmax(scores, axis=-1, where=past)
    return {"O": jnp.matmul(weights, V, precision="highest")}


@reference("multi_head_attention")
def multi_head_attention(X: Any, W_Q: Any, W_K: Any, W_V: Any, W_O: Any) -> Arrays:
    Q, K, V = (jnp.einsum("nm,hmd->hnd", X, W, precision="highest") for W in (W_Q, W_K, W_V))
    scores = jnp.einsum("hnd,hkd->hnk", Q, K, precision="highest") / jnp.sqrt(Q.shape[-1]).astype(Q.dtype)
    heads = jnp.einsum("hnk,hkd->hnd", jax.nn.softmax(scores, axis=-1), V, precision="highest")
    return {"Y": jnp.einsum("hnd,hdo->no", heads, W_O, precision="highest")}


@reference("additive_attention")
def additive_attention(s: Any, H: Any, W: Any, U: Any, v: Any) -> Arrays:
    asked = jnp.dot(s, W, precision="highest")[:, None] + jnp.dot(H, U, precision="highest")[None]
    weights = jax.nn.softmax(jnp.dot(jnp.tanh(asked), v, precision="highest"), axis=-1)
    return {"C": jnp.dot(weights, H, precision="highest")}


@reference("rotary_embedding")
def rotary_embedding(x: Any, base: Any = 10000.0) -> Arrays:
    steps, pairs, _ = x.shape
    angle = jnp.outer(jnp.arange(steps), base ** (-jnp.arange(pairs) / max(pairs, 1)))
    a, b, cos, sin = x[..., 0], x[..., 1], jnp.cos(angle), jnp.sin(angle)
    return {"y": jnp.stack([a * cos - b * sin, a * sin + b * cos], axis=-1)}

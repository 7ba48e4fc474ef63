"""Losses of scores with a margin, from ``optax`` where it has them."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import optax

from verify.references import reference

Arrays = dict[str, Any]


@reference("hinge")
def hinge(s: Any, y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.hinge_loss(s, y))}


@reference("squared_hinge")
def squared_hinge(s: Any, y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.hinge_loss(s, y) ** 2)}


@reference("perceptron_loss")
def perceptron_loss(s: Any, y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.perceptron_loss(s, y))}


@reference("exponential")
def exponential(s: Any, y: Any) -> Arrays:
    return {"L": jnp.mean(jnp.exp(-y * s))}


@reference("multiclass_hinge")
def multiclass_hinge(S: Any, label: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.multiclass_hinge_loss(S, label))}


@reference("triplet_margin")
def triplet_margin(a: Any, p: Any, q: Any, margin: Any = 0.2) -> Arrays:
    near, far = jnp.sum(jnp.square(a - p), axis=1), jnp.sum(jnp.square(a - q), axis=1)
    return {"L": jnp.mean(jnp.maximum(near - far + margin, 0))}


@reference("contrastive")
def contrastive(x1: Any, x2: Any, y: Any, margin: Any = 1.0, eps: Any = 1e-6) -> Arrays:
    squares = jnp.sum(jnp.square(x1 - x2), axis=1) + eps
    return {"L": jnp.mean(((1 - y) * squares + y * jnp.maximum(margin - jnp.sqrt(squares), 0) ** 2) / 2)}


@reference("cosine_embedding")
def cosine_embedding(x1: Any, x2: Any, y: Any, margin: Any = 0.0) -> Arrays:
    cosine = optax.losses.cosine_similarity(x1, x2)
    return {"L": jnp.mean(jnp.where(y > 0, 1 - cosine, jnp.maximum(cosine - margin, 0)))}

"""Losses and regularisers, from ``optax`` where it has them."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import optax

from verify.references import reference

Arrays = dict[str, Any]


@reference("mse")
def mse(A: Any, Y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.squared_error(A, Y))}


@reference("half_mse")
def half_mse(A: Any, Y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.l2_loss(A, Y))}


@reference("sse")
def sse(A: Any, Y: Any) -> Arrays:
    return {"L": jnp.sum(optax.losses.squared_error(A, Y))}


@reference("bce")
def bce(p: Any, y: Any) -> Arrays:
    return {"L": -jnp.mean(y * jnp.log(p) + (1 - y) * jnp.log1p(-p))}


@reference("bce_with_logits")
def bce_with_logits(z: Any, y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.sigmoid_binary_cross_entropy(z, y))}


@reference("softmax_cross_entropy")
def softmax_cross_entropy(Z: Any, Y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.softmax_cross_entropy(Z, Y))}


@reference("l2")
def l2(w: Any, lam: Any) -> Arrays:
    return {"L": lam / 2 * jnp.sum(w**2)}

"""Losses and penalties, from ``optax`` where it has them."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import optax
from jax.scipy.special import xlog1py, xlogy

from verify.references import reference

Arrays = dict[str, Any]


@reference("mse", torch=lambda F, yhat, y: F.mse_loss(yhat, y))
def mse(yhat: Any, y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.squared_error(yhat, y))}


@reference("half_mse")
def half_mse(yhat: Any, y: Any) -> Arrays:
    return {"L": jnp.mean(jnp.sum(optax.losses.l2_loss(yhat, y), axis=1))}


@reference("squared_error")
def squared_error(yhat: Any, y: Any) -> Arrays:
    return {"L": jnp.sum(optax.losses.squared_error(yhat, y))}


@reference("bce", torch=lambda F, y, p: F.binary_cross_entropy(p, y))
def bce(p: Any, y: Any) -> Arrays:
    return {"L": -jnp.mean(xlogy(y, p) + xlog1py(1 - y, -p))}


@reference("bce_with_logits", torch=lambda F, y, z: F.binary_cross_entropy_with_logits(z, y))
def bce_with_logits(z: Any, y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.sigmoid_binary_cross_entropy(z, y))}


@reference("softmax_cross_entropy", torch=lambda F, Z, Y: F.cross_entropy(Z, Y))
def softmax_cross_entropy(Z: Any, Y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.softmax_cross_entropy(Z, Y))}


@reference("l2")
def l2(W: Any, lam: Any) -> Arrays:
    return {"R": lam * jnp.sum(optax.losses.l2_loss(W))}

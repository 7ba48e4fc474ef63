"""Losses of real-valued predictions, from ``optax`` where it has them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from verify.references import reference

Arrays = dict[str, Any]


@reference("mae", torch=lambda F, yhat, y: F.l1_loss(yhat, y))
def mae(yhat: Any, y: Any) -> Arrays:
    return {"L": jnp.mean(jnp.abs(yhat - y))}


@reference("huber", torch=lambda F, yhat, y, delta: F.huber_loss(yhat, y, delta=float(delta)))
def huber(yhat: Any, y: Any, delta: Any = 1.0) -> Arrays:
    # Huber's square up to delta and the line from there on, as optax.losses.huber_loss splits them; that one takes
    # no traced delta
    size = jnp.abs(yhat - y)
    near = jnp.minimum(size, delta)
    return {"L": jnp.mean(near**2 / 2 + delta * (size - near))}


@reference("smooth_l1", torch=lambda F, yhat, y, beta: F.smooth_l1_loss(yhat, y, beta=float(beta)))
def smooth_l1(yhat: Any, y: Any, beta: Any = 1.0) -> Arrays:
    size = jnp.abs(yhat - y)
    near = jnp.minimum(size, beta)
    return {"L": jnp.mean(near**2 / (2 * beta) + (size - near))}


@reference("log_cosh")
def log_cosh(yhat: Any, y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.log_cosh(yhat, y))}


@reference("quantile")
def quantile(yhat: Any, y: Any, tau: Any = 0.9) -> Arrays:
    return {"L": jnp.mean(tau * jax.nn.relu(y - yhat) + (1 - tau) * jax.nn.relu(yhat - y))}


@reference("poisson_nll", torch=lambda F, z, y: F.poisson_nll_loss(z, y))
def poisson_nll(z: Any, y: Any) -> Arrays:
    return {"L": jnp.mean(jnp.exp(z) - y * z)}


@reference("gaussian_nll", torch=lambda F, mu, y, var, eps: F.gaussian_nll_loss(mu, y, var, eps=float(eps)))
def gaussian_nll(mu: Any, var: Any, y: Any, eps: Any = 1e-6) -> Arrays:
    v = jnp.maximum(var, eps)
    return {"L": jnp.mean(jnp.log(v) + jnp.square((y - mu) / jnp.sqrt(v))) / 2}

"""Autoencoders, put together from ``jax.nn`` and ``optax``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from verify.references import reference

Arrays = dict[str, Any]


def _dot(a: Any, b: Any) -> Any:
    return jnp.dot(a, b, precision="highest")


@reference("autoencoder")
def autoencoder(X: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    Xhat = _dot(jax.nn.sigmoid(_dot(X, W1) + b1), W2) + b2
    return {"L": jnp.mean(jnp.sum(optax.losses.l2_loss(Xhat, X), axis=1))}


@reference("vae")
def vae(
    X: Any,
    W_h: Any,
    b_h: Any,
    W_mu: Any,
    b_mu: Any,
    W_s: Any,
    b_s: Any,
    W_d: Any,
    b_d: Any,
    W_x: Any,
    b_x: Any,
    noise: Any,
) -> Arrays:
    H = jnp.tanh(_dot(X, W_h) + b_h)
    mu, s = _dot(H, W_mu) + b_mu, _dot(H, W_s) + b_s
    Xhat = _dot(jnp.tanh(_dot(mu + jnp.exp(s / 2) * noise, W_d) + b_d), W_x) + b_x
    R = jnp.mean(jnp.sum(optax.losses.l2_loss(Xhat, X), axis=1))
    return {"L": R + jnp.mean(jnp.sum(mu**2 + jnp.expm1(s) - s, axis=1)) / 2}

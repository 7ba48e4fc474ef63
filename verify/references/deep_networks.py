"""Deep networks and blocks of them, put together from ``jax.nn``, ``jax.lax`` and ``optax``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from verify.references import reference

Arrays = dict[str, Any]


def _dot(a: Any, b: Any) -> Any:
    return jnp.dot(a, b, precision="highest")


def _convolve(x: Any, K: Any, padding: str) -> Any:
    numbers = ("NCHW", "OIHW", "NCHW")
    return jax.lax.conv_general_dilated(x, K, (1, 1), padding, dimension_numbers=numbers, precision="highest")


@reference("autoencoder")
def autoencoder(X: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    Xhat = _dot(jax.nn.sigmoid(_dot(X, W1) + b1), W2) + b2
    return {"L": jnp.mean(jnp.sum(optax.losses.l2_loss(Xhat, X), axis=1))}


@reference("residual_block")
def residual_block(X: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return {"Y": X + _dot(jax.nn.relu(_dot(X, W1) + b1), W2) + b2}


@reference("lenet")
def lenet(x: Any, K: Any, b: Any, W: Any, d: Any, Y: Any) -> Arrays:
    maps = jnp.tanh(_convolve(x, K, "SAME") + b[:, None, None])
    pooled = jax.lax.reduce_window(maps, 0.0, jax.lax.add, (1, 1, 2, 2), (1, 1, 2, 2), "VALID") / 4
    logits = jnp.einsum("nohw,ohwk->nk", pooled, W, precision="highest") + d
    return {"L": jnp.mean(optax.losses.softmax_cross_entropy(logits, Y))}

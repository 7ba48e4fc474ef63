"""Convolutional networks and residual blocks, put together from ``jax.nn``, ``jax.lax`` and ``optax``."""

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


def _batch_normalised(x: Any, gamma: Any, beta: Any, eps: Any) -> Any:
    centred = x - jnp.mean(x, axis=(0, 2, 3), keepdims=True)
    normalised = centred / jnp.sqrt(jnp.mean(centred**2, axis=(0, 2, 3), keepdims=True) + eps)
    return gamma[:, None, None] * normalised + beta[:, None, None]


@reference("residual_block")
def residual_block(X: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Arrays:
    return {"Y": X + _dot(jax.nn.relu(_dot(X, W1) + b1), W2) + b2}


@reference("lenet")
def lenet(x: Any, K: Any, b: Any, W: Any, d: Any, Y: Any) -> Arrays:
    maps = jnp.tanh(_convolve(x, K, "SAME") + b[:, None, None])
    pooled = jax.lax.reduce_window(maps, 0.0, jax.lax.add, (1, 1, 2, 2), (1, 1, 2, 2), "VALID") / 4
    logits = jnp.einsum("nohw,ohwk->nk", pooled, W, precision="highest") + d
    return {"L": jnp.mean(optax.losses.softmax_cross_entropy(logits, Y))}


@reference("resnet_block")
def resnet_block(x: Any, K1: Any, gamma1: Any, beta1: Any, K2: Any, gamma2: Any, beta2: Any, eps: Any = 1e-5) -> Arrays:
    a = jax.nn.relu(_batch_normalised(_convolve(x, K1, "SAME"), gamma1, beta1, eps))
    return {"y": jax.nn.relu(_batch_normalised(_convolve(a, K2, "SAME"), gamma2, beta2, eps) + x)}

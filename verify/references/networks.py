"""Small networks put together from layers and losses."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from verify.references import elementwise, reference

Arrays = dict[str, Any]


@reference("logistic_regression")
def logistic_regression(X: Any, w: Any, b: Any, y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.sigmoid_binary_cross_entropy(jnp.dot(X, w, precision="highest") + b, y))}


@reference("mlp")
def mlp(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, Y: Any, activation: str = "sigmoid") -> Arrays:
    phi = elementwise(activation)
    hidden = phi(jnp.dot(X, W1, precision="highest") + b1)
    return {"L": jnp.mean((jax.nn.sigmoid(hidden @ W2 + b2) - Y) ** 2) / 2}

"""Small networks put together from layers and losses."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from verify.references import elementwise, reference

Arrays = dict[str, Any]


@reference("least_squares")
def least_squares(X: Any, W: Any, Y: Any) -> Arrays:
    return {"L": jnp.mean(jnp.sum(optax.losses.l2_loss(jnp.dot(X, W, precision="highest"), Y), axis=1))}


@reference("logistic_regression")
def logistic_regression(X: Any, w: Any, b: Any, y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.sigmoid_binary_cross_entropy(jnp.dot(X, w, precision="highest") + b, y))}


@reference("mlp")
def mlp(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, Y: Any, activation: str = "sigmoid") -> Arrays:
    phi = elementwise(activation)
    hidden = phi(jnp.dot(X, W1, precision="highest") + b1)
    yhat = phi(jnp.dot(hidden, W2, precision="highest") + b2)
    return {"L": jnp.mean(jnp.sum(optax.losses.l2_loss(yhat, Y), axis=1))}


@reference("perceptron")
def perceptron(X: Any, w: Any, b: Any, y: Any, activation: str = "sigmoid") -> Arrays:
    yhat = elementwise(activation)(jnp.dot(X, w, precision="highest") + b)
    return {"L": jnp.mean(optax.losses.squared_error(yhat, y))}


@reference("softmax_regression")
def softmax_regression(X: Any, W: Any, b: Any, Y: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.softmax_cross_entropy(jnp.dot(X, W, precision="highest") + b, Y))}


@reference("deep_mlp")
def deep_mlp(X: Any, W: Any, b: Any, V: Any, c: Any, Y: Any, activation: str = "tanh") -> Arrays:
    phi = elementwise(activation)

    def layer(h: Any, given: Any) -> Any:
        return phi(jnp.dot(h, given[0], precision="highest") + given[1]), None

    H, _ = jax.lax.scan(layer, X, (W, b))
    return {"L": jnp.mean(optax.losses.softmax_cross_entropy(jnp.dot(H, V, precision="highest") + c, Y))}

"""Optimizers as ``optax`` runs them: its own update rule in a loop over the given gradients."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from verify.references import reference

Arrays = dict[str, Any]


def _trajectory(optimizer: optax.GradientTransformation, theta0: Any, gradients: Any) -> Any:
    """Parameters after each update by ``optax.apply_updates``."""

    def update(carry: Any, gradient: Any) -> Any:
        theta, state = carry
        updates, state = optimizer.update(gradient, state, theta)
        theta = optax.apply_updates(theta, updates)
        return (theta, state), theta

    _, thetas = jax.lax.scan(update, (theta0, optimizer.init(theta0)), gradients)
    return thetas


@reference("gradient_descent")
def gradient_descent(g: Any, theta0: Any, alpha: Any) -> Arrays:
    return {"theta": _trajectory(optax.sgd(alpha), theta0, g)}


@reference("momentum")
def momentum(g: Any, theta0: Any, alpha: Any, beta: Any) -> Arrays:
    # v = beta v + (1 - beta) g: the exponential average; optax.trace alone has v = beta v + g
    optimizer = optax.chain(optax.ema(beta, debias=False), optax.scale_by_learning_rate(alpha))
    return {"theta": _trajectory(optimizer, theta0, g)}


@reference("adam")
def adam(g: Any, theta0: Any, alpha: Any, beta1: Any, beta2: Any, eps: Any) -> Arrays:
    return {"theta": _trajectory(optax.adam(alpha, b1=beta1, b2=beta2, eps=eps), theta0, jnp.asarray(g))}

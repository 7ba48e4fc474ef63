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


@reference("sgd")
def sgd(g: Any, theta0: Any, alpha: Any) -> Arrays:
    return {"theta": _trajectory(optax.sgd(alpha), theta0, jnp.mean(g, axis=1))}


@reference("heavy_ball")
def heavy_ball(g: Any, theta0: Any, alpha: Any, beta: Any) -> Arrays:
    return {"theta": _trajectory(optax.sgd(alpha, momentum=beta), theta0, g)}


@reference("nesterov")
def nesterov(g: Any, theta0: Any, alpha: Any, beta: Any) -> Arrays:
    return {"theta": _trajectory(optax.sgd(alpha, momentum=beta, nesterov=True), theta0, g)}


@reference("nesterov_lookahead")
def nesterov_lookahead(g: Any, theta0: Any, alpha: Any, beta: Any) -> Arrays:
    # optax has the other form only; this is the published one
    def update(carry: Any, gradient: Any) -> Any:
        theta, v = carry
        v = beta * v - alpha * gradient
        return (theta + v, v), (theta + v, theta + v + beta * v)

    _, (theta, phi) = jax.lax.scan(update, (theta0, jnp.zeros_like(theta0)), g)
    return {"theta": theta, "phi": phi}


@reference("adagrad")
def adagrad(g: Any, theta0: Any, alpha: Any, start: Any, eps: Any) -> Arrays:
    return {"theta": _trajectory(optax.adagrad(alpha, initial_accumulator_value=start, eps=eps), theta0, g)}


@reference("rmsprop")
def rmsprop(g: Any, theta0: Any, alpha: Any, rho: Any, eps: Any) -> Arrays:
    return {"theta": _trajectory(optax.rmsprop(alpha, decay=rho, eps=eps, eps_in_sqrt=True), theta0, g)}


@reference("rmsprop_centred")
def rmsprop_centred(g: Any, theta0: Any, alpha: Any, rho: Any, beta: Any, eps: Any) -> Arrays:
    optimizer = optax.rmsprop(alpha, decay=rho, eps=eps, eps_in_sqrt=True, centered=True, momentum=beta)
    return {"theta": _trajectory(optimizer, theta0, g)}


@reference("adadelta")
def adadelta(g: Any, theta0: Any, alpha: Any, rho: Any, eps: Any) -> Arrays:
    return {"theta": _trajectory(optax.adadelta(alpha, rho=rho, eps=eps), theta0, g)}


@reference("adafactor")
def adafactor(g: Any, theta0: Any, alpha: Any, decay: Any, eps: Any) -> Arrays:
    optimizer = optax.chain(
        optax.scale_by_factored_rms(decay_rate=decay, min_dim_size_to_factor=0, epsilon=eps),
        optax.scale_by_learning_rate(alpha),
    )
    return {"theta": _trajectory(optimizer, theta0, g)}


@reference("adamax")
def adamax(g: Any, theta0: Any, alpha: Any, beta1: Any, beta2: Any, eps: Any) -> Arrays:
    return {"theta": _trajectory(optax.adamax(alpha, b1=beta1, b2=beta2, eps=eps), theta0, g)}


@reference("nadam")
def nadam(g: Any, theta0: Any, alpha: Any, beta1: Any, beta2: Any, eps: Any) -> Arrays:
    return {"theta": _trajectory(optax.nadam(alpha, b1=beta1, b2=beta2, eps=eps), theta0, g)}


@reference("amsgrad")
def amsgrad(g: Any, theta0: Any, alpha: Any, beta1: Any, beta2: Any, eps: Any) -> Arrays:
    corrected = {"bias_correction_mu": False, "bias_correction_nu": False}
    return {"theta": _trajectory(optax.amsgrad(alpha, b1=beta1, b2=beta2, eps=eps, **corrected), theta0, g)}


@reference("adamw")
def adamw(g: Any, theta0: Any, alpha: Any, beta1: Any, beta2: Any, eps: Any, lam: Any) -> Arrays:
    return {"theta": _trajectory(optax.adamw(alpha, b1=beta1, b2=beta2, eps=eps, weight_decay=lam), theta0, g)}


@reference("lion")
def lion(g: Any, theta0: Any, alpha: Any, beta1: Any, beta2: Any, lam: Any) -> Arrays:
    return {"theta": _trajectory(optax.lion(alpha, b1=beta1, b2=beta2, weight_decay=lam), theta0, g)}


@reference("lamb")
def lamb(g: Any, theta0: Any, alpha: Any, beta1: Any, beta2: Any, eps: Any, lam: Any) -> Arrays:
    return {"theta": _trajectory(optax.lamb(alpha, b1=beta1, b2=beta2, eps=eps, weight_decay=lam), theta0, g)}

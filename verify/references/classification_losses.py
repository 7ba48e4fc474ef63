"""Losses of predicted classes, from ``optax`` where it has them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.scipy.special import xlogy

from verify.references import reference

Arrays = dict[str, Any]


def _of_labels(Z: Any, label: Any) -> Any:
    return optax.losses.softmax_cross_entropy_with_integer_labels(Z, label)


@reference("bce_with_logits_weighted", torch=lambda F, y, w, z: F.binary_cross_entropy_with_logits(z, y, pos_weight=w))
def bce_with_logits_weighted(z: Any, y: Any, w: Any = 2.0) -> Arrays:
    return {"L": -jnp.mean(w * y * jax.nn.log_sigmoid(z) + (1 - y) * jax.nn.log_sigmoid(-z))}


@reference("focal")
def focal(z: Any, y: Any, alpha: Any = 0.25, gamma: Any = 2.0) -> Arrays:
    margin = y * z
    weight = jnp.where(y > 0, alpha, 1 - alpha)
    return {"L": jnp.mean(weight * jax.nn.sigmoid(-margin) ** gamma * jax.nn.softplus(-margin))}


@reference("cross_entropy")
def cross_entropy(P: Any, Y: Any) -> Arrays:
    return {"L": -jnp.mean(jnp.sum(xlogy(Y, P), axis=1))}


@reference("nll", torch=lambda F, logp, label: F.nll_loss(logp, label))
def nll(logp: Any, label: Any) -> Arrays:
    return {"L": -jnp.mean(jnp.take_along_axis(logp, label[:, None], axis=1))}


@reference("softmax_cross_entropy_labels", torch=lambda F, Z, label: F.cross_entropy(Z, label))
def softmax_cross_entropy_labels(Z: Any, label: Any) -> Arrays:
    return {"L": jnp.mean(_of_labels(Z, label))}


@reference(
    "softmax_cross_entropy_smoothed", torch=lambda F, Z, Y, eps: F.cross_entropy(Z, Y, label_smoothing=float(eps))
)
def softmax_cross_entropy_smoothed(Z: Any, Y: Any, eps: Any = 0.1) -> Arrays:
    return {"L": jnp.mean(optax.losses.softmax_cross_entropy(Z, optax.losses.smooth_labels(Y, eps)))}


@reference("softmax_cross_entropy_weighted", torch=lambda F, Z, label, w: F.cross_entropy(Z, label, weight=w))
def softmax_cross_entropy_weighted(Z: Any, w: Any, label: Any) -> Arrays:
    return {"L": jnp.average(_of_labels(Z, label), weights=w[label])}


@reference("softmax_cross_entropy_ignore")
def softmax_cross_entropy_ignore(Z: Any, label: Any, ignored: Any = 0.0) -> Arrays:
    counts = label != ignored
    return {"L": jnp.sum(_of_labels(Z, label), where=counts) / jnp.maximum(1, jnp.sum(counts))}


@reference("info_nce")
def info_nce(Q: Any, K: Any, tau: Any = 0.1) -> Arrays:
    scores = jnp.dot(Q, K.T, precision="highest") / tau
    return {"L": jnp.mean(_of_labels(scores, jnp.arange(len(Q))))}


@reference("dice")
def dice(p: Any, y: Any, eps: Any = 1.0) -> Arrays:
    overlap, total = jnp.sum(p * y, axis=1), jnp.sum(p, axis=1) + jnp.sum(y, axis=1)
    return {"L": jnp.mean(1 - (2 * overlap + eps) / (total + eps))}

"""Penalties, projections and clipping, from ``optax`` where it has them."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import optax

from verify.references import reference

Arrays = dict[str, Any]


@reference("l1")
def l1(W: Any, lam: Any = 0.01) -> Arrays:
    return {"R": lam * jnp.sum(jnp.abs(W))}


@reference("elastic_net")
def elastic_net(W: Any, lam1: Any = 0.01, lam2: Any = 0.01) -> Arrays:
    return {"R": lam1 * jnp.sum(jnp.abs(W)) + lam2 * jnp.sum(optax.losses.l2_loss(W))}


@reference("max_norm")
def max_norm(W: Any, c: Any = 3.0) -> Arrays:
    # optax.projections.projection_l2_ball projects one vector; a column of zeros stays, without 0/0
    squares = jnp.sum(jnp.square(W), axis=0)
    length = jnp.sqrt(jnp.where(squares > 0, squares, 1))
    return {"V": W * jnp.where(length > c, c / length, 1)}


@reference("clip_by_value")
def clip_by_value(g: Any, c: Any = 1.0) -> Arrays:
    return {"h": jnp.clip(g, -c, c)}


@reference("clip_by_global_norm")
def clip_by_global_norm(gW: Any, gb: Any, c: Any = 1.0) -> Arrays:
    clip = optax.clip_by_global_norm(c)
    (hW, hb), _ = clip.update((gW, gb), clip.init((gW, gb)))
    return {"hW": hW, "hb": hb}


@reference("label_smoothing")
def label_smoothing(Y: Any, eps: Any = 0.1) -> Arrays:
    return {"T": optax.losses.smooth_labels(Y, eps)}


@reference("weight_decay")
def weight_decay(W: Any, g: Any, alpha: Any = 0.01, lam: Any = 0.01) -> Arrays:
    return {"V": W - lam * W - alpha * g}

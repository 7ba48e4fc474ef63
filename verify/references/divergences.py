"""Divergences, from ``optax`` and ``jax.scipy``."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import optax
from jax.scipy.special import rel_entr

from verify.references import reference

Arrays = dict[str, Any]


@reference("kl_divergence", torch=lambda F, Q, P: F.kl_div(Q.log(), P, reduction="batchmean"))
def kl_divergence(P: Any, Q: Any) -> Arrays:
    return {"L": jnp.mean(optax.losses.kl_divergence(jnp.log(Q), P))}


@reference("js_divergence")
def js_divergence(P: Any, Q: Any) -> Arrays:
    M = (P + Q) / 2
    return {"L": jnp.mean(jnp.sum(rel_entr(P, M) + rel_entr(Q, M), axis=1)) / 2}


@reference("gaussian_kl")
def gaussian_kl(mu: Any, logvar: Any) -> Arrays:
    return {"L": jnp.mean(jnp.sum(jnp.square(mu) + jnp.expm1(logvar) - logvar, axis=1)) / 2}

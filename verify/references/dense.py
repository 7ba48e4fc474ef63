"""Dense and elementwise layers, lookups, and layers that only rearrange, from ``jax.numpy``."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from verify.references import elementwise, reference

Arrays = dict[str, Any]


@reference("dense", torch=lambda X, W, b: X @ W + b)
def dense(X: Any, W: Any, b: Any) -> Arrays:
    return {"Z": jnp.dot(X, W, precision="highest") + b}


@reference("neuron")
def neuron(x: Any, w: Any, b: Any, activation: str = "sigmoid") -> Arrays:
    return {"a": elementwise(activation)(jnp.vdot(x, w, precision="highest") + b)}


@reference("bilinear")
def bilinear(x1: Any, x2: Any, W: Any, b: Any) -> Arrays:
    return {"y": jnp.einsum("np,kpq,nq->nk", x1, W, x2, precision="highest") + b}


@reference("embedding")
def embedding(E: Any, token: Any) -> Arrays:
    return {"y": jnp.take(E, token, axis=0)}


@reference("dropout")
def dropout(x: Any, mask: Any, keep: Any) -> Arrays:
    return {"y": x * mask / keep}


@reference("flatten")
def flatten(x: Any) -> Arrays:
    return {"y": jnp.reshape(x, (x.shape[0], x.shape[1] * x.shape[2] * x.shape[3]))}


@reference("concatenate")
def concatenate(x: Any, y: Any) -> Arrays:
    return {"z": jnp.concatenate([x, y], axis=1)}


@reference("residual_add")
def residual_add(x: Any, f: Any) -> Arrays:
    return {"y": jnp.add(x, f)}

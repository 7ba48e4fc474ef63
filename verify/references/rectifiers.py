"""Rectifiers, from ``jax.nn`` where it has them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from verify.references import reference

Arrays = dict[str, Any]


@reference("relu6", torch=lambda F, z: F.relu6(z))
def relu6(z: Any) -> Arrays:
    return {"a": jax.nn.relu6(z)}


@reference("leaky_relu", torch=lambda F, z, alpha: F.leaky_relu(z, float(alpha)))
def leaky_relu(z: Any, alpha: Any = 0.01) -> Arrays:
    return {"a": jax.nn.leaky_relu(z, alpha)}


@reference("prelu", torch=lambda F, z, alpha: F.prelu(z, alpha))
def prelu(z: Any, alpha: Any) -> Arrays:
    # He et al., eq. 1 in the form with two halves
    return {"a": jnp.maximum(z, 0) + alpha * jnp.minimum(z, 0)}


@reference("elu", torch=lambda F, z, alpha: F.elu(z, float(alpha)))
def elu(z: Any, alpha: Any = 1.0) -> Arrays:
    return {"a": jax.nn.elu(z, alpha)}


@reference("celu", torch=lambda F, z, alpha: F.celu(z, float(alpha)))
def celu(z: Any, alpha: Any = 1.0) -> Arrays:
    # jax.nn.celu divides positive inputs by alpha too, and its exponential overflows there
    return {"a": jnp.where(z > 0, z, alpha * jnp.expm1(jnp.minimum(z, 0) / alpha))}


@reference("selu", torch=lambda F, z: F.selu(z))
def selu(z: Any, lam: Any, alpha: Any) -> Arrays:
    return {"a": lam * jax.nn.elu(z, alpha)}


@reference("softplus", torch=lambda F, z, beta: F.softplus(z, float(beta)))
def softplus(z: Any, beta: Any = 1.0) -> Arrays:
    return {"a": jax.nn.softplus(beta * z) / beta}


@reference("squareplus")
def squareplus(z: Any, b: Any = 4.0) -> Arrays:
    return {"a": jax.nn.squareplus(z, b)}


@reference("maxout")
def maxout(z: Any) -> Arrays:
    return {"a": jnp.max(z, axis=-1)}

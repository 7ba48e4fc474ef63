"""Normalisation, from ``jax.numpy``."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from verify.references import reference

Arrays = dict[str, Any]


@reference("layer_norm", torch=lambda F, x, gamma, beta, eps: F.layer_norm(x, x.shape[-1:], gamma, beta, float(eps)))
def layer_norm(x: Any, gamma: Any, beta: Any, eps: Any = 1e-5) -> Arrays:
    # centred: jax.nn.standardize by default takes mean(x^2) - mean(x)^2, which is 348 % off at mean 1e6, spread 1e-2
    centred = x - jnp.mean(x, axis=-1, keepdims=True)
    return {"y": gamma * centred / jnp.sqrt(jnp.mean(centred**2, axis=-1, keepdims=True) + eps) + beta}


@reference("batch_norm")
def batch_norm(x: Any, gamma: Any, beta: Any, eps: Any = 1e-5) -> Arrays:
    centred = x - jnp.mean(x, axis=0)
    return {"y": gamma * centred / jnp.sqrt(jnp.mean(centred**2, axis=0) + eps) + beta}


@reference("batch_norm_inference")
def batch_norm_inference(x: Any, gamma: Any, beta: Any, mu: Any, var: Any, eps: Any = 1e-5) -> Arrays:
    return {"y": (x - mu) / jnp.sqrt(var + eps) * gamma + beta}


@reference("rms_norm", torch=lambda F, x, gamma, eps: F.rms_norm(x, x.shape[-1:], gamma, float(eps)))
def rms_norm(x: Any, gamma: Any, eps: Any = 1e-6) -> Arrays:
    return {"y": gamma * x / jnp.sqrt(jnp.mean(jnp.square(x), axis=-1, keepdims=True) + eps)}


@reference("group_norm")
def group_norm(x: Any, gamma: Any, beta: Any, eps: Any = 1e-5) -> Arrays:
    centred = x - jnp.mean(x, axis=(2, 3, 4), keepdims=True)
    xhat = centred / jnp.sqrt(jnp.mean(centred**2, axis=(2, 3, 4), keepdims=True) + eps)
    return {"y": gamma[:, :, None, None] * xhat + beta[:, :, None, None]}


@reference("instance_norm")
def instance_norm(x: Any, gamma: Any, beta: Any, eps: Any = 1e-5) -> Arrays:
    centred = x - jnp.mean(x, axis=(2, 3), keepdims=True)
    xhat = centred / jnp.sqrt(jnp.mean(centred**2, axis=(2, 3), keepdims=True) + eps)
    return {"y": gamma[:, None, None] * xhat + beta[:, None, None]}


@reference("weight_norm")
def weight_norm(V: Any, g: Any) -> Arrays:
    return {"W": g * V / jnp.linalg.norm(V, axis=0)}

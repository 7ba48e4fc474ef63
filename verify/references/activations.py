"""Elementwise functions and the softmax family, from ``jax.nn`` and ``jax.numpy``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from verify.references import reference

Arrays = dict[str, Any]


@reference("identity")
def identity(z: Any) -> Arrays:
    return {"a": z}


@reference("sigmoid", torch=lambda torch, z: torch.sigmoid(z))
def sigmoid(z: Any) -> Arrays:
    return {"a": jax.nn.sigmoid(z)}


@reference("tanh", torch=lambda torch, z: torch.tanh(z))
def tanh(z: Any) -> Arrays:
    return {"a": jnp.tanh(z)}


@reference("relu", torch=lambda torch, z: torch.relu(z))
def relu(z: Any) -> Arrays:
    return {"a": jax.nn.relu(z)}


@reference("binary_step")
def binary_step(z: Any) -> Arrays:
    return {"a": jnp.where(z > 0, 1.0, 0.0).astype(z.dtype)}


@reference("softmax", torch=lambda F, z: F.softmax(z, dim=-1))
def softmax(z: Any) -> Arrays:
    return {"a": jax.nn.softmax(z, axis=-1)}


@reference("log_softmax", torch=lambda F, z: F.log_softmax(z, dim=-1))
def log_softmax(z: Any) -> Arrays:
    return {"a": jax.nn.log_softmax(z, axis=-1)}

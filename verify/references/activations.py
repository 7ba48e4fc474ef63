"""Elementwise functions and the softmax family, from ``jax.nn`` and ``jax.numpy``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from verify.references import reference

Arrays = dict[str, Any]


@reference("identity")
def identity(x: Any) -> Arrays:
    return {"y": x}


@reference("sigmoid")
def sigmoid(x: Any) -> Arrays:
    return {"y": jax.nn.sigmoid(x)}


@reference("tanh")
def tanh(x: Any) -> Arrays:
    return {"y": jnp.tanh(x)}


@reference("relu")
def relu(x: Any) -> Arrays:
    return {"y": jax.nn.relu(x)}


@reference("step")
def step(x: Any) -> Arrays:
    return {"y": jnp.where(x > 0, 1.0, 0.0).astype(x.dtype)}


@reference("softmax")
def softmax(x: Any) -> Arrays:
    return {"y": jax.nn.softmax(x, axis=-1)}


@reference("log_softmax")
def log_softmax(x: Any) -> Arrays:
    return {"y": jax.nn.log_softmax(x, axis=-1)}

"""Functions with bounded values or slopes, from ``jax.nn`` and ``jax.numpy``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from verify.references import reference

Arrays = dict[str, Any]


@reference("hard_sigmoid", torch=lambda F, z: F.hardsigmoid(z))
def hard_sigmoid(z: Any) -> Arrays:
    return {"a": jax.nn.hard_sigmoid(z)}


@reference("log_sigmoid", torch=lambda F, z: F.logsigmoid(z))
def log_sigmoid(z: Any) -> Arrays:
    return {"a": jax.nn.log_sigmoid(z)}


@reference("hard_tanh", torch=lambda F, z: F.hardtanh(z))
def hard_tanh(z: Any) -> Arrays:
    return {"a": jax.nn.hard_tanh(z)}


@reference("tanhshrink", torch=lambda F, z: F.tanhshrink(z))
def tanhshrink(z: Any) -> Arrays:
    return {"a": z - jnp.tanh(z)}


@reference("softsign", torch=lambda F, z: F.softsign(z))
def softsign(z: Any) -> Arrays:
    return {"a": jax.nn.soft_sign(z)}


@reference("gaussian")
def gaussian(z: Any) -> Arrays:
    return {"a": jnp.exp(-jnp.square(z))}


@reference("sine")
def sine(z: Any, omega: Any = 1.0) -> Arrays:
    return {"a": jnp.sin(omega * z)}

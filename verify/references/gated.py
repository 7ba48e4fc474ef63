"""Gated functions, from ``jax.nn``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from verify.references import reference

Arrays = dict[str, Any]


@reference("gelu", torch=lambda F, z: F.gelu(z))
def gelu(z: Any) -> Arrays:
    return {"a": jax.nn.gelu(z, approximate=False)}


@reference("gelu_tanh", torch=lambda F, z: F.gelu(z, approximate="tanh"))
def gelu_tanh(z: Any, c: Any = 0.044715) -> Arrays:
    # jax.nn.gelu(z, approximate=True) has this c built in
    return {"a": z * (1 + jnp.tanh(jnp.sqrt(2 / jnp.pi).astype(z.dtype) * (z + c * z**3))) / 2}


@reference("silu", torch=lambda F, z: F.silu(z))
def silu(z: Any) -> Arrays:
    return {"a": jax.nn.silu(z)}


@reference("swish")
def swish(z: Any, beta: Any) -> Arrays:
    return {"a": z * jax.nn.sigmoid(beta * z)}


@reference("mish", torch=lambda F, z: F.mish(z))
def mish(z: Any) -> Arrays:
    return {"a": jax.nn.mish(z)}


@reference("hard_swish", torch=lambda F, z: F.hardswish(z))
def hard_swish(z: Any) -> Arrays:
    return {"a": jax.nn.hard_swish(z)}


def _gated(gate: Any, X: Any, W: Any, b: Any, V: Any, c: Any) -> Arrays:
    gates, values = jnp.dot(X, W, precision="highest") + b, jnp.dot(X, V, precision="highest") + c
    return {"A": gate(gates) * values}


@reference("glu")
def glu(X: Any, W: Any, b: Any, V: Any, c: Any) -> Arrays:
    return _gated(jax.nn.sigmoid, X, W, b, V, c)


@reference("reglu")
def reglu(X: Any, W: Any, b: Any, V: Any, c: Any) -> Arrays:
    return _gated(jax.nn.relu, X, W, b, V, c)


@reference("geglu")
def geglu(X: Any, W: Any, b: Any, V: Any, c: Any) -> Arrays:
    return _gated(lambda u: jax.nn.gelu(u, approximate=False), X, W, b, V, c)


@reference("swiglu")
def swiglu(X: Any, W: Any, b: Any, V: Any, c: Any) -> Arrays:
    return _gated(jax.nn.silu, X, W, b, V, c)

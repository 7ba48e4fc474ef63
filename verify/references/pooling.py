"""Pooling, by ``jax.lax.reduce_window``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from verify.references import reference

Arrays = dict[str, Any]


def _windows(x: Any, start: Any, operation: Any, size: int, stride: int) -> Any:
    return jax.lax.reduce_window(x, start, operation, (1, 1, size, size), (1, 1, stride, stride), "VALID")


@reference("avg_pool2d")
def avg_pool2d(x: Any, size: int = 2, stride: int = 2) -> Arrays:
    return {"y": _windows(x, 0.0, jax.lax.add, size, stride) / size**2}


@reference("max_pool2d")
def max_pool2d(x: Any, size: int = 2, stride: int = 2) -> Arrays:
    return {"y": _windows(x, -jnp.inf, jax.lax.max, size, stride)}


@reference("global_avg_pool")
def global_avg_pool(x: Any) -> Arrays:
    return {"y": jnp.mean(x, axis=(2, 3))}

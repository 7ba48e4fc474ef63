"""Functions of whole rows, from ``jax.nn``; the sparsemax by sorting."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from verify.references import reference

Arrays = dict[str, Any]


@reference("softmin", torch=lambda F, z: F.softmin(z, dim=-1))
def softmin(z: Any) -> Arrays:
    return {"a": jax.nn.softmax(-z, axis=-1)}


@reference("sparsemax")
def sparsemax(z: Any) -> Arrays:
    # Martins and Astudillo, algorithm 1
    ordered = jnp.sort(z, axis=-1)[..., ::-1]
    total = jnp.cumsum(ordered, axis=-1)
    k = jnp.arange(1, z.shape[-1] + 1)
    size = jnp.sum(1 + k * ordered > total, axis=-1, keepdims=True)
    tau = (jnp.take_along_axis(total, size - 1, axis=-1) - 1) / size
    return {"a": jnp.maximum(z - tau, 0)}


@reference("logsumexp", torch=lambda torch, z: torch.logsumexp(z, dim=-1))
def logsumexp(z: Any) -> Arrays:
    return {"a": jax.nn.logsumexp(z, axis=-1)}

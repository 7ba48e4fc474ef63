"""Losses of sequences, by ``jax.lax.scan`` over the steps."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from verify.references import reference

Arrays = dict[str, Any]


@reference("ctc")
def ctc(z: Any, path: Any, never: Any = -1e30) -> Arrays:
    places = jnp.arange(path.shape[0])
    may_skip = (places >= 2) & (path != jnp.roll(path, 2))

    def step(before: Any, logarithms: Any) -> Any:
        one = jnp.where(places >= 1, jnp.roll(before, 1), never)
        two = jnp.where(may_skip, jnp.roll(before, 2), never)
        return jax.nn.logsumexp(jnp.stack([before, one, two]), axis=0) + logarithms[path], None

    start = jnp.where(places == 0, jnp.zeros((), z.dtype), never)
    last, _ = jax.lax.scan(step, start, jax.nn.log_softmax(z, axis=-1))
    return {"L": -jax.nn.logsumexp(jnp.where(places >= path.shape[0] - 2, last, never))}

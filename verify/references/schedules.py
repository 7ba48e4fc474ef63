"""Learning rates as ``optax`` schedules them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from verify.references import reference

Arrays = dict[str, Any]


@reference("step_decay")
def step_decay(alpha: Any, decay: Any, steps: int = 12, period: int = 3) -> Arrays:
    # optax.exponential_decay refuses a traced decay
    return {"rate": alpha * jnp.power(decay, jnp.arange(steps) // period)}


@reference("exponential_decay")
def exponential_decay(alpha: Any, decay: Any, steps: int = 12) -> Arrays:
    return {"rate": alpha * jnp.power(decay, jnp.arange(steps))}


@reference("cosine_decay")
def cosine_decay(alpha: Any, final: Any, steps: int = 12) -> Arrays:
    share = jax.vmap(optax.cosine_decay_schedule(1.0, decay_steps=steps))(jnp.arange(steps + 1))
    return {"rate": final + (alpha - final) * share}


@reference("linear_warmup")
def linear_warmup(alpha: Any, steps: int = 12, warmup: int = 4) -> Arrays:
    return {"rate": alpha * jnp.minimum(1.0, (jnp.arange(steps) + 1) / warmup)}

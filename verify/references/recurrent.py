"""Recurrent layers, by ``jax.lax.scan``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from verify.references import reference

Arrays = dict[str, Any]


@reference("rnn")
def rnn(X: Any, h0: Any, W_xh: Any, W_hh: Any, b_h: Any, W_hy: Any, b_y: Any) -> Arrays:
    def advance(h: Any, x: Any) -> tuple[Any, Any]:
        h = jnp.tanh(jnp.dot(x, W_xh, precision="highest") + jnp.dot(h, W_hh, precision="highest") + b_h)
        return h, h

    _, h = jax.lax.scan(advance, h0, X)
    return {"y": jnp.dot(h, W_hy, precision="highest") + b_y}

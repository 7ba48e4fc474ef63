"""Attention, put together from ``jax.numpy`` and ``jax.nn.softmax``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from verify.references import reference

Arrays = dict[str, Any]


@reference("scaled_dot_product_attention")
def scaled_dot_product_attention(Q: Any, K: Any, V: Any) -> Arrays:
    # jax.nn.dot_product_attention computes its softmax in float32 whatever it is given, so the parts are put together
    # here
    scores = jnp.einsum("id,jd->ij", Q, K, precision="highest") / jnp.sqrt(Q.shape[-1]).astype(Q.dtype)
    return {"O": jnp.matmul(jax.nn.softmax(scores, axis=-1), V, precision="highest")}

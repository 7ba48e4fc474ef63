"""Sequence classifiers, by ``jax.lax.scan`` and the cross-entropy of ``optax``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from verify.references import reference

Arrays = dict[str, Any]


def _dot(a: Any, b: Any) -> Any:
    return jnp.dot(a, b, precision="highest")


@reference("rnn_classifier")
def rnn_classifier(X: Any, h0: Any, W_xh: Any, W_hh: Any, b_h: Any, W_hy: Any, b_y: Any, Y: Any) -> Arrays:
    last, _ = jax.lax.scan(lambda h, x: (jnp.tanh(_dot(x, W_xh) + _dot(h, W_hh) + b_h), None), h0, X)
    return {"L": jnp.mean(optax.losses.softmax_cross_entropy(_dot(last, W_hy) + b_y, Y))}


@reference("lstm_classifier")
def lstm_classifier(
    X: Any,
    h0: Any,
    c0: Any,
    W_i: Any,
    U_i: Any,
    b_i: Any,
    W_f: Any,
    U_f: Any,
    b_f: Any,
    W_o: Any,
    U_o: Any,
    b_o: Any,
    W_g: Any,
    U_g: Any,
    b_g: Any,
    W_y: Any,
    b_y: Any,
    Y: Any,
) -> Arrays:
    gates = {"i": (W_i, U_i, b_i), "f": (W_f, U_f, b_f), "o": (W_o, U_o, b_o), "g": (W_g, U_g, b_g)}

    def advance(state: Any, x: Any) -> tuple[Any, None]:
        h, c = state
        z = {name: _dot(x, W) + _dot(h, U) + b for name, (W, U, b) in gates.items()}
        c = jax.nn.sigmoid(z["f"]) * c + jax.nn.sigmoid(z["i"]) * jnp.tanh(z["g"])
        return (jax.nn.sigmoid(z["o"]) * jnp.tanh(c), c), None

    (last, _), _ = jax.lax.scan(advance, (h0, c0), X)
    return {"L": optax.losses.softmax_cross_entropy(_dot(last, W_y) + b_y, Y)}

"""Recurrent layers, by ``jax.lax.scan``."""

from __future__ import annotations

from collections.abc import Callable
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


def _dot(a: Any, b: Any) -> Any:
    return jnp.dot(a, b, precision="highest")


def _states(cell: Callable[[Any, Any], Any], start: Any, inputs: Any) -> Any:
    """The states after each step of ``state = cell(state, input)``."""

    def advance(state: Any, given: Any) -> tuple[Any, Any]:
        state = cell(state, given)
        return state, state

    return jax.lax.scan(advance, start, inputs)[1]


@reference("rnn_relu")
def rnn_relu(X: Any, h0: Any, W_xh: Any, W_hh: Any, b_h: Any) -> Arrays:
    return {"h": _states(lambda h, x: jax.nn.relu(_dot(x, W_xh) + _dot(h, W_hh) + b_h), h0, X)}


@reference("rnn_last")
def rnn_last(X: Any, h0: Any, W_xh: Any, W_hh: Any, b_h: Any, W_hy: Any, b_y: Any) -> Arrays:
    last, _ = jax.lax.scan(lambda h, x: (jnp.tanh(_dot(x, W_xh) + _dot(h, W_hh) + b_h), None), h0, X)
    return {"y": _dot(last, W_hy) + b_y}


@reference("lstm")
def lstm(
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
) -> Arrays:
    def cell(state: Any, x: Any) -> Any:
        h, c = state
        i, f, o = (
            jax.nn.sigmoid(_dot(x, W) + _dot(h, U) + b)
            for W, U, b in ((W_i, U_i, b_i), (W_f, U_f, b_f), (W_o, U_o, b_o))
        )
        c = f * c + i * jnp.tanh(_dot(x, W_g) + _dot(h, U_g) + b_g)
        return o * jnp.tanh(c), c

    return {"h": _states(cell, (h0, c0), X)[0]}


@reference("gru")
def gru(
    X: Any,
    h0: Any,
    W_z: Any,
    U_z: Any,
    b_z: Any,
    W_r: Any,
    U_r: Any,
    b_r: Any,
    W_h: Any,
    U_h: Any,
    b_h: Any,
) -> Arrays:
    def cell(h: Any, x: Any) -> Any:
        z = jax.nn.sigmoid(_dot(x, W_z) + _dot(h, U_z) + b_z)
        r = jax.nn.sigmoid(_dot(x, W_r) + _dot(h, U_r) + b_r)
        return z * h + (1 - z) * jnp.tanh(_dot(x, W_h) + _dot(r * h, U_h) + b_h)

    return {"h": _states(cell, h0, X)}


@reference("bidirectional_rnn")
def bidirectional_rnn(
    X: Any,
    h0: Any,
    W_xh: Any,
    W_hh: Any,
    b_h: Any,
    g0: Any,
    W_xg: Any,
    W_gg: Any,
    b_g: Any,
    W_hy: Any,
    W_gy: Any,
    b_y: Any,
) -> Arrays:
    def advance(W: Any, U: Any, b: Any) -> Callable[[Any, Any], tuple[Any, Any]]:
        def step(h: Any, x: Any) -> tuple[Any, Any]:
            h = jnp.tanh(_dot(x, W) + _dot(h, U) + b)
            return h, h

        return step

    _, h = jax.lax.scan(advance(W_xh, W_hh, b_h), h0, X)
    _, g = jax.lax.scan(advance(W_xg, W_gg, b_g), g0, X, reverse=True)
    return {"y": _dot(h, W_hy) + _dot(g, W_gy) + b_y}


@reference("state_space")
def state_space(u: Any, x0: Any, A: Any, B: Any, C: Any, D: Any) -> Arrays:
    x = _states(lambda x, u: _dot(A, x) + _dot(B, u), x0, u)
    return {"y": _dot(x, C.T) + _dot(u, D.T)}


@reference("diagonal_state_space")
def diagonal_state_space(u: Any, x0: Any, A: Any, B: Any, C: Any, D: Any) -> Arrays:
    x = _states(lambda x, u: A * x + B * u[:, None], x0, u)
    return {"y": jnp.sum(C * x, axis=-1) + D * u}

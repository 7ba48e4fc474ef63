"""Every construct of the language, differentiated and compared with JAX of the same thing written by hand."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from derive.registry import declare
from derive.reverse import derive
from tests.derive.support import agrees

RNG = np.random.default_rng(7)
X, Y2, W = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3)), RNG.normal(size=(3, 3))
V, U, K = RNG.normal(size=7), RNG.normal(size=3), RNG.normal(size=3)
TOKEN = np.array([1, 0, 1, 3])

CASES: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "where": ("x[n]\ny[i] = where(x[i] > 0, x[i]**3, -2*x[i])", lambda x: jnp.where(x > 0, x**3, -2 * x), {"x": V}),
    "sum": ("x[n, d]\ny[i] = sum(x[i, j]**2, j)", lambda x: (x**2).sum(1), {"x": X}),
    "mean": ("x[n, d]\ny[j] = mean(x[i, j]**3, i)", lambda x: (x**3).mean(0), {"x": X}),
    "prod": ("x[n, d]\ny[i] = prod(x[i, j], j)", lambda x: x.prod(1), {"x": X}),
    "max": ("x[n, d]\ny[i] = max(x[i, j], j)", lambda x: x.max(1), {"x": X}),
    "min": ("x[n, d]\nL = min(x)", lambda x: x.min(), {"x": X}),
    "logsumexp": ("x[n, d]\ny[i] = logsumexp(x[i, j], j)", lambda x: jax.nn.logsumexp(x, axis=1), {"x": X}),
    "sum along an axis": (
        "x[n, d]\ny = sum(x*x, axis=0)*sum(x, axis=-1, keepdims=1)",
        lambda x: (x * x).sum(0) * x.sum(-1, keepdims=True),
        {"x": X},
    ),
    "mean along an axis": ("x[n, d]\ny = (x - mean(x, axis=0))**3", lambda x: (x - x.mean(0)) ** 3, {"x": X}),
    "max along an axis": ("x[n, d]\ny = max(x, axis=1)", lambda x: x.max(1), {"x": X}),
    "contraction": (
        "x[n, d], w[d, d]\nL = sum(x[i, k]*w[k, l]*x[i, l])",
        lambda x, w: ((x @ w) * x).sum(),
        {"x": X, "w": W},
    ),
    "window": (
        "x[n], k[m]\ny[i] = sum(x[2*i + p]*k[p], p)",
        lambda x, k: jnp.stack([x[2 * i : 2 * i + 3] @ k for i in range(3)]),
        {"x": V, "k": K},
    ),
    "window of a stated size": (
        "x[n]\nsize = 3\ny[i < n - size + 1] = mean(x[i + p]**2, p < size) + max(x[i + q], q < size)",
        lambda x, size: jnp.stack([jnp.mean(x[i : i + size] ** 2) + x[i : i + size].max() for i in range(8 - size)]),
        {"x": V, "size": 3},
    ),
    "part of an axis": (
        "x[n], y[m]\nz[i < n + m] = where(i < n, x[i], y[i - n])",
        lambda x, y: jnp.concatenate([x, y]),
        {"x": V, "y": U},
    ),
    "pad": (
        "x[n]\ny[i] = x[i] - pad(x[i - 1])*pad(x[i + 2])",
        lambda x: x - jnp.pad(x, (1, 0))[:-1] * jnp.pad(x, (0, 2))[2:],
        {"x": V},
    ),
    "flip": ("x[n]\ny[i] = x[n - 1 - i]*x[i]**2", lambda x: x[::-1] * x**2, {"x": V}),
    "gather": (
        "E[v, d], token[T]: int\ny[t, k] = E[token[t], k]**2",
        lambda E, token: E[token] ** 2,
        {"E": X, "token": TOKEN},
    ),
    "labels": (
        "z[n, d], label[n]: int\nL = mean(logsumexp(z[i, j], j) - z[i, label[i]], i)",
        lambda z, label: jnp.mean(jax.nn.logsumexp(z, axis=1) - z[jnp.arange(4), label]),
        {"z": X, "label": np.array([0, 2, 1, 2])},
    ),
    "causal mask": (
        "s[T, T]\nm[i, j] = where(j <= i, s[i, j], -inf)\np = softmax(m)",
        lambda s: jax.nn.softmax(jnp.where(jnp.tri(3, dtype=bool), s, -jnp.inf), axis=1),
        {"s": W},
    ),
    "elementwise over any axes": ("z[...]\na = z*exp(-z**2)", lambda z: z * jnp.exp(-(z**2)), {"z": V}),
    "call": (
        "X[n, d], W[d, m], b[m]\nZ = dense(X, W, b)\nA = sigmoid(Z)",
        lambda X, W, b: jax.nn.sigmoid(X @ W + b),
        {"X": X, "W": W, "b": U},
    ),
    "hyper-parameter": ("x[n]\na = 0.5\ny = max(a*x, x)", lambda x: jnp.maximum(0.5 * x, x), {"x": V}),
    "function-valued": ("x[n]\nf = tanh\ny = f(x)*x", lambda x: jnp.tanh(x) * x, {"x": V}),
    "shared input": (
        "x[n]\na = sigmoid(x)\nb = a*x\nL = sum(a*b)",
        lambda x: (jax.nn.sigmoid(x) ** 2 * x).sum(),
        {"x": V},
    ),
    "two outputs": (
        "x[n]\na = exp(x)\nb = a*x\noutput(a, b)",
        lambda x: {"a": jnp.exp(x), "b": jnp.exp(x) * x},
        {"x": V},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_construct(name: str) -> None:
    text, forward, inputs = CASES[name]
    agrees(text, forward, inputs)


def test_recurrence_with_a_start_value() -> None:
    def forward(x: Any, h0: Any, a: Any) -> Any:
        h, out = h0, []
        for step in x:
            h = jnp.tanh(a * h) + step
            out.append(h)
        return jnp.stack(out)

    text = "x[T], h0, a\nh[t] = tanh(a*h[t - 1]) + x[t]\nh[-1] = h0"
    agrees(text, forward, {"x": V, "h0": np.array(0.3), "a": np.array(1.7)})


def test_product_with_zeros() -> None:
    agrees("x[n]\nL = prod(x)", lambda x: x.prod(), {"x": np.array([2.0, 0.0, -3.0])})
    agrees("x[n]\nL = prod(x)", lambda x: x.prod(), {"x": np.array([0.0, 5.0, 0.0])})


def test_an_output_that_is_named_twice_is_one() -> None:
    program = declare("x[n]\ny = x**2\nz = 2*y\noutput(y)\noutput(y, z)").program
    assert program.outputs == ("y", "z")
    assert str(derive(program)) == "dx = 2*(2*dz + dy)*x"

"""Second order, forward mode and the conventions at ties, against JAX or against what the convention says."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from derive.forward import jvp
from derive.registry import declare, get
from derive.reverse import derive
from derive.second import hessian, jacobian
from numeric.exact import Exact
from tests.derive.support import close, evaluated, floats

RNG = np.random.default_rng(11)
X = RNG.normal(size=(3, 4))


def test_reverse_mode_applied_to_its_own_result() -> None:
    first = derive(declare("x[n], w[n]\ny = sigmoid(w*x)"))
    assert dict(first.cotangents) == {"y": "dy"}
    second = derive(first.combined, "dw", "x")
    x, w, dy, seed = RNG.normal(size=(4, 5))

    def gradient(x: Any) -> Any:
        return jax.grad(lambda w: jnp.vdot(jax.nn.sigmoid(w * x), dy))(w)

    got = evaluated(second, {"x": x, "w": w, "dy": dy, second.cotangents["dw"]: seed})
    close(got["x"], jax.vjp(gradient, x)[1](seed)[0])


@pytest.mark.parametrize(
    ("text", "loss"),
    [
        ("x[n]\nL = log(sum(exp(x)*x**2))", lambda x: jnp.log((jnp.exp(x) * x**2).sum())),
        ("x[n]\nL = prod(x) + logsumexp(x)", lambda x: x.prod() + jax.nn.logsumexp(x)),
        ("x[n]\np = softmax(x)\nL = sum(p**2)", lambda x: (jax.nn.softmax(x) ** 2).sum()),
    ],
)
def test_hessians(text: str, loss: Any) -> None:
    (got,) = evaluated(hessian(declare(text), wrt="x"), {"x": X[0]}).values()
    close(got, jax.jit(jax.hessian(loss))(X[0]))


def test_jacobian_of_softmax() -> None:
    (got,) = evaluated(jacobian(get("softmax")), {"z": X[:1]}).values()
    close(got.reshape(4, 4), jax.jit(jax.jacobian(jax.nn.softmax))(X[0]))


def test_forward_mode() -> None:
    def forward(x: Any, gamma: Any, beta: Any) -> Any:
        centred = x - x.mean(axis=1, keepdims=True)
        return gamma * centred / jnp.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5) + beta

    tangent = jvp(get("layer_norm"))
    inputs = {"x": X, "gamma": X[0], "beta": X[1]}
    dots = {name: RNG.normal(size=value.shape) for name, value in inputs.items()}
    got = evaluated(tangent, {**inputs, **{tangent.cotangents[n]: v for n, v in dots.items()}})
    close(got["y"], jax.jvp(forward, tuple(inputs.values()), tuple(dots.values()))[1])


# The maximum 2 stands at 1 and 3: the first, the last, or equal parts get the cotangent, as declared.
@pytest.mark.parametrize(
    ("ties", "expected"), [("first", [0, 1, 0, 0]), ("last", [0, 0, 0, 1]), ("share", [0, 0.5, 0, 0.5])]
)
def test_ties_of_a_maximum(ties: str, expected: list[float]) -> None:
    operation = declare(f"x[n]\nties(max) == {ties}\nL = max(x)")
    close(evaluated(derive(operation), {"x": np.array([1.0, 2.0, 0.0, 2.0])})["x"], expected)


def test_facts_are_used() -> None:
    base = "Z[n, k]\nY[n, k]: data\nP = softmax(Z)\nL = -sum(Y*log(P))"
    assert str(derive(declare(base + "\nsum(Y[i, j], j) == 1"))) == "dZ = P - Y"  # Bishop 2006, eq. 4.109
    without = derive(declare(base))
    assert str(without) != "dZ = P - Y"
    Y = RNG.uniform(size=(3, 4))
    close(
        evaluated(without, {"Z": X, "Y": Y})["Z"],
        jax.grad(lambda z: -(Y * jax.nn.log_softmax(z, axis=1)).sum())(X),
    )


def test_inferred_range_of_a_window() -> None:
    operation = declare("x[n], w[k]\ny[i] = sum(x[2*i + p]*w[p], p)")
    for n, k in [(7, 3), (8, 3), (3, 3), (9, 2)]:
        shape = floats(Exact(operation.program, {"x": np.ones(n), "w": np.ones(k)}).array("y")).shape
        assert shape == ((n - k) // 2 + 1,)  # Dumoulin and Visin 2016, relationship 5

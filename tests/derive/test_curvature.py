"""Hessian-vector products against JAX, and what is and what must not be shown to be positive semi-definite."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from derive.analyses.curvature import curvature
from derive.analyses.hvp import hessian_vector
from derive.errors import DerivationError
from derive.registry import declare, get
from derive.second import hessian
from numeric import compile
from tests.derive.support import close, evaluated
from verify.references import find
from verify.sampling import sample

RIDGE = """
X[n, d], w[d], b
y[n]: data
lam >= 0
lam = 0.1
z = X @ w + b
p = sigmoid(z)
L = -mean(y*log(p) + (1 - y)*log(1 - p)) + lam*sum(w**2)
"""


@pytest.mark.parametrize(
    ("name", "wrt"),
    [
        ("least_squares", ("W",)),
        ("least_squares", ("X", "W")),
        ("logistic_regression", ("w", "b")),
        ("softmax_regression", ("W",)),
        ("perceptron", ("w",)),
    ],
)
def test_products_and_hessians_are_those_of_jax(name: str, wrt: tuple[str, ...]) -> None:
    program = get(name).program
    inputs = sample(program, 7).inputs
    rng = np.random.default_rng(7)
    vectors = {n: rng.normal(size=inputs[n].shape) for n in wrt}
    forward = find(name)
    assert forward is not None

    def loss(*moving: Any) -> Any:
        return forward(**{**inputs, **dict(zip(wrt, moving, strict=True))})["L"]

    at, v = tuple(inputs[n] for n in wrt), tuple(vectors[n] for n in wrt)
    gradient = jax.grad(loss, argnums=tuple(range(len(wrt))))
    expected = jax.jit(lambda x, v: jax.jvp(gradient, x, v)[1])(at, v)
    product = hessian_vector(program, "L", wrt)
    got = compile(product.program).forward(**inputs, **{product.directions[n]: x for n, x in vectors.items()})
    for n, value in zip(wrt, expected, strict=True):
        close(got[product.products[n]], value, n)
    blocks = jax.jit(jax.hessian(loss, argnums=tuple(range(len(wrt)))))(*at)
    (mixed,) = evaluated(hessian(program, "L", (wrt[0], wrt[-1])), dict(inputs)).values()
    close(mixed, blocks[0][-1])


def test_no_hessian_is_formed() -> None:
    product = hessian_vector(get("softmax_regression"), wrt="W")
    assert max(len(e.ranges) for e in product.program.equations) == 2  # W has two axes, a Hessian would have four
    assert {e.target for e in product.derivation.equations} == {"Z_dot", "P_dot", "dW_dot"}  # not the tangent of L


@pytest.mark.parametrize(
    ("what", "wrt", "form"),
    [
        ("least_squares", ("W",), "sum(Z_dot[i, j]**2, i, j)/n"),
        ("logistic_regression", ("w", "b"), "mean(z_dot[i]**2*p[i]*(1 - p[i]), i)"),
        (
            "softmax_regression",
            ("W", "b"),
            "sum(P[i, j]*(Z_dot[i, j] - sum(P[i, l]*Z_dot[i, l], l))**2, i, j)/n",  # the variance of Z_dot under P
        ),
        ("x[n]; L = logsumexp(x)", ("x",), "sum(exp(x[i] - L)*(x_dot[i] - sum(x_dot[j]*exp(x[j] - L), j))**2, i)"),
        (RIDGE, ("w", "b"), "2*lam*sum(w_dot[i]**2, i) + mean(z_dot[i]**2*p[i]*(1 - p[i]), i)"),
    ],
)
def test_what_is_shown(what: str, wrt: tuple[str, ...], form: str) -> None:
    found = curvature(get(what) if what.isidentifier() else declare(what), wrt=wrt)
    assert str(found) == f"v'Hv = {form}"
    assert found.shown
    assert found.convex


@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        ("x[n]; L = -sum(x**2)", "x"),
        ("x[n]; L = sum(x**3)", "x"),
        ("x[n], c; L = c*sum(x**2)", "x"),
        ("x[n], y[n]; L = sum(x*y)", ("x", "y")),
        ("x[n]; p = softmax(x); L = sum(p**2)", "x"),
        ("x[n]; L = -logsumexp(x)", "x"),
        ("x[n]; L = logsumexp(x) - sum(x)**2", "x"),
        ("x[n]; L = sum(x**5)", "x"),  # an odd power
        ("x[n], c; c >= -1; L = c*sum(x**2)", "x"),  # a domain that reaches below 0
    ],
)
def test_what_must_not_be_shown(text: str, wrt: Any) -> None:
    assert not curvature(declare(text), wrt=wrt).shown


def test_weights_that_do_not_sum_to_one_are_no_variance() -> None:
    # v'Hv = sum w v (v - sum w v) is a variance only for sum w = 1: here it is negative for v = (1, ..., 1).
    text = "x[n]; w[n]: data; 0 <= w[n]; L = sum(w[i]*x[i]**2, i)/2 - sum(w[i]*x[i], i)**2/2"
    assert not curvature(declare(text), wrt="x").shown
    assert curvature(declare(f"{text}; sum(w[i], i) == 1"), wrt="x").shown


def test_a_kink_is_not_convex() -> None:
    found = curvature(declare("x[n]; L = -sum(relu(x))"), wrt="x")
    assert found.shown  # its Hessian is 0 wherever it exists
    assert not found.convex


@pytest.mark.parametrize(
    ("name", "of", "wrt", "message"),
    [
        ("softmax", None, "z", "needs one scalar output"),
        ("logistic_regression", "p", "w", "needs a scalar output, got 'p'; scalars of logistic_regression: L"),
        ("logistic_regression", None, "W", "none called 'W'; choose from: X, w, b, y"),
    ],
)
def test_what_has_no_hessian(name: str, of: str | None, wrt: str, message: str) -> None:
    with pytest.raises(DerivationError, match=message):
        hessian_vector(get(name), of, wrt)

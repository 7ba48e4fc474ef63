"""Jacobians and Hessians: what is printed, and every step of theirs, evaluated on both sides.

The slopes that the steps claim are difference quotients of the program in 640 bits; no rule of differentiation is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from sympy import Symbol

from derive.derivation import Derivation
from derive.nodes import Iverson, Slope
from derive.registry import declare, get
from derive.second import hessian, jacobian
from derive.text import expression_text
from verify.steps import check_steps, is_jacobian
from verify.verdicts import Verdict

RNN = "x[T], h0, a\nh[t] = tanh(a*h[t - 1]) + x[t]\nh[-1] = h0"
CASES: dict[str, tuple[Callable[[], Derivation], str]] = {
    # Goodfellow et al. 2016, 6.2.2.3: diag(a) - a a^T, for each row of a batch
    "softmax": (lambda: jacobian(get("softmax")), "J_a_z[r, q, b, j] = a[r, q]*([j == q] - a[r, j])*[b == r]"),
    "log_softmax": (lambda: jacobian(get("log_softmax")), "J_a_z[r, q, b, j] = ([j == q] - exp(a[r, j]))*[b == r]"),
    "sigmoid": (lambda: jacobian(get("sigmoid")), "J_a_z[r, i] = a[r]*(1 - a[r])*[i == r]"),
    "relu": (lambda: jacobian(get("relu")), "J_a_z[r, i] = [i == r]*[z[r] > 0]"),
    "dense": (lambda: jacobian(get("dense"), wrt="X"), "J_Z_X[r, q, i, l] = W[l, q]*[i == r]"),
    "layer_norm": (
        lambda: jacobian(get("layer_norm"), wrt="x"),
        "J_y_x[r, q, b, j] = gamma[q]*([j == q] - 1/d - xhat[b, j]*xhat[b, q]/d)*[b == r]/sqrt(eps + var[b])",
    ),
    "window": (
        lambda: jacobian(declare("x[n]\ny[i] = x[i] + pad(x[i - 1])*pad(x[i + 1])")),
        "J_y_x[r, i] = pad(x[r + 1])*[i == r - 1] + pad(x[r - 1])*[i == r + 1] + [i == r]",
    ),
    "recurrence": (
        lambda: jacobian(declare(RNN), wrt="x"),
        "J_h_h_total[r, t] = pad(J_h_h_total[r, t + 1])*a*(1 - tanh(a*h[t])**2) + [r == t]\nJ_h_x = J_h_h_total",
    ),
    # Bishop 2006, 4.97: X^T diag(p (1 - p)) X
    "logistic_regression": (lambda: hessian(get("logistic_regression"), wrt="w"), "J_dw_w = ((1 - p)*p*X.T) @ X/n"),
    # Bishop 2006, 4.110
    "softmax_cross_entropy": (
        lambda: hessian(get("softmax_cross_entropy"), wrt="Z"),
        "J_dZ_Z[r, q, i, j] = P[i, j]*([j == q] - P[i, q])*[i == r]/n",
    ),
    "least_squares": (
        lambda: hessian(get("least_squares"), wrt="W"),
        "J_dW_W[r, q, l, j] = mean(X[i, l]*X[i, r], i)*[j == q]",
    ),
    "mse": (lambda: hessian(get("mse"), wrt="yhat"), "J_dyhat_yhat[r, q, i, j] = 2*[i == r]*[j == q]/(k*n)"),
    "two brackets in five terms": (
        lambda: hessian(declare("x[n]\np = softmax(x)\nL = sum(p**2)"), wrt="x"),
        "J_dx_x[r, j] = p[j]*((4*p[r] - 2*L)*[j == r] + 6*L*p[r] - 4*p[r]**2 - 4*p[j]*p[r])",
    ),
    "scalar": (lambda: hessian(declare("x\nL = x**4")), "J_dx_x = 12*x**2"),
    "nothing": (lambda: jacobian(declare("x[n], c[n]\ny = c*2"), wrt="x"), "J_y_x = 0"),
}


@cache
def derived(name: str) -> Derivation:
    return CASES[name][0]()


@pytest.mark.parametrize("name", CASES)
def test_text(name: str) -> None:
    assert str(derived(name)) == CASES[name][1]


@pytest.mark.parametrize("name", CASES)
def test_no_bracket_is_written_twice(name: str) -> None:
    for equation in derived(name).equations:
        text = expression_text(equation.rhs)
        for bracket in equation.rhs.atoms(Iverson):
            shown = expression_text(bracket)
            assert text.count(shown) <= 1, text


@pytest.mark.parametrize("name", CASES)
def test_every_step_holds(name: str) -> None:
    derivation = derived(name)
    for check in check_steps(derivation, seed=3):
        assert check.verdict is Verdict.AGREES, (check.step.rule, check.detail)


def test_a_corrupted_step_is_seen() -> None:
    derivation = derived("softmax")
    assert is_jacobian(derivation)
    for number, step in enumerate(derivation.steps):
        if step.after == 0:
            continue
        wrong = replace(step, after=2 * step.after)
        steps = (*derivation.steps[:number], wrong, *derivation.steps[number + 1 :])
        found = check_steps(replace(derivation, steps=steps), seed=3)[number]
        assert found.verdict is Verdict.WRONG_FORMULA, step.rule


@pytest.mark.parametrize("name", CASES)
def test_each_adjoint_has_its_claim_from_end_to_end(name: str) -> None:
    derivation = derived(name)
    results = [s for s in derivation.steps if s.rule == "result"]
    assert {(s.target, s.indices): s.after for s in results}.items() >= {
        (e.target, e.indices): e.rhs for e in derivation.equations
    }.items()
    output = derivation.program.tensors[derivation.of[0]]
    if output.rank:
        rows = tuple(i for i in derivation.equations[-1].indices[: output.rank] if isinstance(i, Symbol))
        assert all(isinstance(s.before, Slope) and s.before.of == output.at(*rows) for s in results)
    assert all(s.because for s in derivation.steps)

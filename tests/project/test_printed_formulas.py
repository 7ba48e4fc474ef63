"""What is printed is what was derived: the text of every matrix form is read back as NumPy and evaluated.

The text is a person's way to the result, so a lost sign or bracket in the printer is a wrong answer, however right the
derivation. The truth here is the exact evaluation of the index equations, which the printer has no part in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

import backproof as bp
from derive.text import matrix_text
from numeric.exact import Exact
from tests.shares import share
from verify.sampling import sample

# Programs with many signs, scalars and nested brackets, where printers go wrong.
OTHERS = {
    "scalar network": "x[n], w[n], b; y: data; z = x @ w + b; a = sigmoid(z); L = (a - y)**2/2",
    "negative loss": "a[n], b[n]; L = -sum((b - 2*a)**2*(1 - a))/n",
    "quotients": "a[n, d], b[n, d]; L = mean(-(a - b)/(1 + b**2)*(3 - a))",
    "column scaling": "X[n, d], w[n]; y[n]: data; z = X.T @ w; L = -sum(z**3)/3 - sum(w*y)",
    "transposes": "A[n, m], B[m, n]; L = -sum(A[i, j]*B[j, i], i, j) + sum(A**2)/2",
    "two layers": "X[n, d], V[d, m], W[m, k]; Y[n, k]: data; H = tanh(X @ V); L = -sum((Y - H @ W)**2)/(2*n*k)",
    "rectified": "X[n, d], W[d, k]; Z = relu(X @ W); L = -sum((1 - Z)**2*Z)",
}

Reduction = Callable[..., Any]


def _along(function: Reduction, axis: int) -> Reduction:
    """A row's value stays upright, so that it broadcasts against the rows, as the notation means it."""
    return lambda a: function(a, axis=axis, keepdims=axis == 1)


def _column(condition: Any) -> Any:
    """1 where a condition of rows holds, upright whether its sums along the rows are already or not."""
    return np.reshape(condition, (-1, 1)) * 1.0


REDUCTIONS: dict[str, Reduction] = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod}
NUMPY: dict[str, Any] = {
    **{
        f"{prefix}{name}": _along(f, axis)
        for name, f in REDUCTIONS.items()
        for prefix, axis in (("col", 0), ("row", 1))
    },
    **{name: f for name, f in REDUCTIONS.items() if name not in ("max", "min")},
    **{name: getattr(np, name) for name in ("exp", "log", "sqrt", "tanh", "outer", "sin", "cos", "abs", "sign")},
    "max": np.maximum,
    "min": np.minimum,
    "erf": special.erf,
    "pi": np.pi,
    "_column": _column,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
}


def read_back(text: str, values: dict[str, Any]) -> Any:
    """The value of a printed matrix form; ``[a > b]`` is 1 where it holds."""
    upright, condition = "@@", r"\[([^\[\]]*(?:<=|>=|==|!=|<|>)[^\[\]]*)\]"
    python = text.replace("[:, None]", upright)
    python = re.sub(condition + upright, r"_column(\1)", python)
    python = re.sub(condition, r"((\1)*1.0)", python).replace(upright, "[:, None]")
    called = set(re.findall(r"\b([a-z_]\w*)\(", python)) - NUMPY.keys() - values.keys()
    others = {name: _elementwise(name) for name in called}
    return np.asarray(eval(python, {"__builtins__": {}}, {**NUMPY, **others, **values}))


def _elementwise(name: str) -> Callable[[Any], Any]:
    """A named function of the catalog that NumPy does not have."""
    (argument,), function = bp.get(name).wrt, bp.compile(bp.get(name))
    return lambda z: next(iter(function.forward(**{argument: z}).values()))


def printed_and_true(what: str, seed: int) -> list[tuple[str, Any, Any]]:
    """Each printed matrix form with its value as read back, and the exact one."""
    derivation = bp.derive(what)
    case = sample(derivation.program, seed, derivation=derivation)
    exact = Exact(derivation.combined, case.exact(derivation))
    values: dict[str, Any] = {str(symbol): size for symbol, size in exact.sizes.items()}
    values |= {name: np.array(exact.array(name).astype(float)) for name in derivation.combined.tensors}
    found = []
    for name, matrix in derivation.matrix.items():
        text, truth = matrix_text(matrix), values[name]
        got = read_back(text, values)
        got = got.reshape(truth.shape) if got.size == truth.size else np.broadcast_to(got, truth.shape)
        found.append((f"{name} = {text}", got, truth))
    return found


@pytest.mark.parametrize("name", share("printed"))
def test_printed_matrix_forms_of_the_catalog(name: str) -> None:
    for text, got, truth in printed_and_true(name, seed=7):
        np.testing.assert_allclose(got, truth, rtol=1e-9, atol=1e-12, err_msg=text)


@pytest.mark.parametrize("what", OTHERS)
def test_printed_matrix_forms_of_other_programs(what: str) -> None:
    found = printed_and_true(OTHERS[what], seed=11)
    assert found, "nothing has a matrix form"
    for text, got, truth in found:
        np.testing.assert_allclose(got, truth, rtol=1e-9, atol=1e-12, err_msg=text)


def test_a_lost_sign_is_seen() -> None:
    values = {"a": np.array([0.25]), "y": np.array([1.0])}
    assert read_back("(1 - a)*a*(a - y)", values) != read_back("(1 + a)*a*(a + y)", values)
    assert read_back("[a > y]", values) == 0

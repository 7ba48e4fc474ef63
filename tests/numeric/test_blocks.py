"""Gradients of large arrays in blocks of rows: which programs allow it, and that nothing else changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import numeric.blocks
from derive.registry import declare
from numeric import compile
from numeric.exact import Exact
from numeric.function import Function
from tests.numeric.programs import SAMPLES, Sample
from tests.numeric.test_generated import close, generated, seeded

ROW_WISE = {
    "elementwise": "x[n, m]; y = exp(x)*x",
    "softmax rows": "z[n, k]; e = exp(z); a[i, j] = e[i, j]/sum(e[i, l], l)",
    "layer norm, sums over rows": (
        "x[..., d], gamma[d], beta[d]; mu[...] = mean(x[..., j], j); c[..., j] = x[..., j] - mu[...];"
        "s[...] = mean(c[..., j]**2, j) + 1; y[..., j] = gamma[j]*c[..., j]/sqrt(s[...]) + beta[j]"
    ),
    "a mean over rows and columns": "p[n, k], y[n, k]; L = mean((p - y)**2)",
    "labels of rows": "z[n, k], y[n]: int; L = mean(logsumexp(z[i, j], j) - z[i, y[i]], i)",
    "one axis": "z[n], y[n]; L = mean(log(1 + exp(z)) - y*z)",
    "nothing but a shared vector": "x[n, d], g[d]; y[i, j] = tanh(x[i, j])*g[j]",
}
MIXED = {
    "columns are normed": (
        "x[n, d]; mu[j] = mean(x[i, j], i); c[i, j] = x[i, j] - mu[j]; v[j] = mean(c[i, j]**2, i);"
        "y[i, j] = c[i, j]/sqrt(v[j] + 1)"
    ),
    "neighbours": "x[n]; y[i < n - 1] = x[i]*x[i + 1]",
    "the row's number": "x[n, d]; y[i, j] = x[i, j]**2*i",
    "rows as columns too": "x[n, n]; y[i, j] = x[i, j]*x[j, i]",
    "a recurrence": "x[T, d], h0[d]; h[-1, j] = h0[j]; h[t, j] = tanh(h[t - 1, j] + x[t, j])",
    "matrix products": "X[n, d], W[d, k]; Z = X @ W",
    "a product of totals": "x[n, d]; s = sum(x[i, j], i, j); L = s**2",
}


def rowwise(text: str) -> Any:
    return compile(declare(text, name="blocked"))._blocks


@pytest.mark.parametrize("text", ROW_WISE.values(), ids=ROW_WISE.keys())
def test_rows_that_are_their_own_affair_allow_blocks(text: str) -> None:
    assert rowwise(text) is not None


@pytest.mark.parametrize("text", MIXED.values(), ids=MIXED.keys())
def test_rows_that_read_one_another_do_not(text: str) -> None:
    assert rowwise(text) is None


@pytest.fixture
def tiny_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every array that is not empty is large, and a block holds about two elements."""
    monkeypatch.setattr(numeric.blocks, "LEAST", 1)
    monkeypatch.setattr(numeric.blocks, "BLOCK", 2)


BLOCKED = [
    pytest.param(sample, shapes, id=f"{sample.name}-{k}")
    for sample in SAMPLES
    if sample.gradient and generated(sample.name)._blocks is not None
    for k, shapes in enumerate(sample.shapes)
]


@pytest.mark.usefixtures("tiny_blocks")
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize(("sample", "shapes"), BLOCKED)
def test_blocks_give_the_exact_gradient(sample: Sample, shapes: Mapping[str, Any], dtype: Any) -> None:
    rng = seeded(sample, shapes)
    given = sample.inputs(shapes, rng, dtype)
    function = Function(generated(sample.name).program, None)
    outputs = function.forward(**given)
    names = function.derivation.cotangents
    cotangents = {n: rng.standard_normal(outputs[n].shape).astype(dtype) for n in names}
    gradients = function.vjp(given, cotangents or None)
    exact = Exact(function.derivation.combined, {**given, **{names[n]: c for n, c in cotangents.items()}})
    for name, target in function.derivation.gradients.items():
        assert gradients[name].shape == np.shape(given[name])
        close(gradients[name], exact.array(target), dtype)


def test_the_samples_reach_blocks() -> None:
    assert len({c.values[0].name for c in BLOCKED}) >= 8


def test_sums_over_many_blocks_count_every_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numeric.blocks, "LEAST", 1)
    monkeypatch.setattr(numeric.blocks, "BLOCK", 12)
    function = compile(declare("x[n, d], g[d]\nL = mean(g[j]*x[i, j]**2, i, j)", name="counted"))
    assert function._blocks is not None
    x = np.arange(37 * 3.0).reshape(37, 3)
    gradients = function.vjp({"x": x, "g": np.ones(3)})
    np.testing.assert_allclose(gradients["g"], (x**2).sum(axis=0) / (37 * 3), rtol=1e-14)
    np.testing.assert_allclose(gradients["x"], 2 * x / (37 * 3), rtol=1e-15)


def test_the_result_does_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    function = compile(declare(ROW_WISE["layer norm, sums over rows"], name="l"))
    rng = np.random.default_rng(3)
    given = {"x": rng.standard_normal((3000, 64)), "gamma": rng.standard_normal(64), "beta": np.zeros(64)}
    g = rng.standard_normal((3000, 64))
    results = []
    for workers in (1, 2, 5):
        with ThreadPoolExecutor(workers) as pool:
            monkeypatch.setattr(numeric.blocks, "_pool", lambda pool=pool: pool)
            results.append(function.vjp(given, g))
    for other in results[1:]:
        for name, value in results[0].items():
            np.testing.assert_array_equal(value, other[name])

"""Generated NumPy against the exact evaluator, on every construct, at ordinary and degenerate sizes."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest

from derive.registry import declare
from derive.reverse import derive
from numeric import compile
from numeric.exact import Exact
from numeric.function import Function
from tests.numeric.programs import SAMPLES, Sample

CASES = [pytest.param(s, shapes, id=f"{s.name}-{k}") for s in SAMPLES for k, shapes in enumerate(s.shapes)]
BY_NAME = {s.name: s for s in SAMPLES}


@cache
def generated(name: str) -> Function:
    return compile(declare(BY_NAME[name].text, name=name))


def seeded(sample: Sample, shapes: Mapping[str, Any]) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr((sample.name, shapes)).encode()))


def close(got: Any, wanted: np.ndarray, dtype: Any) -> None:
    tolerance = 1e-11 if dtype == np.float64 else 2e-4
    exact = np.array([float(v) for v in wanted.flat]).reshape(wanted.shape)
    assert got.dtype == dtype
    flat = got.reshape(exact.shape)
    assert np.all(np.isfinite(flat) == np.isfinite(exact))
    scale = tolerance * max(1.0, float(np.max(np.abs(exact[np.isfinite(exact)]), initial=0.0)))
    np.testing.assert_allclose(flat, exact, rtol=tolerance, atol=scale)


def exact_inputs(program: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    return dict(given)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize(("sample", "shapes"), CASES)
def test_forward(sample: Sample, shapes: Mapping[str, Any], dtype: Any) -> None:
    given = sample.inputs(shapes, seeded(sample, shapes), dtype)
    function = generated(sample.name)
    outputs = function.forward(**given)
    exact = Exact(function.program, given)
    for name in function.program.outputs:
        close(outputs[name], exact.array(name), dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize(("sample", "shapes"), [c for c in CASES if c.values[0].gradient])
def test_gradient(sample: Sample, shapes: Mapping[str, Any], dtype: Any) -> None:
    rng = seeded(sample, shapes)
    given = sample.inputs(shapes, rng, dtype)
    function = generated(sample.name)
    derivation = derive(declare(sample.text, name=sample.name))
    outputs = function.forward(**given)
    cotangents = {n: rng.standard_normal(outputs[n].shape).astype(dtype) for n in derivation.cotangents}
    kept = {n: np.array(v, copy=True) for n, v in {**given, **cotangents}.items()}
    gradients = function.vjp(given, cotangents or None)
    exact = Exact(derivation.combined, {**given, **{derivation.cotangents[n]: c for n, c in cotangents.items()}})
    assert set(gradients) == set(derivation.gradients)
    for name, target in derivation.gradients.items():
        assert gradients[name].shape == np.shape(given[name])
        close(gradients[name], exact.array(target), dtype)
    for name, before in kept.items():
        assert np.array_equal({**given, **cotangents}[name], before), f"{name} was modified"

"""Comparing derived gradients with JAX: the derived program is evaluated with balls, the forward is written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from derive.derivation import Derivation
from derive.operation import Operation
from derive.registry import declare, get
from derive.reverse import derive
from numeric.exact import Exact

jax.config.update("jax_enable_x64", True)

Forward = Callable[..., Any]


def floats(values: Any) -> np.ndarray:
    return np.vectorize(float, otypes=[float])(np.asarray(values, dtype=object))


def evaluated(derivation: Derivation, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """What the derivation computes, as floats."""
    exact = Exact(derivation.combined, inputs)
    return {name: floats(exact.array(tensor)) for name, tensor in derivation.gradients.items()}


def close(got: Any, expected: Any, what: str = "") -> None:
    """Equal to 1e-10, relative to the largest element."""
    got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    assert got.shape == expected.shape, (what, got.shape, expected.shape)
    if expected.size:
        assert np.abs(got - expected).max() <= 1e-10 * max(np.abs(expected).max(), 1e-3), (what, got, expected)


_DERIVED: dict[tuple[str, ...], Derivation] = {}


def derived(operation: Operation | str) -> Derivation:
    """The derivation of an operation, or of the one of that name in the catalog, made once in a test run."""
    found = get(operation) if isinstance(operation, str) else operation
    key = (found.name, found.text, *(f"{k}={v}" for k, v in found.options.items()))
    if key not in _DERIVED:
        _DERIVED[key] = derive(found)
    return _DERIVED[key]


def agrees(
    operation: Operation | str, forward: Forward, inputs: Mapping[str, Any], seed: int = 0, **integers: int
) -> Derivation:
    """Compare every gradient with ``jax.vjp`` of ``forward(**inputs)``: one array, or a dict of outputs."""
    if isinstance(operation, str):
        operation = declare(operation)
    derivation = derived(operation)
    rng = np.random.default_rng(seed)
    fixed = {n: v for n, v in inputs.items() if n not in derivation.wrt}

    def run(*arguments: Any) -> dict[str, Any]:
        result = forward(**dict(zip(derivation.wrt, arguments, strict=True)), **fixed, **integers)
        return result if isinstance(result, dict) else {derivation.of[0]: result}

    # One compilation of the whole: JAX would else compile every primitive for every shape.
    @jax.jit
    def both(arguments: Any, seeds: Any) -> Any:
        outputs, pull = jax.vjp(run, *arguments)
        return outputs, pull(seeds)

    arguments = [np.asarray(inputs[n], dtype=float) for n in derivation.wrt]
    shapes = jax.eval_shape(run, *arguments)
    seeds = {
        name: rng.normal(size=shapes[name].shape) if name in derivation.cotangents else np.ones(())
        for name in derivation.of
    }
    outputs, expected_gradients = both(arguments, seeds)
    exact = Exact(derivation.program, {**inputs, **integers})
    for name in derivation.of:
        close(floats(exact.array(name)), outputs[name], f"forward {name}")
    given = {derivation.cotangents[n]: v for n, v in seeds.items() if n in derivation.cotangents}
    got = evaluated(derivation, {**inputs, **integers, **given})
    for name, expected in zip(derivation.wrt, expected_gradients, strict=True):
        close(got[name], expected, f"gradient {name}")
    return derivation

"""Generated gradient functions against handwritten NumPy, ``jax.jit`` of the VJP, and autograd: ratios in one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import numpy as np

import backproof as bp
from tests.bench.cases import CASES, Case
from tests.bench.tables import Section
from tests.bench.timing import Time, geometric_mean, interleaved, shown

Array = np.ndarray[Any, Any]
Call = Callable[[], Any]
OTHERS = ("handwritten", "jax.jit", "autograd")


def drawn(case: Case, sizes: tuple[int, ...], dtype: str = "float64") -> tuple[dict[str, Any], Array]:
    """Inputs with the integer hyper-parameters, and a cotangent for the output (1 for a loss)."""
    rng = np.random.default_rng(2024)
    given = case.inputs(rng, sizes)
    inputs = {
        name: np.asarray(value, dtype) if isinstance(value, np.ndarray) else value for name, value in given.items()
    }
    inputs.update(case.fixed or {})
    shape = np.shape(case.forward(**inputs))
    cotangent = np.ones(()) if case.scalar else rng.standard_normal(shape)
    return inputs, np.asarray(cotangent, dtype)


def generated(case: Case, inputs: Mapping[str, Any], g: Array) -> dict[str, Call]:
    """The public call, and the generated function alone, without the checks around it."""
    function = bp.compile(case.name, wrt=case.wrt)
    cotangents = None if case.scalar else {case.output: g}
    known = {**inputs, **dict.fromkeys(function.derivation.cotangents.values(), g)}
    arguments = [known[name] for name in function.arguments]
    keywords = dict(case.fixed or {})
    if "dtype" in signature(function.unchecked).parameters:
        keywords["dtype"] = g.dtype
    unchecked = function.unchecked

    def inner() -> Any:
        return unchecked(*arguments, **keywords)

    return {
        "generated": lambda: function.vjp(inputs, cotangents),
        "unchecked": inner,
    }


def jitted(case: Case, inputs: Mapping[str, Any], g: Array) -> Call:
    """``jax.jit`` of the VJP of the independent reference; arrays are on the device before the clock starts."""
    import jax

    from verify import references

    forward = references.find(case.name)
    assert forward is not None, f"{case.name} has no reference"
    arrays = {name: jax.numpy.asarray(value) for name, value in inputs.items() if isinstance(value, np.ndarray)}
    rest = {name: value for name, value in inputs.items() if name not in arrays}

    @jax.jit
    def gradient(arrays: Any, g: Any) -> Any:
        fixed = {name: value for name, value in arrays.items() if name not in case.wrt}
        _, back = jax.vjp(
            lambda moving: forward(**moving, **fixed, **rest)[case.output], {name: arrays[name] for name in case.wrt}
        )
        return back(g)[0]

    cotangent = jax.numpy.asarray(g)
    return lambda: jax.block_until_ready(gradient(arrays, cotangent))


def traced(case: Case, inputs: Mapping[str, Any], g: Array) -> Call:
    """autograd, which traces at every call."""
    from autograd import make_vjp

    def forward(moving: Any) -> Any:
        return case.forward(**{**inputs, **{name: moving[name] for name in case.wrt}})

    start = {name: inputs[name] for name in case.wrt}
    differentiate = make_vjp(forward)

    def gradient() -> Any:
        back, _ = differentiate(start)
        return back(g)

    return gradient


def contenders(case: Case, sizes: tuple[int, ...], dtype: str = "float64") -> dict[str, Call]:
    """Every way to the gradient, after a check that they agree."""
    import jax

    jax.config.update("jax_enable_x64", True)
    inputs, g = drawn(case, sizes, dtype)
    calls: dict[str, Call] = {
        **generated(case, inputs, g),
        "handwritten": lambda: case.by_hand(inputs, g),
        "jax.jit": jitted(case, inputs, g),
        "autograd": traced(case, inputs, g),
    }
    expected = case.by_hand(inputs, g)
    tolerance = 1e-8 if dtype == "float64" else 1e-2
    for name, call in calls.items():
        got = call()
        got = got if isinstance(got, Mapping) else dict(zip(case.wrt, got, strict=True))
        for argument in case.wrt:
            error = np.max(np.abs(np.asarray(got[argument]) - expected[argument]), initial=0.0)
            scale = np.max(np.abs(expected[argument]), initial=0.0)
            if not error <= tolerance * (scale + 1e-300):
                raise AssertionError(f"{name} and handwritten differ by {error:.3g} in {case.name}, d{argument}")
    return calls


def race(quick: bool = False) -> list[Section]:
    """A table for the small sizes and one for the large."""
    return [_race("small", quick), *([] if quick else [_race("large", quick)])]


def _race(size: str, quick: bool) -> Section:
    section = Section(
        f"Gradient functions, {size} sizes (above 1: the generated function is faster)",
        ["operation", "sizes", "generated", *(f"{other} / generated" for other in OTHERS), "handwritten / unchecked"],
    )
    ratios: dict[str, list[float]] = {name: [] for name in (*OTHERS, "handwritten / unchecked")}
    for case in CASES:
        sizes = case.small if size == "small" else case.large
        times = interleaved(contenders(case, sizes), rounds=3 if quick else 15, limit=15.0)
        row = _ratios(times)
        for name, ratio in row.items():
            ratios[name].append(ratio)
        label = "x".join(map(str, sizes))
        section.rows.append(
            [case.name, label, shown(times["generated"].least), *(f"{row[name]:.2f}" for name in ratios)]
        )
    means = {name: geometric_mean(values) for name, values in ratios.items()}
    section.rows.append(["geometric mean", "", "", *(f"{means[name]:.2f}" for name in ratios)])
    section.summary = {
        f"geometric mean of {name} time over generated time": round(mean, 3) for name, mean in means.items()
    }
    section.note = (
        "float64; forward and backward together; least of interleaved rounds. *generated* is the public `Function.vjp` "
        "with its checks (and blocks, for large arrays), *unchecked* the function of `Function.vjp_source` alone."
    )
    return section


def _ratios(times: Mapping[str, Time]) -> dict[str, float]:
    ratios = {other: times[other].least / times["generated"].least for other in OTHERS}
    ratios["handwritten / unchecked"] = times["handwritten"].least / times["unchecked"].least
    return ratios

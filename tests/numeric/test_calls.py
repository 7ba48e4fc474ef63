"""What a caller may rely on: dtype kept, inputs untouched, own memory, explained errors, any number of calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from derive.registry import declare, get
from numeric import compile
from numeric.errors import ShapeError


def dense_inputs(dtype: Any = np.float64) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {name: rng.standard_normal(shape).astype(dtype) for name, shape in {"X": (4, 3), "W": (3, 2)}.items()} | {
        "b": np.ones(2, dtype)
    }


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_read_only_and_strided_inputs(dtype: Any) -> None:
    f, plain = compile(get("dense")), dense_inputs(dtype)
    awkward = {n: np.asfortranarray(np.repeat(v, 2, axis=0))[::2] for n, v in plain.items()}
    for array in awkward.values():
        array.flags.writeable = False
    cotangent = np.ones((4, 2), dtype)
    for name, gradient in f.vjp(awkward, cotangent).items():
        assert gradient.dtype == dtype
        assert gradient.flags.owndata
        assert not any(np.shares_memory(gradient, array) for array in (*awkward.values(), cotangent))
        np.testing.assert_allclose(gradient, f.vjp(plain, cotangent)[name], rtol=1e-5)


def test_results_of_two_calls_are_independent() -> None:
    f = compile(declare("x[n]\ny = x", name="copy"))
    x = np.ones(3)
    first = f.vjp({"x": x}, x)["x"]
    first += 1
    assert np.array_equal(f.vjp({"x": x}, x)["x"], np.ones(3))
    assert np.array_equal(x, np.ones(3))
    output = f.forward(x=x)["y"]
    output += 1
    assert np.array_equal(x, np.ones(3))


def test_a_call_remembers_shapes_not_values() -> None:
    f = compile(declare("x[n], a\ny = a*x", name="scaled"))
    for a in (2.0, 3.0):
        assert f.vjp({"x": np.ones(2), "a": a}, np.ones(2))["x"].tolist() == [a, a]
    mixed = f.forward(x=np.ones(2, np.float32), a=np.float32(2))["y"]
    assert mixed.dtype == np.float32
    assert f.forward(x=np.ones(3), a=2.0)["y"].shape == (3,)


def test_integer_hyper_parameters_are_part_of_a_plan() -> None:
    f = compile(declare("x[n]\nshift = 1\ny[i < n] = pad(x[i - shift])", name="moved"))
    x = np.arange(1.0, 4.0)
    assert f.forward(x=x, shift=1)["y"].tolist() == [0, 1, 2]
    assert f.forward(x=x, shift=2)["y"].tolist() == [0, 0, 1]
    assert f.forward(x=x)["y"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"W": np.ones((2, 2))}, ["dense", "W"]),
        ({"b": np.ones((2, 2))}, ["b", "axis"]),
        ({"Q": np.ones(2)}, ["no input Q"]),
        ({"X": np.ones((4, 3), complex)}, ["X", "real"]),
    ],
)
def test_arrays_that_do_not_fit_are_explained(change: dict[str, Any], words: list[str]) -> None:
    f, given = compile(get("dense")), dense_inputs()
    f.vjp(given, np.ones((4, 2)))
    with pytest.raises(ShapeError) as error:
        f.vjp({**given, **change}, np.ones((4, 2)))
    assert all(word in str(error.value) for word in words)


def test_cotangents_are_checked() -> None:
    f, given = compile(get("dense")), dense_inputs()
    with pytest.raises(ShapeError, match="cotangent must be given"):
        f.vjp(given)
    with pytest.raises(ShapeError, match=r"shape \(4, 2\), got \(2, 4\)"):
        f.vjp(given, np.ones((2, 4)))
    with pytest.raises(ShapeError, match="missing"):
        f.vjp(given, {"other": np.ones((4, 2))})


def test_a_missing_input_is_named() -> None:
    with pytest.raises(ShapeError, match="W is missing"):
        compile(get("dense")).forward(X=np.ones((4, 3)), b=np.ones(2))


@pytest.mark.parametrize(
    "text",
    [
        "x[n], y[n]\nz = x + y",  # both gradients are the cotangent
        "x[n], y[n]\nL = sum(x)*sum(y**2)*0 + sum(x) + sum(y)",  # both are ones
        "a, b, x[n]\nL = sum(a*x) + sum(b*x)",  # both are the same sum
        "X[n, m]\nY[j, i] = X[i, j]",  # a view of the cotangent
        "x[n]\ny[i] = x[n - 1 - i]",
    ],
)
def test_no_two_results_share_memory(text: str) -> None:
    function = compile(declare(text, name="shared"))
    rng = np.random.default_rng(6)
    inputs = {t.name: rng.standard_normal((3, 2)[: t.rank]) for t in function.program.inputs}
    outputs, residuals = function.run_forward(inputs)
    g = {n: rng.standard_normal(v.shape) for n, v in outputs.items()} if function.derivation.cotangents else None
    for gradients in (function.vjp(inputs, g), function.run_backward(residuals, g)):
        arrays = [*gradients.values(), *inputs.values(), *(g or {}).values()]
        for k, one in enumerate(gradients.values()):
            assert one.flags.writeable
            assert not any(np.shares_memory(one, other) for other in arrays[k + 1 :])

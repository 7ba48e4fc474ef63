"""Mistakes of the code around a right formula: precision, state, memory, the cotangent, one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from numeric.function import Function
from verify.mutants.mutation import Gradients, Mutant, reached

Array = NDArray[Any]
Arrays = Mapping[str, Any]
_FLOATS = ("intermediate", "output", "input")


def behaviours(derivation: Derivation, right: Function) -> Iterator[Mutant]:
    """The mutants that go wrong beside the formula; those that could not show for this operation are left out."""
    read = reached(derivation)
    tensors = derivation.combined.tensors
    values = [name for name in sorted(read) if name in tensors and tensors[name].role in _FLOATS]
    values = [name for name in values if not tensors[name].integer]
    seeds = [name for name in derivation.cotangents.values() if name in read]
    zero = all(equation.rhs == 0 for equation in derivation.equations)

    def mutant(name: str, description: str, make: Callable[[], Gradients]) -> Mutant:
        return Mutant(name, name, description, make)

    for name in derivation.gradients:
        yield Mutant(
            f"one entry wrong ({name})",
            "one entry wrong",
            f"the last entry of the gradient of {name} is off by a thousandth",
            partial(_one_entry, right.vjp, name),
        )
        shape = derivation.program.tensors[name].shape
        if len(shape) >= 2 and not zero:
            yield Mutant(
                f"memory order ({name})",
                "transpose",
                f"the gradient of {name} is computed transposed and only reshaped",
                partial(_memory_order, right.vjp, name),
                moved={name: _reordered},
            )
    if values or seeds:
        yield mutant("float32 accumulation", "computed in float32, returned in float64", partial(_narrow, right.vjp))
    if values:
        yield mutant(
            "state of the previous call",
            "a call uses the inputs that the call before it has left (where their shapes agree)",
            partial(_stale, right.vjp, inputs=True),
        )
    if seeds:
        yield mutant(
            "cotangent of the previous call",
            "a call uses the cotangent that the call before it has left (where the shapes agree)",
            partial(_stale, right.vjp, inputs=False),
        )
        yield mutant("cotangent ignored", "every cotangent is taken for ones", partial(_ones, right.vjp))
    if derivation.cotangents:
        yield mutant("cotangent mutated", "the cotangent is scaled in place", partial(_in_place, right.vjp))


def _one_entry(vjp: Gradients, name: str) -> Gradients:
    def wrong(inputs: Arrays, cotangents: Arrays) -> Arrays:
        result = dict(vjp(inputs, cotangents))
        changed = np.array(result[name], copy=True)
        if changed.size:
            last = changed.reshape(-1)[-1]
            changed.reshape(-1)[-1] = last + (last / 1000 if last else 1 / 1000)
        return {**result, name: changed}

    return wrong


def _memory_order(vjp: Gradients, name: str) -> Gradients:
    def wrong(inputs: Arrays, cotangents: Arrays) -> Arrays:
        result = dict(vjp(inputs, cotangents))
        return {**result, name: _reordered(np.asarray(result[name]))}

    return wrong


def _reordered(value: Array) -> Array:
    return np.swapaxes(value, -1, -2).reshape(value.shape)


def _narrow(vjp: Gradients) -> Gradients:
    def narrowed(arrays: Arrays) -> dict[str, Any]:
        real = {name for name, value in arrays.items() if np.asarray(value).dtype.kind == "f"}
        return {name: np.asarray(v, dtype=np.float32) if name in real else v for name, v in arrays.items()}

    def wrong(inputs: Arrays, cotangents: Arrays) -> Arrays:
        result = vjp(narrowed(inputs), narrowed(cotangents))
        return {name: np.asarray(value, dtype=np.float64) for name, value in result.items()}

    return wrong


def _stale(vjp: Gradients, *, inputs: bool) -> Gradients:
    left: dict[str, Arrays] = {}

    def wrong(given: Arrays, cotangents: Arrays) -> Arrays:
        now = {
            "inputs": {k: np.array(v) for k, v in given.items()},
            "seeds": {k: np.array(v) for k, v in cotangents.items()},
        }
        before = dict(left) if _shapes(left) == _shapes(now) else now
        left.update(now)
        if inputs:
            # sizes and labels stay those of this call
            old = {k: before["inputs"][k] if np.asarray(v).dtype.kind == "f" else v for k, v in given.items()}
            return vjp(old, cotangents)
        return vjp(given, before["seeds"])

    return wrong


def _shapes(arrays: Mapping[str, Arrays]) -> dict[str, dict[str, tuple[int, ...]]]:
    return {group: {k: np.shape(v) for k, v in held.items()} for group, held in arrays.items()}


def _ones(vjp: Gradients) -> Gradients:
    def wrong(inputs: Arrays, cotangents: Arrays) -> Arrays:
        return vjp(inputs, {name: np.ones_like(value) for name, value in cotangents.items()})

    return wrong


def _in_place(vjp: Gradients) -> Gradients:
    def wrong(inputs: Arrays, cotangents: Arrays) -> Arrays:
        result = vjp(inputs, cotangents)
        for value in cotangents.values():
            value[...] *= 2
        return result

    return wrong

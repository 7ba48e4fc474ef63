"""The gradients of a batch: of the generated function or of somebody's own, and of the reference."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from numeric.function import Function
from verify.campaign.drawing import single
from verify.domains import bounds_of, clamp
from verify.protocol import run
from verify.sampling import Case
from verify.sizes import extent_value
from verify.witnesses.autodiff import Autodiff

Array = NDArray[Any]
Gradients = Callable[[Mapping[str, Array], Mapping[str, Array]], Mapping[str, Array]]
Stacked = dict[str, Array]

_EPS = float(np.finfo(np.float64).eps)
_NUDGES = 3


def generated(function: Function, stacked: Case, count: int) -> Stacked | str:
    """The generated function at each case; a sentence where it fails or changes its arguments.

    The first case goes through ``Function.vjp`` as well.  Where the bare function gives the same bits, it serves for
    the others: every case has the same shapes and dtypes, so what ``vjp`` would check of them has been checked.
    """
    first = run(function.vjp, None, single(stacked, 0))
    if isinstance(first, str):
        return first
    derivation = function.derivation
    known = {**stacked.inputs, **{derivation.cotangents[k]: v for k, v in stacked.cotangents.items()}}
    arrays = [known[name] for name in function.arguments]
    before = [array.copy() for array in arrays]
    call = function.unchecked
    taken = inspect.signature(call).parameters
    keywords: dict[str, Any] = {k: v for k, v in {**stacked.integers, "dtype": np.dtype(float)}.items() if k in taken}
    columns: tuple[Any, ...] = ()
    with np.errstate(all="ignore"):
        try:
            if _alike(call(*(array[0] for array in arrays), **keywords), first, derivation):
                rows = zip(*(array[:count] for array in arrays), strict=True)
                columns = tuple(zip(*[call(*row, **keywords) for row in rows], strict=True))
        except Exception as error:  # whatever it is, the verdict says how
            return f"raised {type(error).__name__}: {error}"
    if not columns:
        return written(function.vjp, stacked, count)
    if not all(np.array_equal(old, new, equal_nan=True) for old, new in zip(before, arrays, strict=True)):
        return "changed an argument in place"
    return {name: np.array(column) for name, column in zip(derivation.gradients, columns, strict=True)}


def _alike(got: tuple[Any, ...], first: Mapping[str, Array], derivation: Derivation) -> bool:
    return all(
        np.shape(value) == first[name].shape and np.array_equal(value, first[name], equal_nan=True)
        for name, value in zip(derivation.gradients, got, strict=True)
    )


def written(vjp: Gradients, stacked: Case, count: int) -> Stacked | str:
    """Any implementation at each case; a sentence where it fails, changes its arguments or leaves a gradient out."""
    found: dict[str, list[Array]] = {}
    for number in range(count):
        got = run(vjp, None, single(stacked, number))
        if isinstance(got, str):
            return f"case {number}: {got}"
        for name, value in got.items():
            found.setdefault(name, []).append(value)
    try:
        return {name: np.array(values) for name, values in found.items()}
    except ValueError:
        return "its gradients have other shapes in other cases of the same sizes"


def due(derivation: Derivation, stacked: Case, count: int) -> dict[str, tuple[int, ...]]:
    """The shape that the stacked gradient of each input must have."""
    tensors = derivation.program.tensors
    return {
        name: (count, *(extent_value(extent, stacked.sizes) for extent in tensors[name].shape))
        for name in derivation.gradients
    }


def spread(witness: Autodiff, stacked: Case, theirs: Mapping[str, Array], seed: list[int]) -> Stacked:
    """How far the reference's gradients move when every input moves by one roundoff, up or down at random.

    The largest of three random moves.  A value at a closed end of its domain, and an exact 0, stays; no value leaves
    its domain.
    """
    rng = np.random.default_rng([*seed, 1])
    program = witness.operation.program
    largest = {name: np.zeros(value.shape) for name, value in theirs.items()}
    for _ in range(_NUDGES):
        moved = {name: _nudged(value, rng) for name, value in stacked.inputs.items()}
        for name, value in moved.items():
            if value.dtype.kind == "f":
                bounds, old = bounds_of(program.tensors[name], stacked.sizes), stacked.inputs[name]
                ends = ((old == bounds.lo) & (not bounds.lo_open)) | ((old == bounds.hi) & (not bounds.hi_open))
                moved[name] = np.where(ends, old, clamp(value, bounds))
        seeds = {name: _nudged(value, rng) for name, value in stacked.cotangents.items()}
        there = witness.stacked(Case(stacked.sizes, moved, stacked.integers, seeds, stacked.stratum))
        for name, value in largest.items():
            with np.errstate(all="ignore"):
                np.maximum(value, np.abs(there[name][: len(value)] - theirs[name]), out=value)
    return largest


def _nudged(values: Array, rng: np.random.Generator) -> Array:
    return values * (1 + _EPS * rng.choice([-1.0, 1.0], values.shape)) if values.dtype.kind == "f" else values

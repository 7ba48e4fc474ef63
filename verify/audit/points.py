"""Points at which a claim is looked at: small and plain ones first, so that a counterexample can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from sympy import Symbol

from derive.program import Program
from verify.domains import bounds_of, sum_facts
from verify.errors import SamplingError
from verify.sampling import sample
from verify.sizes import draw_sizes, extent_value, extents_of
from verify.strata import applicable

SEED = 2026  # an audit says the same in every run
PLAIN = 4  # points whose inputs are multiples of a quarter
ORDINARY = 4
MANY = 4  # sizes from which on a point is dear, so that there are fewer
BUDGET = 4000
ROUND = (0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.0, 10.0)

Sizes = Mapping[Symbol, Any]  # a size, or the size that it is equal to


def points(program: Program, tied: Sizes | None = None, *, strata: bool = True) -> Iterator[dict[str, Any]]:
    """Inputs of a program, by name; ``tied`` are sizes that are held at a number, or are equal to another.

    Plain points, ordinary ones with other hyper-parameters, and one of each stratum that can tell something.
    """
    large = len(program.dimensions) > MANY
    names = ["ordinary"] * (PLAIN + ORDINARY // (1 + large))
    if strata:
        names += [s.name for s in applicable(program) if s.name != "ordinary" and (s.kinks or not large)]
    for number, stratum in enumerate(names):
        seed = SEED + number
        with suppress(SamplingError):
            sizes = _sizes(program, seed, tied or {}, small=large or number < PLAIN, twos=number == 0)
            hypers = "random" if number % 2 else "default"
            case = sample(program, seed, stratum=stratum, sizes=sizes, hypers=hypers)
            given = case.arguments() | _cotangents(program, sizes, seed)
            if number < PLAIN:
                given = _plain(program, given, sizes)
                yield from _round(program, given, sizes) if not number else ()
            yield given


def _cotangents(program: Program, sizes: Mapping[Symbol, int], seed: int) -> dict[str, Any]:
    """Upstream gradients, where a program reads them: multiples of a quarter, not uniform."""
    rng = np.random.default_rng(seed)
    found = {}
    for tensor in program.inputs:
        if tensor.role == "cotangent":
            shape = tuple(extent_value(extent, sizes) for extent in tensor.shape)
            found[tensor.name] = rng.integers(-8, 9, size=shape) / 4
    return found


def _round(program: Program, given: dict[str, Any], sizes: Mapping[Symbol, int]) -> Iterator[dict[str, Any]]:
    """The same with round values for all inputs that are numbers, one value after the other."""
    numbers = [t for t in program.inputs if not t.rank and t.role == "input" and not t.integer]
    if not numbers:
        return
    for value in ROUND:
        changed = {t.name: np.asarray(value) for t in numbers if bounds_of(t, sizes).holds(np.asarray(value))}
        if len(changed) == len(numbers):
            yield {**given, **changed}


def _sizes(program: Program, seed: int, tied: Sizes, small: bool, twos: bool) -> dict[Symbol, int]:
    """Sizes with those that are tied put in; all of them 2, if ``twos`` and that is possible.

    Raises:
        SamplingError: no sizes satisfy that.
    """
    rng = np.random.default_rng(seed)
    for attempt in range(40):
        sizes = draw_sizes(program, rng, high=3 if small else 4, budget=BUDGET)
        if twos and not attempt:
            sizes |= dict.fromkeys(program.dimensions, 2)
        for symbol, value in tied.items():
            sizes[symbol] = sizes[value] if isinstance(value, Symbol) else int(value)
        with suppress(SamplingError):
            if all(extent_value(extent, sizes) >= 1 for extent in extents_of(program)):
                return sizes
    raise SamplingError(f"{program.name}: no sizes satisfy {dict(tied)}")


def _plain(program: Program, given: dict[str, Any], sizes: Mapping[Symbol, int]) -> dict[str, Any]:
    """The values rounded to quarters, where that keeps them inside their domains and facts."""
    held = {fact.tensor for fact in sum_facts(program)}
    for name, value in given.items():
        tensor = program.tensors.get(name)
        if tensor is None or tensor.integer or tensor.role == "hyper" or name in held:
            continue
        near = np.round(np.asarray(value) * 4) / 4
        if np.all(bounds_of(tensor, sizes).holds(near)):
            given[name] = near
    return given


def shown(given: Mapping[str, Any], program: Program, most: int = 12) -> str:
    """A point as text: ``x = [1, 0.5], b = 2``; large arrays by their shape."""
    parts = []
    for name, value in given.items():
        tensor = program.tensors.get(name)
        if tensor is not None and tensor.role == "hyper" and float(value) == float(tensor.default or 0):
            continue
        array = np.asarray(value)
        text = _listed(array) if array.size <= most else f"an array of the shape {array.shape}"
        parts.append(f"{name} = {text}")
    return ", ".join(parts)


def _listed(array: Any) -> str:
    if array.ndim == 0:
        return f"{float(array) + 0.0:.6g}"
    return f"[{', '.join(_listed(part) for part in array)}]"


__all__ = ["SEED", "points", "shown"]

"""Operations and their derived gradients in balls or fractions, with nothing that rounds in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import flint
import numpy as np

import backproof as bp
from derive.program import Program
from numeric.exact import Exact

Array = np.ndarray[Any, Any]
RADIUS = Fraction(1, 10**30)  # of a ball of 128 bits, with a wide margin


def read(what: bp.Operation | str) -> bp.Operation:
    """An operation: itself, of the catalog by its name, or by its declaration."""
    if isinstance(what, bp.Operation):
        return what
    return bp.get(what) if what.isidentifier() else bp.declare(what)


def values(what: bp.Operation | Program | str, inputs: Mapping[str, Any], name: str, field: str = "arb") -> Array:
    """A tensor of an operation, input or computed."""
    program = what if isinstance(what, Program) else read(what).program
    return Exact(program, inputs, field=field).array(name)


def gradients(
    what: bp.Operation | str, inputs: Mapping[str, Any], wrt: str | None = None, field: str = "arb"
) -> dict[str, Array]:
    """The derived gradients by name; cotangents are among the inputs, by their names."""
    derivation = bp.derive(read(what), wrt=wrt)
    exact = Exact(derivation.combined, inputs, field=field)
    return {name: exact.array(tensor) for name, tensor in derivation.gradients.items()}


def eighths(seed: int, **shapes: tuple[int, ...]) -> dict[str, Array]:
    """Random multiples of 1/8 between -2 and 2, which go everywhere without rounding."""
    rng = np.random.default_rng(seed)
    return {name: rng.integers(-16, 17, size=shape) / 8 for name, shape in shapes.items()}


def fractions(array: Any) -> Array:
    """The same numbers as fractions, to be computed with exactly."""
    result: Array = np.vectorize(Fraction, otypes=[object])(np.asarray(array, dtype=object))
    return result


@contextmanager
def precise() -> Iterator[None]:
    """Balls that a test itself computes with have as many bits as those it was given."""
    before = flint.ctx.prec
    flint.ctx.prec = 128
    try:
        yield
    finally:
        flint.ctx.prec = before


def equal(got: Array, expected: Any) -> bool:
    """Equal as fractions, element by element."""
    return bool(np.asarray(got).tolist() == np.asarray(expected).tolist())


def same(got: Any, expected: Any) -> bool:
    """The balls have a common point and are small: equal to some 30 digits, relative or next to 1."""
    pairs = zip(np.ravel(got), np.ravel(expected), strict=True)
    return all(a.overlaps(b) and max(float(a.rad()), float(b.rad())) <= RADIUS * (1 + abs(float(a))) for a, b in pairs)


def floats(array: Any) -> Array:
    """The midpoints of balls, or fractions, as float64."""
    result: Array = np.vectorize(float, otypes=[float])(np.asarray(array, dtype=object))
    return result

"""Rounding noise: how much an implementation's result jumps about when its inputs move by a last digit.

A right formula that cancels returns noise in some region, and so does every neighbour of a point there; a wrong formula returns
nearly the same wrong value at all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.protocol import Failure, Forward, Gradients, run
from verify.sampling import Case

Array = NDArray[Any]

NEIGHBOURS = 8
_UNITS = 4  # a right result moves by 4 u K: less than an eighth of what is taken for an error
_RIGHT = 1e-9
_SHARE = 1 / 8  # of the error, that a jump must have


def is_noise(
    vjp: Gradients | None, forward: Forward | None, case: Case, name: str, got: Array, expected: Array
) -> bool:
    """Whether the errors of an array are of the size of its jumps from one neighbour of the point to the next.

    Example:
        >>> x = np.array([1e6, 1e6 + 1, 1e6 + 3])
        >>> case = Case({}, {"x": x}, {}, {})
        >>> naive = lambda inputs, cotangents: {"x": np.array(np.mean(inputs["x"]**2) - np.mean(inputs["x"])**2)}
        >>> is_noise(naive, None, case, "x", naive({"x": x}, {})["x"], np.var(x))
        True
        >>> halved = lambda inputs, cotangents: {"x": np.array(np.var(inputs["x"])/2)}
        >>> is_noise(halved, None, case, "x", halved({"x": x}, {})["x"], np.var(x))
        False
    """
    rng = np.random.default_rng(case.seed)
    near = []
    for _ in range(NEIGHBOURS):
        inputs = {key: _beside(value, rng) for key, value in case.inputs.items()}
        found = run(vjp, forward, replace(case, inputs=inputs))
        if isinstance(found, Failure) or name not in found or found[name].shape != np.shape(got):
            return False
        near.append(np.asarray(found[name], dtype=np.float64))
    with np.errstate(all="ignore"):
        errors = np.abs(np.asarray(got, dtype=np.float64) - expected)
        wrong = errors > _RIGHT * np.abs(expected)
        values, errors, due = np.array([each[wrong] for each in near]), errors[wrong], np.asarray(expected)[wrong]
        # a mistake that some neighbours do not have is none of rounding: only wrong values are compared
        also = np.abs(values - due) > _RIGHT * np.abs(due)
        jumps = np.max(np.where(also, np.abs(values - np.asarray(got)[wrong]), 0.0), axis=0, initial=0.0)
        noisy = (2 * also.sum(axis=0) >= NEIGHBOURS) & (jumps >= _SHARE * errors)
    return bool(noisy.size) and bool(2 * noisy.sum() >= noisy.size)


def _beside(value: Array, rng: np.random.Generator) -> Array:
    """Each element a few units in the last place away; whole numbers stay, and so does 0."""
    if value.dtype.kind != "f":
        return value.copy()
    with np.errstate(over="ignore", invalid="ignore"):
        moved = value + rng.integers(-_UNITS, _UNITS + 1, value.shape) * np.spacing(value)
    return np.asarray(np.where((value == 0) | ~np.isfinite(moved), value, moved), dtype=value.dtype)

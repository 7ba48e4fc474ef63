"""What rounding leaves of a right formula far from ordinary inputs, told from a wrong one.

A right formula that cancels returns noise in some region, and so does every neighbour of a point there; a wrong formula returns
nearly the same wrong value at all of them.  Where the noise is lost as well (``1 - sigma(40)`` is 0), the error is not larger
than a few roundings of numbers as large as the same array has at ordinary inputs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from verify.compare import Comparison
from verify.generated import generated
from verify.precision import is_real, limits, roundings
from verify.protocol import Failure, Forward, Gradients, run
from verify.sampling import Case, sample
from verify.verdicts import Verdict
from verify.witnesses.balls import Truth, to_float

Array = NDArray[Any]

NEIGHBOURS = 8
_UNITS = 4  # a right result moves by 4 u K: less than an eighth of what is taken for an error
_RIGHT = 1e-9
_SHARE = 1 / 8  # of the error, that a jump must have


def less_noise(
    comparison: Comparison,
    got: Array,
    truth: Truth,
    name: str,
    vjp: Gradients | None,
    forward: Forward | None,
    dtype: Any,
    *,
    gentle: bool = False,
) -> Comparison:
    """What rounding leaves is *inaccurate*; a wrong formula is wrong at the neighbouring points too, and not by so little.

    At ordinary inputs (``gentle``) nothing but rounding excuses an error; far from them a right formula may also jump about, or
    have half of its digits: an approximation for large inputs, say.
    """
    if comparison.verdict is not Verdict.WRONG_FORMULA or comparison.worst is None:
        return comparison
    expected, eps = to_float(truth.values(name)), float(limits(dtype).eps)
    if is_rounding(truth.derivation, truth.case, name, got, expected, roundings(dtype)) or (
        not gentle and (_half_right(got, expected, eps) or is_noise(vjp, forward, truth.case, name, got, expected))
    ):
        return replace(comparison, verdict=Verdict.INACCURATE, inaccurate=(comparison.worst.index,))
    return comparison


def _half_right(got: Array, expected: Array, eps: float) -> bool:
    """Whether every element has half of the digits."""
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(got - expected) <= eps**0.5 * np.abs(expected)))


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


def is_rounding(derivation: Derivation, case: Case, name: str, got: Array, expected: Array, allowed: float) -> bool:
    """Whether all errors of an array are below a few roundings of what it is at ordinary inputs, under these cotangents.

    An output may be as large as the inputs on the way, too.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> elu = derive(get("elu"))
        >>> z, da = np.array([-40.0, -20.0]), np.ones(2)
        >>> case = Case({elu.program.dimensions[0]: 2}, {"z": z, "alpha": np.array(1.0)}, {}, {"a": da})
        >>> is_rounding(elu, case, "z", np.expm1(z) + 1, np.exp(z), 1e-14)  # from -37 on it is 0
        True
        >>> is_rounding(elu, case, "z", np.zeros(2), np.exp(z), 1e-14)
        False
    """
    size, seeds = _ordinary(derivation, name)
    own = max(map(_largest, case.cotangents.values()), default=0.0)
    if name in derivation.gradients:
        size *= own / seeds if seeds else 1.0
    else:
        size = max(size, *(_largest(value) for value in case.inputs.values() if is_real(value)))
    with np.errstate(all="ignore"):
        errors = np.abs(np.asarray(got, dtype=np.float64) - expected)
        wrong = ~(errors <= _RIGHT * np.abs(expected))
        return bool(np.all(errors[wrong] <= allowed * size))


# By identity, each entry with its derivation, so that no other gets its identity; the first ones are dropped.
_sizes: dict[int, tuple[Derivation, dict[str, float], float]] = {}
_MOST = 64


def _ordinary(derivation: Derivation, name: str) -> tuple[float, float]:
    """The largest element of an array at an ordinary point, and that of the cotangents there."""
    if id(derivation) not in _sizes:
        while len(_sizes) >= _MOST:
            del _sizes[next(iter(_sizes))]
        case = sample(derivation.program, 0, derivation=derivation)
        sizes = {key: _largest(value) for key, value in generated(derivation, case).items()}
        _sizes[id(derivation)] = derivation, sizes, max(map(_largest, case.cotangents.values()), default=0.0)
    _, sizes, seeds = _sizes[id(derivation)]
    return sizes[name], seeds


def _largest(value: Array) -> float:
    return float(np.max(np.abs(value), initial=0.0))


def _beside(value: Array, rng: np.random.Generator) -> Array:
    """Each element a few units in the last place away; whole numbers stay, and so does 0."""
    if not is_real(value):
        return value.copy()
    with np.errstate(over="ignore", invalid="ignore"):
        units = np.spacing(value).astype(np.float64) * rng.integers(-_UNITS, _UNITS + 1, value.shape)
        moved = (value.astype(np.float64) + units).astype(value.dtype)
    return np.asarray(np.where((value == 0) | ~np.isfinite(moved), value, moved), dtype=value.dtype)

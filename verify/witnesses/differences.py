"""Finite differences of a NumPy forward: relative steps, Richardson extrapolation, an error estimate of their own.

Nothing is compared at a fixed tolerance.  Each element's difference quotient is extrapolated over halving steps, its
error is estimated from the agreement between extrapolations and from the rounding of the forward, and a gradient is
judged only to that estimate.  At a kink the quotients from the two sides do not approach each other, and the gradient
has to lie between them.

Source: Ridders, *Accurate computation of F'(x) and F'(x)F''(x)*, Advances in Engineering Software 4, 1982.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.verdicts import Verdict

Array = NDArray[Any]
Objective = Callable[[Mapping[str, Array]], float]

_LEVELS = 7
_FIRST = 2.0**-4
_SAME = 1e-10  # a smaller relative difference is no other formula, whatever an estimate that happens to be low says
_SHARP = 1e-2  # a second look that is vaguer confirms nothing
_FINER = (10, 20, 30, 40, 50)  # binary orders by which steps are made smaller for a second look
_TRUST = 16.0  # an estimate may be off by this factor
# Relative steps, and the order of the differences, that show rounding.  Where values move by whole units of it with each step
# none shows, so that there are several, and no one a multiple of another.
_RIPPLES, _ORDER = (2.0**-20, 0.71 * 2.0**-22, 0.83 * 2.0**-24, 0.59 * 2.0**-26, 2.0**-30), 6
_BLUNT = 1e-4  # an estimate worse than this relative to the gradient decides nothing


@dataclass(frozen=True)
class Quotient:
    """A derivative by differences with its estimated error, and the two one-sided quotients at the smallest step.

    ``kinked`` says that the two sides do not approach each other as the step shrinks.
    """

    value: float
    error: float
    left: float
    right: float
    kinked: bool
    confirmed: bool = False  # a second look that bears a gradient out


@dataclass(frozen=True)
class Finding:
    """What differences say of one gradient: worst relative disagreement, the estimate that it was judged by, counts."""

    verdict: Verdict
    points: int
    error: float
    bound: float
    kinks: int = 0
    undecided: int = 0
    index: tuple[int, ...] | None = None
    detail: str = ""


def objective(
    forward: Callable[..., Mapping[str, Array]], fixed: Mapping[str, Any], cotangents: Mapping[str, Array]
) -> Objective:
    """``<cotangents, outputs>`` as a function of the inputs; a scalar output without a cotangent counts once."""

    def value(inputs: Mapping[str, Array]) -> float:
        outputs = forward(**{name: array.copy() for name, array in inputs.items()}, **fixed)
        total = 0.0
        for name, output in outputs.items():
            seed = cotangents.get(name)
            if seed is not None:
                total += float(np.sum(seed * output, dtype=np.float64))
            elif np.ndim(output) == 0:
                total += float(output)
        return total

    return value


def quotient(
    phi: Objective,
    inputs: Mapping[str, Array],
    name: str,
    position: tuple[int, ...],
    finer: int = 0,
    noise: float = 0.0,
) -> Quotient:
    """The derivative of ``phi`` in one element by Ridders' method, from a step that is ``2**finer`` times smaller.

    ``noise`` is what the forward is known to lose by rounding, beyond the rounding of its result.

    Example:
        >>> q = quotient(lambda v: float(np.exp(v["x"][0])), {"x": np.array([0.0])}, "x", (0,))
        >>> abs(q.value - 1) < 1e-11, q.error < 1e-9, q.kinked
        (True, True, False)
    """
    array = inputs[name]
    centre = float(array[position])
    typical = float(np.max(np.abs(array), initial=0.0))
    first = _FIRST * (abs(centre) or typical or 1.0) * 2.0**-finer
    base = phi(inputs)
    table: list[list[float]] = []
    gaps: list[float] = []
    rounding = 0.0
    best, error, left, right = np.nan, np.inf, np.nan, np.nan
    for level in range(_LEVELS):
        high, low = centre + first * 2.0**-level, centre - first * 2.0**-level
        above, below = _moved(phi, inputs, name, position, high), _moved(phi, inputs, name, position, low)
        with np.errstate(all="ignore"):
            row = [(above - below) / (high - low)]
            right, left = (above - base) / (high - centre), (base - below) / (centre - low)
            rounding = max(np.finfo(float).eps * (abs(above) + abs(below)), noise) / (high - low)
            for order, previous in enumerate(table[-1] if table else [], start=1):
                row.append(row[-1] + (row[-1] - previous) / (4.0**order - 1))
                guess = max(abs(row[-1] - row[-2]), abs(row[-1] - previous)) + 4 * rounding
                if guess < error:
                    best, error = row[-1], guess
        table.append(row)
        gaps.append(abs(right - left))
    # curvature makes the gap between the sides halve with the step; a kink leaves it as it is
    kinked = gaps[-1] > 0.6 * gaps[-3] and gaps[-1] > 1e-6 * (abs(left) + abs(right)) + 1e3 * rounding
    return Quotient(float(best), float(error), float(left), float(right), bool(kinked))


def noise(phi: Objective, inputs: Mapping[str, Array], name: str) -> float:
    """How far ``phi`` is from smooth along tiny steps: what rounding loses where large parts of it cancel.

    Differences of high order vanish for a smooth function; of values with errors of size 1 they have the size of the
    root of a binomial coefficient (Hamming, Introduction to Applied Numerical Analysis, 1971, section 6.5).

    Example:
        >>> x = {"x": np.linspace(0.0, 1.0, 50)}
        >>> noise(lambda v: float(np.sum(v["x"])), x, "x") < 1e-14
        True
        >>> noise(lambda v: float(np.sum(v["x"] + 1e6)) - 5e7, x, "x") > 1e-9
        True
    """
    array, found = inputs[name], [0.0]
    signs = np.random.default_rng(0).choice([-1.0, 1.0], array.shape)
    for step in _RIPPLES:
        with np.errstate(all="ignore"):
            values = [phi({**inputs, name: array * (1 + k * step * signs)}) for k in range(_ORDER + 2)]
            rest = np.abs(np.diff(values, _ORDER)).max() / np.sqrt(math.comb(2 * _ORDER, _ORDER))
        if np.isfinite(rest):
            found.append(float(rest))
    return max(found)


def _moved(phi: Objective, inputs: Mapping[str, Array], name: str, position: tuple[int, ...], value: float) -> float:
    array = inputs[name].copy()
    array[position] = value
    return phi({**inputs, name: array})


def judge(
    phi: Objective,
    inputs: Mapping[str, Array],
    name: str,
    gradient: Array,
    *,
    defined: Array | None = None,
    most: int = 32,
) -> Finding:
    """Compare a gradient with difference quotients, element by element.

    Elements where ``defined`` is false are left out.  Of more than ``most`` elements, evenly spread ones are taken.
    """
    shape = inputs[name].shape
    if np.shape(gradient) != shape:
        return Finding(Verdict.WRONG_FORMULA, 0, np.inf, 0.0, detail=f"shape {np.shape(gradient)} where {shape} is due")
    scale = float(np.max(np.abs(gradient), initial=0.0))
    worst, bound, kinks, undecided, points = 0.0, 0.0, 0, 0, 0
    if not np.isfinite(phi(inputs)):
        return Finding(Verdict.OUTSIDE, 0, 0.0, 0.0, detail="an output is not finite here: there are no differences")
    positions = [at for at in np.ndindex(*shape) if defined is None or defined[at]]
    lost = noise(phi, inputs, name) if positions else 0.0
    for position in positions[:: max(1, -(-len(positions) // most))]:
        got = float(np.asarray(gradient)[position])
        q = _close_enough(phi, inputs, name, position, got, lost)
        if not np.isfinite(q.value) or not np.isfinite(q.error):
            undecided += 1
            continue
        if q.kinked:
            kinks += 1
            low, high = sorted((q.left, q.right))
            width = (high - low) * 1.01
            if not low - width <= got <= high + width:
                detail = f"at a kink with slopes {q.left:.9g} and {q.right:.9g} the gradient is {got!r}"
                return Finding(Verdict.WRONG_FORMULA, points, np.inf, q.error, kinks, undecided, position, detail)
            continue
        size = max(abs(q.value), abs(got))
        allowed = _TRUST * q.error
        gap = abs(q.value - got)
        if not np.isfinite(got) or (gap > max(allowed, _SAME * size) and not q.confirmed):
            detail = f"differences give {q.value!r} +- {q.error:.2g}, the gradient is {got!r}"
            return Finding(
                Verdict.WRONG_FORMULA,
                points,
                gap / size if size else np.inf,
                q.error,
                kinks,
                undecided,
                position,
                detail,
            )
        if allowed > _BLUNT * max(size, scale) and size > 0:
            undecided += 1
            continue
        points += 1
        worst = max(worst, gap / size if size else 0.0)
        bound = max(bound, q.error / size if size else 0.0)
    verdict = Verdict.AGREES if points or kinks or not positions else Verdict.CANNOT_DECIDE
    if gradient.size and not positions:
        verdict = Verdict.OUTSIDE
    return Finding(verdict, points, worst, bound, kinks, undecided)


def _close_enough(
    phi: Objective, inputs: Mapping[str, Array], name: str, position: tuple[int, ...], got: float, lost: float
) -> Quotient:
    """The quotient from usual steps; from finer ones where only those see the slope (of ``x/sqrt(x**2 + 1e-8)`` at 0).

    A gradient that usual steps contradict is right only if finer ones confirm it sharply.
    """
    usual = quotient(phi, inputs, name, position, noise=lost)
    if _TRUST * usual.error >= abs(usual.value - got) and not usual.kinked:
        return usual
    for finer in _FINER:
        if finer > 30 and inputs[name][position]:
            break  # a step that rounding swallows
        q = quotient(phi, inputs, name, position, finer, lost)
        sharp = _TRUST * q.error <= _SHARP * max(abs(q.value), abs(usual.value))
        overturned = usual.kinked or abs(q.value - usual.value) > _TRUST * (usual.error + q.error)
        near = abs(q.value - got) <= max(_TRUST * q.error, _BLUNT * abs(q.value))
        if sharp and overturned and near and not q.kinked:
            return replace(q, confirmed=True)
        if q.kinked and not usual.kinked:
            return q  # the usual steps went past a second kink
    return usual

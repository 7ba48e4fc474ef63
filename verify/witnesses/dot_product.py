"""The dot-product identity ``<ybar, J v> = <J^T ybar, v>``: one number that every element of every gradient enters.

The left side is the slope of ``<ybar, y>`` along ``v``, by perturbing all inputs at once in high-precision ball
arithmetic: no rule of differentiation is used, and the derivation is not looked at.  The right side takes the gradients
under test.  (Claerbout, Imaging the Earth's Interior, 1985, section 5.1: the dot-product test.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from numeric.errors import Undecidable
from verify.sampling import Case
from verify.verdicts import Verdict
from verify.witnesses.directions import direction
from verify.witnesses.perturbation import BITS, Perturbation

Array = NDArray[Any]

RELATIVE = 1e-9
"""Of the sum of the terms' sizes, so that a cancelling sum is not held to digits that it cannot have."""

ROUNDINGS = 64

_FINEST = flint.arb(2) ** -300


@dataclass(frozen=True)
class Finding:
    """The verdict, the relative gap between both sides, and how many elements entered."""

    verdict: Verdict
    error: float
    points: int
    detail: str = ""


def identity(
    derivation: Derivation,
    case: Case,
    gradients: Mapping[str, Array],
    rng: np.random.Generator,
    condition: Callable[[str], Array] | None = None,
) -> Finding:
    """Compare both sides for one random direction in all differentiated inputs.

    ``condition(name)`` is asked where they differ: what rounding does to the gradient of each element anyway.

    Example:
        >>> import derive.registry, derive.reverse
        >>> from verify.sampling import sample
        >>> derivation = derive.reverse.derive(derive.registry.get("dense"))
        >>> case = sample(derivation.program, 3, derivation=derivation)
        >>> x, g = case.inputs, case.cotangents["Z"]
        >>> right = {"X": g @ x["W"].T, "W": x["X"].T @ g, "b": g.sum(axis=0)}
        >>> str(identity(derivation, case, right, np.random.default_rng(0)).verdict)
        'agrees'
        >>> wrong = {**right, "b": g.mean(axis=0)}
        >>> str(identity(derivation, case, wrong, np.random.default_rng(0)).verdict)
        'wrong formula'
    """
    along = {name: direction(rng, np.shape(case.inputs[name])) for name in gradients}
    moved = Perturbation(derivation.program, case.arguments(), case.cotangents, of=derivation.of)
    steps = {(name, position): Fraction(float(v)) for name, vs in along.items() for position, v in np.ndenumerate(vs)}
    points = len(steps)
    try:
        slopes = moved.along(steps)
    except Undecidable as reason:
        return Finding(Verdict.CANNOT_DECIDE, np.nan, points, str(reason))
    if not slopes.middle.is_finite():
        return Finding(Verdict.OUTSIDE, np.nan, points, "the slope along the direction is not finite")
    if not slopes.smooth:
        return Finding(Verdict.CANNOT_DECIDE, np.nan, points, "a kink lies here")
    if not all(np.all(np.isfinite(gradients[name])) for name in along):
        return Finding(Verdict.WRONG_FORMULA, np.inf, points, "a gradient is not finite where the slope is")
    with flint.ctx.workprec(BITS):
        total, size = flint.arb(0), flint.arb(0)
        for (name, position), step in steps.items():
            term = flint.arb(float(gradients[name][position])) * flint.arb(step.numerator) / step.denominator
            total, size = total + term, size + abs(term)
        gap, scale = abs(total - slopes.middle), size + abs(slopes.middle)
        if size.is_zero() and abs(slopes.middle) < _FINEST:
            return Finding(Verdict.AGREES, 0.0, points, "both sides are 0, as far as a perturbation can tell")
        error = float((gap / scale).mid()) if not scale.is_zero() else 0.0
    if error <= RELATIVE:
        return Finding(Verdict.AGREES, error, points)
    if condition is not None:
        rounding = sum(float(np.sum(condition(name) * np.abs(v))) for name, v in along.items())
        if float(gap.mid()) <= ROUNDINGS * np.finfo(float).eps * rounding:
            return Finding(Verdict.CANNOT_DECIDE, error, points, "rounding the inputs alone moves the gradients so far")
    sides = f"<ybar, J v> = {float(slopes.middle.mid())!r}, <J^T ybar, v> = {float(total.mid())!r}"
    return Finding(Verdict.WRONG_FORMULA, error, points, sides)


__all__ = ["RELATIVE", "Finding", "identity"]

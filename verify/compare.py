"""From numbers to verdicts: one array compared with the truth, element by element.

The rules, for one element with true value ``t``, got value ``g``, and unit roundoff ``u`` of the dtype:

* ``t`` not finite: *outside the domain*; there is nothing to agree with, and NaN never equals NaN.
* ``|g - t| <= max(1e-10 |t|, C u |t|)``: *agrees*.
* if the two one-sided derivatives differ, the element is on a kink, and a value between them is a *wrong convention*;
  beyond them it is a *wrong formula* (or *cannot decide*, as below).
* ``|g - t| <= C u K``: *agrees*.  ``K`` is the measured condition of the element (see
  :mod:`verify.witnesses.balls`: what rounding of the inputs and of accumulated results does to it, or of the sums
  within an equation), ``C`` = 64 allows for a few dozen roundings, and fewer in 16 bits
  (:func:`verify.precision.roundings`); for float32 the first bound, which is below its resolution, is left out.  A true
  value below the smallest normal number may also come out as anything below it (underflow), and one above the largest
  number as infinity.
* ``|g - t| <= 4 S``: *agrees*.  ``S`` is what one unit of the smallest number of the dtype in each accumulated
  intermediate below the smallest normal number does to the element (:mod:`verify.witnesses.ranges`).
* between the values that ``t`` has when what is computed only to be compared is rounded: *agrees*.  Which of two numbers
  is the larger one may be a matter of their last digits (:mod:`verify.witnesses.rounded`).
* otherwise, if a few roundings of the inputs move the whole array by a sixteenth of its size: *cannot decide*; no
  digit of it is determined in this dtype.
* otherwise, if an accumulated intermediate (a named sum, the sum of a mean, a state of a recurrence, or what is
  computed from one) truly leaves the range of the dtype, and the inputs are extreme: *outside the domain*; values
  behind it mean nothing.
* otherwise, ``|g - t| <= C u R`` with the measured roughness ``R``, or a value that is not finite at an extreme
  input: *inaccurate*.
* otherwise: *wrong formula*; :mod:`verify.noise` then looks at the array as a whole, and calls it *inaccurate* if no error
  is larger than what rounding leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.precision import limits, roundings
from verify.verdicts import Verdict, overall
from verify.witnesses.balls import MOST_BITS, Truth, distance, to_float
from verify.witnesses.perturbation import Slopes

Array = NDArray[Any]

RELATIVE = 1e-10
_UNITS = 4  # a number below the smallest normal one is a sum or a product of a few such numbers at most
_DOUBT = 1000  # three random changes all cancel to this share about once in 10^8 elements


@dataclass(frozen=True)
class Worst:
    """The element that decided a verdict, with all that is needed to look at it."""

    index: tuple[int, ...]
    got: float
    expected: float
    enclosure: str
    ulp: float

    def __str__(self) -> str:
        where = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        if np.isnan(self.expected):
            return f"{where} got {self.got!r}, with no true value to compare it with"
        size = "" if np.isnan(self.ulp) else f"{self.ulp:.3g} ULP; "
        return f"{where} got {self.got!r}, expected {self.expected!r} ({size}true value in {self.enclosure})"


@dataclass(frozen=True)
class Comparison:
    """The verdict on one array, its relative errors and its error in ULP, and its worst element."""

    verdict: Verdict
    points: int
    componentwise: float = 0.0
    normwise: float = 0.0
    ulp: float = 0.0
    worst: Worst | None = None
    kinks: int = 0
    note: str = ""
    inaccurate: tuple[tuple[int, ...], ...] = ()  # the elements that a better computation would get right


def relative_errors(got: Array, expected: Array) -> tuple[Array, float]:
    """Componentwise and normwise relative error; NaN on either side counts as infinitely wrong.

    Example:
        >>> errors, norm = relative_errors(np.array([1.0, np.nan]), np.array([1.0, np.nan]))
        >>> errors.tolist(), norm
        ([0.0, inf], inf)
    """
    got, expected = np.asarray(got, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    with np.errstate(all="ignore"):
        gap = np.abs(got - expected)
        errors = np.where(gap == 0, 0.0, gap / np.abs(expected))
        scale = np.max(np.abs(expected), initial=0.0)
        largest = np.max(gap, initial=0.0)
        norm = 0.0 if largest == 0 else largest / scale if scale else np.inf
    return np.where(np.isnan(errors), np.inf, errors), float(np.inf if np.isnan(norm) else norm)


def close(got: Array, expected: Array, relative: float = RELATIVE) -> bool:
    """Whether two finite arrays agree in every component and in norm; the quick way out when no dispute exists."""
    errors, norm = relative_errors(got, expected)
    return bool(np.all(errors <= relative) and norm <= relative)


def compare(got: Array, truth: Truth, name: str, *, dtype: Any = np.float64, gentle: bool = False) -> Comparison:
    """Judge one array (an output, or the gradient of an input) against the truth.

    ``gentle`` says that the inputs are ordinary: there a value that is not finite is a wrong formula, not an
    inaccuracy.
    """
    values = truth.values(name)
    got = np.asarray(got)
    if got.shape != values.shape:
        note = f"shape {got.shape} where {values.shape} is due"
        return Comparison(Verdict.WRONG_FORMULA, int(values.size), np.inf, np.inf, np.inf, note=note)
    if not values.size:
        return Comparison(Verdict.AGREES, 0, note="no elements")
    return _Judge(got, values, truth, name, dtype, gentle).result()


class _Judge:
    def __init__(self, got: Array, values: Array, truth: Truth, name: str, dtype: Any, gentle: bool) -> None:
        self.got, self.values, self.truth, self.name, self.gentle = got, values, truth, name, gentle
        self.info, self.dtype = limits(dtype), dtype
        self.expected = to_float(values, np.float64)
        self.gap = distance(got, values)
        self.undecided = truth.undecided(name)
        self.kinks = 0
        self.relative = RELATIVE if dtype == np.float64 else 0.0

    def result(self) -> Comparison:
        ulps = self.ulps()
        verdicts: dict[tuple[int, ...], Verdict] = {}
        # the largest errors first: one wrong formula settles the whole array
        rank = np.argsort(-np.nan_to_num(ulps, nan=np.inf), axis=None, kind="stable")
        for number in rank:
            position = tuple(int(i) for i in np.unravel_index(number, ulps.shape))
            verdicts[position] = self.element(position)
            if verdicts[position] is Verdict.WRONG_FORMULA:
                break
        verdict = overall(verdicts.values())
        finite = np.isfinite(self.expected)
        errors, norm = relative_errors(self.got[finite], self.expected[finite])
        at = next(position for position, found in verdicts.items() if found is verdict)
        worst = Worst(at, float(self.got[at]), float(self.expected[at]), self.values[at].str(17), float(ulps[at]))
        outside = sum(found is Verdict.OUTSIDE for found in verdicts.values())
        wide = int(np.sum(self.undecided))
        notes = [f"{outside} of {self.values.size} elements outside the domain"] * bool(outside)
        notes += [f"{wide} of {self.values.size} elements not enclosed by {MOST_BITS} bits"] * bool(wide)
        largest = float(np.nanmax(ulps, initial=0.0))
        return Comparison(
            verdict,
            int(self.values.size),
            float(np.max(errors, initial=0.0)),
            norm,
            largest,
            worst,
            self.kinks,
            "; ".join(notes),
            tuple(at for at, found in verdicts.items() if found is Verdict.INACCURATE),
        )

    def ulps(self) -> Array:
        with np.errstate(all="ignore"):
            size = np.minimum(np.abs(self.expected), float(self.info.max))
            spacing = np.spacing(size.astype(self.info.dtype)).astype(np.float64)
            return np.asarray(self.gap / spacing)

    def element(self, position: tuple[int, ...]) -> Verdict:
        if self.undecided[position]:
            return Verdict.CANNOT_DECIDE
        value, gap = self.values[position], self.gap[position]
        given, expected = float(self.got[position]), float(self.expected[position])
        if value.is_nan() or (not value.is_finite() and np.isnan(expected)):
            return Verdict.OUTSIDE
        allowed = roundings(self.dtype)
        if np.isfinite(given) and np.isfinite(expected) and gap <= max(self.relative, allowed) * abs(expected):
            return Verdict.AGREES  # the largest number of a dtype is also what a little more is rounded to
        if abs(expected) > float(self.info.max):
            same = np.isinf(given) and np.sign(given) == np.sign(expected)
            # what the dtype cannot hold may overflow in its parts, to either side
            beyond = (
                np.isinf(expected) or not np.isfinite(given) or self.truth.overflows(self.name, float(self.info.max))
            )
            return Verdict.AGREES if same else Verdict.OUTSIDE if beyond else Verdict.INACCURATE
        if not np.isfinite(given):
            if self.gentle:
                return Verdict.WRONG_FORMULA
            return Verdict.OUTSIDE if self.truth.overflows(self.name, float(self.info.max)) else Verdict.INACCURATE
        tiny = float(self.info.tiny)
        if abs(expected) < tiny and abs(given) < 2 * tiny:
            return Verdict.AGREES
        slopes = self.slopes(position)
        if slopes is not None and slopes.known and (kink := self.kink(slopes, given, expected)) is not None:
            beyond = kink is Verdict.WRONG_FORMULA  # of both sides: unless no digit means anything here
            return Verdict.CANNOT_DECIDE if beyond and self.truth.undetermined(self.name) else kink
        if self.within(self.truth.condition, position, gap / allowed):
            return Verdict.AGREES
        if self.within(self.truth.summation, position, gap / allowed):
            return Verdict.AGREES
        if self.within(self.truth.underflow, position, gap / _UNITS):
            return Verdict.AGREES
        if self.chosen(position, given - expected, allowed):
            return Verdict.AGREES
        if self.truth.undetermined(self.name):
            return Verdict.CANNOT_DECIDE
        if not self.gentle and self.truth.overflows(self.name, float(self.info.max)):
            return Verdict.OUTSIDE  # a state that is infinite leaves finite values behind it that mean nothing
        if self.within(self.truth.roughness, position, gap / allowed):
            return Verdict.INACCURATE
        return Verdict.WRONG_FORMULA

    def within(self, scale: Callable[..., Array], position: tuple[int, ...], gap: float) -> bool:
        """Whether an error scale explains a gap; before a fault is reported it is measured with more random changes.

        At ordinary inputs that is left out where the gap is much larger.  Elsewhere few changes out of many may be those
        that matter: the ones that take a pre-activation over a kink.
        """
        found = float(scale(self.name)[position])
        far = self.gentle and gap > _DOUBT * found
        return gap <= found or (not far and gap <= float(scale(self.name, sure=True)[position]))

    def chosen(self, position: tuple[int, ...], error: float, allowed: float) -> bool:
        """Whether other choices between numbers that rounding does not tell apart lead there."""
        down, up = (float(bound[position]) for bound in self.truth.choices(self.name))
        return down != up and down * (1 + allowed) <= error <= up * (1 + allowed)

    def slopes(self, position: tuple[int, ...]) -> Slopes | None:
        """The derivatives from both sides; ``None`` where there is no kink that they could tell of."""
        if self.name not in self.truth.derivation.gradients or not self.truth.kinks:
            return None
        return self.truth.slopes(self.name, position)

    def kink(self, slopes: Slopes, given: float, expected: float) -> Verdict | None:
        """The verdict at a kink, or ``None`` where the gradient is smooth."""
        sides = [float(slopes.left), float(slopes.right), expected]
        # several kinks may meet in one element; other choices at each of them lie within one width of these
        width = (max(sides) - min(sides)) * (1 + 1e-6)
        if slopes.smooth or abs(given - expected) <= 1e-3 * width:
            return None
        self.kinks += 1
        return Verdict.WRONG_CONVENTION if min(sides) - width <= given <= max(sides) + width else Verdict.WRONG_FORMULA

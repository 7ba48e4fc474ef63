"""Ball arithmetic: rigorous enclosures of a program's outputs and gradients, and how well they are conditioned.

This is the tie-breaker between all other witnesses.  Beside the true values it gives two error scales per element, both
measured and not chosen.

*Condition*: what a relative perturbation of the inputs does to the element, and of those named intermediates that are
accumulated (a sum, a recurrence, or computed from one).  An elementwise function is held to the condition of its
inputs alone: ``1 - sigma(z)`` for ``sigma(-z)`` is a loss that can be avoided.  Behind a sum of many terms the
rounding of its result cannot.

*Roughness*: what a relative perturbation of the inputs and of every named intermediate does.  That is what rounding
does in the equations as they are written; an error of that size is inaccuracy, and a larger one is a wrong formula.

*Underflow*: what the few digits of intermediates below the smallest normal number do to an element, where they are
accumulated (:mod:`verify.witnesses.ranges`).

*Summation* and *choices*: what rounding does to sums that have no name, and to numbers that are only compared
(:mod:`verify.witnesses.rounded`).

An input element at a closed end of its declared domain (a label 0 or 1) is taken as exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from derive.program import Tensor
from numeric.errors import Undecidable
from numeric.exact import Exact, Plans, Share
from verify.domains import bounds_of
from verify.precision import limits
from verify.sampling import Case
from verify.witnesses.perturbation import Perturbation, Slopes
from verify.witnesses.ranges import Means, Underflow
from verify.witnesses.rounded import Rounded, compared, sums
from verify.witnesses.structure import accumulated, has_kinks
from verify.witnesses.watched import Shaken

Array = NDArray[Any]

_BITS = (192, 640, 1800)
MOST_BITS = _BITS[-1]
_ACCURATE = 80  # relative bits that an enclosure must have
_NUDGES = (1, 4, 16)  # units of roundoff: what one rounding does, and what a few of them do together
_MORE = (1,) * 4  # further draws, before a fault is reported
_SHAKES = (
    16  # of intermediates, before a fault is reported: a choice between two numbers is the other one in every second
)
_ALONE = len(_NUDGES) + len(_MORE)  # the draw for each tensor alone
_ZERO = flint.arb(2) ** -1080  # below half of the smallest double: nothing in floating point can tell it from 0
_CHAOS = 1 / 16  # a whole array that moves by this share under a few roundings has no digit to compare


class Truth:
    """True outputs and gradients of a derivation at one point, computed when asked for.

    ``plans`` may be shared with the truths at other points of the same derivation.

    ``values(name)`` are balls for an output or for the gradient of an input; ``condition(name)`` and
    ``roughness(name)`` are arrays of absolute changes per unit of relative perturbation.
    """

    def __init__(
        self, derivation: Derivation, case: Case, dtype: Any = np.float64, *, plans: Plans | None = None
    ) -> None:
        self.derivation, self.case = derivation, case
        self._plans = plans or Plans(derivation.combined)
        self._unit = Fraction(float(limits(dtype).eps)) / 2
        self._tensors = {**{name: name for name in derivation.program.outputs}, **dict(derivation.gradients)}
        self._evaluations: dict[int, Exact] = {}
        self._values: dict[str, Array] = {}
        self._undecided: dict[str, Array] = {}
        self._changes: dict[tuple[bool, bool], list[tuple[Fraction, Exact]]] = {}
        self._scales: dict[tuple[str, bool, bool], Array] = {}
        self._alone: dict[tuple[str, bool], Exact] = {}
        self._loose: dict[str, bool] = {}
        self._overflows: dict[float, bool] = {}
        self._sums: dict[str, Any] = {}
        self._perturbation: Perturbation | None = None
        self._underflow = Underflow(dtype, accumulated(derivation.combined))
        self._choices = Rounded(dtype, compared(derivation.combined))
        self._totals = Rounded(dtype, sums(derivation.combined))
        self._shaken_plans: dict[Shaken, Plans] = {}
        self._moves: dict[tuple[Shaken, str, bool], tuple[Array, Array]] = {}
        self.kinks = has_kinks(derivation.program)

    @property
    def names(self) -> tuple[str, ...]:
        """Outputs, and inputs that have a gradient."""
        return tuple(self._tensors)

    def values(self, name: str) -> Array:
        """Balls of at least 80 relative bits, or indistinguishable from 0, or not finite where nothing is defined.

        Where ``undecided(name)`` holds, 1,800 bits did not decide: two numbers that are compared cannot be told apart,
        it cannot be told whether a function is defined, or a number is too large to be enclosed; the value is NaN there.
        """
        if name not in self._values:
            self._values[name], self._undecided[name] = self._enclose(self._tensors[name])
        return self._values[name]

    def undecided(self, name: str) -> Array:
        """Which elements could not be enclosed."""
        self.values(name)
        return self._undecided[name]

    def overflows(self, name: str, limit: float) -> bool:
        """Whether an accumulated intermediate, a state of a recurrence say, truly leaves this range, or a sum on the
        way to this array of which a mean is made.

        Such a value has to be computed, whatever computes it: a naive exponential of an input need not be.
        """
        return self._state_overflows(limit) or bool(self._largest_sum(name) > limit)

    def _largest_sum(self, name: str) -> Any:
        if name not in self._sums:
            means = Means(self.derivation.combined)
            if means.sums:
                plans = Plans(self.derivation.combined, means.compiler)
                given = self.case.exact(self.derivation)
                _elements(Exact(self.derivation.combined, given, bits=_BITS[0], plans=plans), self._tensors[name])
            self._sums[name] = means.largest
        return self._sums[name]

    def _state_overflows(self, limit: float) -> bool:
        if limit not in self._overflows:
            program = self.derivation.program
            states = {
                e.target for g in self.derivation.combined.groups if g.direction for e in (*g.starts, *g.equations)
            }
            inside = sorted(states | (accumulated(program) - {*program.outputs}))
            with flint.ctx.workprec(_BITS[0]):
                exact = self._unmoved(_BITS[0])
                self._overflows[limit] = any(
                    abs(value) > limit for name in inside for value in _elements(exact, name).flat
                )
        return self._overflows[limit]

    def _enclose(self, tensor: str) -> tuple[Array, Array]:
        shape = self._unmoved(_BITS[0]).shape(tensor)
        array, undecided = np.full(shape, flint.arb.nan(), dtype=object), np.ones(shape, dtype=bool)
        unknown = np.zeros(shape, dtype=bool)
        for bits in _BITS:
            exact = self._unmoved(bits)
            for position in np.argwhere(undecided):
                at = tuple(int(i) for i in position)
                try:
                    value = exact.value(tensor, at)
                except Undecidable:
                    continue
                if value.is_nan():
                    unknown[at] = True
                elif _settled(value):
                    array[at], undecided[at] = value, False
            if not undecided.any():
                break
        # too few bits for a large number make NaN too, of infinity over infinity: it is believed where more bits do not say better
        return array, undecided & ~unknown

    def _unmoved(self, bits: int) -> Exact:
        """The program at the point itself; what one gradient needs, the others need as well."""
        if bits not in self._evaluations:
            self._evaluations[bits] = self._exact(bits)
        return self._evaluations[bits]

    def _exact(self, bits: int, perturb: Mapping[Any, Any] | None = None) -> Exact:
        given = self.case.exact(self.derivation)
        return Exact(self.derivation.combined, given, bits=bits, perturb=perturb or {}, plans=self._plans)

    def condition(self, name: str, *, sure: bool = False) -> Array:
        """The change of each element per unit of relative change of inputs and accumulated intermediates.

        The largest of a few random changes; ``sure`` adds further ones, since in a single one the changes of two
        numbers that are subtracted may nearly cancel, and the sum of what each tensor does alone.  The condition
        number, ``sum(|x*dy/dx|)`` over all elements x (Higham, Accuracy and Stability of Numerical Algorithms, 2002,
        section 1.6), is never below any of them.
        """
        return self._scale(name, False, sure)

    def roughness(self, name: str, *, sure: bool = False) -> Array:
        """The change of each element per unit of relative change of inputs and all named intermediates."""
        return np.maximum(self._scale(name, True, sure), self._scale(name, False, sure))

    def underflow(self, name: str, *, sure: bool = False) -> Array:
        """The change of each element when accumulated numbers that underflow change by the smallest number of the dtype.

        The largest of a few random changes; ``sure`` adds further ones.
        """
        lowest, highest = self._shaken(self._underflow, name, sure)
        return np.maximum(-lowest, highest)

    def summation(self, name: str, *, sure: bool = False) -> Array:
        """The change of each element per unit of relative change of sums that have no name of their own."""
        if not self._totals.expressions:
            return np.zeros(self.values(name).shape)
        lowest, highest = self._shaken(self._totals, name, sure)
        return np.maximum(-lowest, highest) / self._totals.most

    def choices(self, name: str) -> tuple[Array, Array]:
        """How far each element goes down and up when what is computed to be compared changes by a few roundings."""
        if not self._choices.expressions:
            return (np.zeros(self.values(name).shape),) * 2
        return self._shaken(self._choices, name, True)

    def _shaken(self, by: Shaken, name: str, sure: bool) -> tuple[Array, Array]:
        key = by, name, sure
        if key not in self._moves:
            given, tensor, program = self.case.exact(self.derivation), self._tensors[name], self.derivation.combined
            plans = self._shaken_plans.setdefault(by, Plans(program, by.compiler))
            base = _elements(self._unmoved(_BITS[1]), tensor)
            lowest, highest = np.zeros(base.shape), np.zeros(base.shape)
            for number in range(_SHAKES if sure else len(_NUDGES)):
                by.draw(number)
                moved = _elements(Exact(program, given, bits=_BITS[1], plans=plans), tensor)
                with flint.ctx.workprec(_BITS[1]):
                    changes = [float((m - b).mid()) for m, b in zip(moved.flat, base.flat, strict=True)]
                change = np.reshape(changes, base.shape)
                lowest, highest = np.fmin(lowest, change), np.fmax(highest, change)
            self._moves[key] = lowest, highest
        return self._moves[key]

    def undetermined(self, name: str) -> bool:
        """Whether a few roundings of the inputs move the array as a whole: no computation in this dtype can be right."""
        self.condition(name)
        return self._loose[name]

    def slopes(self, argument: str, position: tuple[int, ...]) -> Slopes:
        """One-sided derivatives of the forward program in one input element, without the derivation."""
        if self._perturbation is None:
            program = self.derivation.program
            given = self.case.arguments()
            plans = self._plans.beside(program)
            self._perturbation = Perturbation(program, given, self.case.cotangents, of=self.derivation.of, plans=plans)
        try:
            return self._perturbation.slopes(argument, position)
        except Undecidable:
            return Slopes(flint.arb.nan(), flint.arb.nan())

    def _scale(self, name: str, everything: bool, sure: bool) -> Array:
        key = name, everything, sure
        if key not in self._scales:
            found = self._measured(name, everything, sure)
            self._scales[key] = np.maximum(found, self._scale(name, everything, False)) if sure else found
        return self._scales[key]

    def _measured(self, name: str, everything: bool, sure: bool) -> Array:
        base = self.values(name)
        scale, moves = np.zeros(base.shape), np.zeros(base.shape)
        with flint.ctx.workprec(_BITS[1]):
            changes = [
                (size, _ball(size), _elements(change, self._tensors[name]))
                for size, change in self._changed(everything, sure)
            ]
            for position, value in np.ndenumerate(base):
                found = [_float(abs(value))]
                for size, ball, change in changes:
                    moved = (change[position] - value) / ball
                    if moved.is_finite():
                        found.append(_float(abs(moved)))
                        moves[position] = max(float(moves[position]), float(size) * found[-1])
                    elif everything:
                        found.append(np.inf)  # rounding alone can leave the domain
                scale[position] = max(found)
            if sure:
                scale = np.maximum(scale, self._added_up(name, everything))
        if not everything and not sure:
            sizes_of = np.abs(to_float(base))
            largest = float(np.max(sizes_of, initial=0.0, where=np.isfinite(sizes_of)))
            self._loose[name] = bool(np.max(moves, initial=0.0) > _CHAOS * largest)
        return scale

    def _added_up(self, name: str, everything: bool) -> Array:
        """What moving one tensor alone by its unit does to each element, added up over the tensors."""
        base = self.values(name)
        total, unit = np.zeros(base.shape), _ball(self._unit)
        for tensor in self._moving(everything):
            key = tensor.name, everything
            if key not in self._alone:
                self._alone[key] = self._nudged(everything, self._unit, _ALONE, tensor.name)
            change = _elements(self._alone[key], self._tensors[name])
            for position, value in np.ndenumerate(base):
                moved = (change[position] - value) / unit
                total[position] += _float(abs(moved)) if moved.is_finite() else 0.0
        return total

    def _changed(self, everything: bool, sure: bool) -> list[tuple[Fraction, Exact]]:
        key = everything, sure
        if key not in self._changes:
            sizes = [number * self._unit for number in (_MORE if sure else _NUDGES)]
            first = len(_NUDGES) if sure else 0
            self._changes[key] = [
                (size, self._nudged(everything, size, number)) for number, size in enumerate(sizes, first)
            ]
        return self._changes[key]

    def _moving(self, everything: bool) -> list[Tensor]:
        """The tensors whose elements are taken for rounded."""
        program = self.derivation.combined
        sums = accumulated(program)
        return [
            tensor
            for tensor in program.tensors.values()
            if not tensor.integer
            and (everything or tensor.role in ("input", "hyper", "cotangent") or tensor.name in sums)
        ]

    def _nudged(self, everything: bool, size: Fraction, number: int, only: str | None = None) -> Exact:
        """The program with every input and intermediate element moved up or down by about this relative size.

        No two elements move by the same share: else P and Y would move together in P - Y, and hide its cancellation.
        One tensor alone moves by the whole size, in either direction.
        """
        rng = np.random.default_rng([self.case.seed, number])
        base = self._unmoved(_BITS[1])
        perturb: dict[tuple[str, tuple[int, ...]], Any] = {}
        for tensor in self._moving(everything):
            if only not in (None, tensor.name):
                continue
            array = _elements(base, tensor.name)
            exact = np.zeros(array.shape, dtype=bool)
            if tensor.name in self.case.inputs:
                exact |= _ends(tensor, self.case)
            least = 2**30 if only is None else 2**31 - 1
            shares = rng.integers(least, 2**31, array.shape) * rng.choice([-1, 1], array.shape)
            with flint.ctx.workprec(_BITS[1]):
                unit = _ball(size / 2**31)
                for position, value in np.ndenumerate(array):
                    if value.is_finite() and not exact[position]:
                        # a share of what the element becomes: a fixed change of a probability that has become
                        # much smaller would make it negative
                        perturb[tensor.name, position] = Share(unit * int(shares[position]))
        return self._exact(_BITS[1], perturb)


def _elements(exact: Exact, name: str) -> Array:
    """All elements of a tensor as balls, those about which nothing can be decided as NaN; the others are not lost by them."""
    with suppress(Undecidable):
        return exact.array(name)
    found = np.full(exact.shape(name), flint.arb.nan(), dtype=object)
    for position in np.ndindex(*found.shape):
        try:
            found[position] = exact.value(name, position)
        except Undecidable:
            continue
    return found


def _ends(tensor: Tensor, case: Case) -> Array:
    """Where an input sits at a closed end of its declared domain."""
    value = case.inputs[tensor.name]
    bounds = bounds_of(tensor, case.sizes)
    return np.asarray(((value == bounds.lo) & (not bounds.lo_open)) | ((value == bounds.hi) & (not bounds.hi_open)))


def _settled(value: Any) -> bool:
    if value.is_exact():
        return True
    if not value.is_finite():
        return False  # any number at all: an exponent beyond those of balls
    return bool(value.rel_accuracy_bits() >= _ACCURATE or abs(value) < _ZERO)


def _ball(number: Fraction) -> Any:
    return flint.arb(flint.fmpq(number.numerator, number.denominator))


def _float(ball: Any) -> float:
    return float(ball.mid()) if ball.is_finite() else float("nan")


def to_float(values: Array, dtype: Any = np.float64) -> Array:
    """The midpoints of balls rounded to a float type (the correctly rounded truth, up to ties)."""
    rounded = np.empty(values.shape, dtype=dtype)
    with np.errstate(over="ignore", under="ignore"):
        for position, value in np.ndenumerate(values):
            rounded[position] = float("nan") if value.is_nan() else dtype(float(value.mid()))
    return rounded


def distance(got: Array, values: Array) -> Array:
    """|got - truth| for each element, evaluated with balls so that no cancellation spoils it."""
    gap = np.empty(values.shape)
    with flint.ctx.workprec(_BITS[1]):
        for position, value in np.ndenumerate(values):
            given = float(got[position])
            finite = np.isfinite(given) and value.is_finite()
            gap[position] = float(abs(flint.arb(given) - value).mid()) if finite else float("nan")
    return gap

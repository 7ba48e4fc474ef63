"""Ball arithmetic: rigorous enclosures of a program's outputs and gradients, and how well they are conditioned.

This is the tie-breaker between all other witnesses.  Beside the true values it gives two error scales per element, both
measured and not chosen.

*Condition*: what a relative perturbation of the inputs does to the element, and of those named intermediates that are
accumulated (a sum, a recurrence, or computed from one).  An elementwise function is held to the condition of its
inputs alone: ``1 - sigma(z)`` for ``sigma(-z)`` is a loss that can be avoided.  Behind a sum of many terms the
rounding of its result cannot.

*Roughness*: what a relative perturbation of the inputs and of every named intermediate does.  That is what rounding
does in the equations as they are written; an error of that size is inaccuracy, and a larger one is a wrong formula.

An input element at a closed end of its declared domain (a label 0 or 1) is taken as exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from derive.nodes import Reduce
from derive.program import Program, Tensor
from numeric.errors import Undecidable
from numeric.exact import Exact
from verify.domains import bounds_of
from verify.sampling import Case
from verify.witnesses.perturbation import Perturbation, Slopes

Array = NDArray[Any]

_BITS = (192, 640, 1800)
_ACCURATE = 80  # relative bits that an enclosure must have
_NUDGE = Fraction(1, 2**60)
_NUDGES = 3
_ZERO = 2.0**-1080  # below half of the smallest double: nothing in floating point can tell it from 0


class Truth:
    """True outputs and gradients of a derivation at one point, computed when asked for.

    ``values(name)`` are balls for an output or for the gradient of an input; ``condition(name)`` and
    ``roughness(name)`` are arrays of absolute changes per unit of relative perturbation.
    """

    def __init__(self, derivation: Derivation, case: Case) -> None:
        self.derivation, self.case = derivation, case
        self._tensors = {**{name: name for name in derivation.program.outputs}, **dict(derivation.gradients)}
        self._values: dict[str, Array] = {}
        self._changes: dict[bool, list[dict[str, Array]]] = {}
        self._perturbation: Perturbation | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Outputs, and inputs that have a gradient."""
        return tuple(self._tensors)

    def values(self, name: str) -> Array:
        """Balls of at least 80 relative bits, or indistinguishable from 0, or not finite where nothing is defined.

        Raises:
            Undecidable: two numbers that are compared cannot be told apart at any precision tried.
        """
        if name not in self._values:
            self._values[name] = self._enclose(self._tensors[name])
        return self._values[name]

    def _enclose(self, tensor: str) -> Array:
        reason: Undecidable | None = None
        array: Array | None = None
        for bits in _BITS:
            try:
                array = self._exact(bits).array(tensor)
            except Undecidable as undecided:
                reason = undecided
                continue
            if all(_settled(value) for value in array.flat):
                return array
        if array is None:
            raise reason or Undecidable(f"{tensor} could not be enclosed")
        return array

    def _exact(self, bits: int, perturb: Mapping[Any, Any] | None = None) -> Exact:
        return Exact(self.derivation.combined, self.case.exact(self.derivation), bits=bits, perturb=perturb or {})

    def condition(self, name: str) -> Array:
        """The change of each element per unit of relative change of inputs and accumulated intermediates."""
        return self._scale(name, everything=False)

    def roughness(self, name: str) -> Array:
        """The change of each element per unit of relative change of inputs and all named intermediates."""
        return np.maximum(self._scale(name, everything=True), self._scale(name, everything=False))

    def slopes(self, argument: str, position: tuple[int, ...]) -> Slopes:
        """One-sided derivatives of the forward program in one input element, without the derivation."""
        if self._perturbation is None:
            program = self.derivation.program
            given = self.case.arguments()
            self._perturbation = Perturbation(program, given, self.case.cotangents, of=self.derivation.of)
        return self._perturbation.slopes(argument, position)

    def _scale(self, name: str, *, everything: bool) -> Array:
        base = self.values(name)
        if everything not in self._changes:
            self._changes[everything] = [self._nudged(everything, number) for number in range(_NUDGES)]
        unit = flint.arb(flint.fmpq(_NUDGE.numerator, _NUDGE.denominator))
        scale = np.zeros(base.shape)
        with flint.ctx.workprec(_BITS[1]):
            for position, value in np.ndenumerate(base):
                sizes = [_float(abs(value))]
                for change in self._changes[everything]:
                    moved = (change[name][position] - value) / unit if name in change else None
                    if moved is not None and moved.is_finite():
                        sizes.append(_float(abs(moved)))
                    elif everything:
                        sizes.append(np.inf)  # rounding alone can leave the domain
                scale[position] = max(sizes)
        return scale

    def _nudged(self, everything: bool, number: int) -> dict[str, Array]:
        """Outputs and gradients with every input and intermediate element moved by a random relative 2^-60."""
        rng = np.random.default_rng([self.case.seed, number])
        base = self._exact(_BITS[1])
        moving = accumulated(base.program)
        perturb: dict[tuple[str, tuple[int, ...]], Any] = {}
        for tensor in base.program.tensors.values():
            given = tensor.role in ("input", "hyper", "cotangent")
            if tensor.integer or not (given or everything or tensor.name in moving):
                continue
            try:
                array = base.array(tensor.name)
            except Undecidable:
                continue
            exact = np.zeros(array.shape, dtype=bool)
            if tensor.name in self.case.inputs:
                exact |= _ends(tensor, self.case)
            with flint.ctx.workprec(_BITS[1]):
                for position, value in np.ndenumerate(array):
                    factor = Fraction(int(rng.choice([-4, -3, 3, 4])), 4) * _NUDGE
                    if value.is_finite() and not exact[position]:
                        moved = value * flint.arb(flint.fmpq(factor.numerator, factor.denominator))
                        perturb[tensor.name, position] = moved
        moved_program = self._exact(_BITS[1], perturb)
        result = {}
        for name, tensor_name in self._tensors.items():
            try:
                result[name] = moved_program.array(tensor_name)
            except Undecidable:
                continue
        return result


def accumulated(program: Program) -> frozenset[str]:
    """The tensors that are sums of many terms, or recurrences, or computed from such.

    Example:
        >>> import derive.registry
        >>> sorted(accumulated(derive.registry.get("logistic_regression").program))
        ['L', 'p', 'z']
        >>> accumulated(derive.registry.get("sigmoid").program)
        frozenset()
    """
    found: set[str] = set()
    while True:
        more = {
            equation.target
            for equation in program.equations
            if equation.rhs.has(Reduce) or equation.target in equation.reads() or equation.reads() & found
        }
        if more <= found:
            return frozenset(found)
        found |= more


def _ends(tensor: Tensor, case: Case) -> Array:
    """Where an input sits at a closed end of its declared domain."""
    value = case.inputs[tensor.name]
    bounds = bounds_of(tensor, case.sizes)
    return np.asarray(((value == bounds.lo) & (not bounds.lo_open)) | ((value == bounds.hi) & (not bounds.hi_open)))


def _settled(value: Any) -> bool:
    if value.is_exact() or not value.is_finite():
        return True
    return bool(value.rel_accuracy_bits() >= _ACCURATE or abs(value) < _ZERO)


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

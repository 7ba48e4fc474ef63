"""Derivatives by perturbing one element in high-precision ball arithmetic: no rule of differentiation is used.

With step ``h = 2^-200`` and 640 bits, ``(f(x + h) - f(x - h)) / 2h`` has a truncation error of about 2^-400 and a
rounding error of about 2^-440, so it agrees with the true derivative to far more digits than any float; at a kink
the two one-sided quotients differ, and that is how kinks are found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from derive.program import Program
from numeric.exact import Plans
from numeric.tracing import Traced

STEP = Fraction(1, 2**200)
BITS = 640
Position = tuple[int, ...]
Seeds = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Slopes:
    """The derivative from the left and from the right, as balls."""

    left: Any
    right: Any

    @property
    def middle(self) -> Any:
        with flint.ctx.workprec(BITS):
            return (self.left + self.right) / 2

    @property
    def known(self) -> bool:
        """Whether both are numbers; where another part of the output is undefined they are not."""
        return bool(self.left.is_finite() and self.right.is_finite())

    @property
    def smooth(self) -> bool:
        """Whether both sides agree to 2^-100 of their size: no kink here."""
        with flint.ctx.workprec(BITS):
            gap = abs(self.left - self.right)
            size = abs(self.left) + abs(self.right)
            return bool(gap <= size * 2.0**-100 + 2.0**-150)


class Perturbation:
    """Total derivatives of ``<cotangents, outputs>`` of a program in any element of any of its tensors.

    An element is perturbed right after it is computed and everything downstream is evaluated again, so an
    intermediate, a state of a recurrence and an input are treated alike.  ``cotangents`` maps output names to arrays
    (a scalar output may be missing: its cotangent is 1).

    Example:
        >>> import derive.registry
        >>> program = derive.registry.get("dense").program
        >>> inputs = {"X": np.array([[2.0]]), "W": np.array([[3.0]]), "b": np.array([1.0])}
        >>> float(Perturbation(program, inputs, {"Z": np.array([[1.0]])}).slopes("X", (0, 0)).middle)
        3.0
    """

    def __init__(
        self,
        program: Program,
        inputs: Mapping[str, Any],
        cotangents: Seeds,
        *,
        of: tuple[str, ...] = (),
        plans: Plans | None = None,
    ) -> None:
        self.program, self.inputs, self.cotangents = program, inputs, cotangents
        self.of = of or program.outputs
        self._slopes: dict[tuple[str, Position], Slopes] = {}
        self._base: Any = None
        self._unmoved: Traced | None = None
        self._plans = plans or Plans(program)

    def objective(self, perturb: Mapping[tuple[str, Position], Any]) -> Any:
        """``<cotangents, outputs>`` as a ball, with some elements perturbed."""
        if self._unmoved is None:
            self._unmoved = Traced(self.program, self.inputs, bits=BITS, plans=self._plans)
        exact = self._unmoved.moved(perturb) if perturb else self._unmoved
        total = flint.arb(0)
        with flint.ctx.workprec(BITS):
            for name in self.of:
                seeds = self.cotangents.get(name)
                for position, value in np.ndenumerate(exact.array(name)):
                    total += value if seeds is None else exact.field.number(seeds[position]) * value
        return total

    def slopes(self, name: str, position: Position) -> Slopes:
        """The two one-sided derivatives in one element, remembered."""
        key = (name, position)
        if key not in self._slopes:
            if self._base is None:
                self._base = self.objective({})
            above = self.objective({key: STEP})
            below = self.objective({key: -STEP})
            self._slopes[key] = Slopes(_quotient(self._base, below), _quotient(above, self._base))
        return self._slopes[key]

    def along(self, directions: Mapping[tuple[str, Position], Any]) -> Slopes:
        """The one-sided derivatives along a direction: every listed element moves by its component times the step."""
        if self._base is None:
            self._base = self.objective({})
        above = self.objective({key: STEP * Fraction(value) for key, value in directions.items()})
        below = self.objective({key: -STEP * Fraction(value) for key, value in directions.items()})
        return Slopes(_quotient(self._base, below), _quotient(above, self._base))


def _quotient(high: Any, low: Any) -> Any:
    with flint.ctx.workprec(BITS):
        return (high - low) * flint.arb(2) ** 200

"""What a mutant is: a gradient that is wrong in one place, as a program of equations or as a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray
from sympy import Expr

from derive.derivation import Derivation
from derive.program import Equation, Program
from derive.text import equation_text

Array = NDArray[Any]
Gradients = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Array]]


@dataclass(frozen=True)
class Mutant:
    """A wrong gradient of one operation.

    ``make`` returns a fresh function ``vjp(inputs, cotangents)`` each time, since a mutant may keep state between its
    calls.  ``derivation`` holds the mutated equations where the mistake is one of the formula, and is ``None`` where
    it is one of the code around it (precision, state, memory).  ``moved`` says what the latter does to each gradient, if
    that is a rearrangement of its elements.
    """

    name: str
    kind: str
    description: str
    make: Callable[[], Gradients]
    derivation: Derivation | None = None
    moved: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name}: {self.description}"


@dataclass(frozen=True)
class Mutation:
    """One changed equation: number ``number`` of the adjoint program, or of the forward one if ``residual``."""

    kind: str
    number: int
    rhs: Expr
    residual: bool = False

    def equation(self, derivation: Derivation) -> Equation:
        """The equation as it is right."""
        equations = derivation.program.equations if self.residual else derivation.equations
        return equations[self.number]

    def applied(self, derivation: Derivation) -> Derivation:
        """The derivation with this one equation changed.

        A residual is changed in the program that the backward pass recomputes; what is judged is still the gradient of
        the right one.
        """
        if self.residual:
            return replace(derivation, program=_changed(derivation.program, self.number, self.rhs), matrices={})
        return replace(derivation, adjoint=_changed(derivation.adjoint, self.number, self.rhs), matrices={})

    def describe(self, derivation: Derivation) -> str:
        """Which equation, before and after."""
        before = self.equation(derivation)
        return f"{equation_text(before)}  ->  {equation_text(replace(before, rhs=self.rhs)).split(' = ', 1)[1]}"


def _changed(program: Program, number: int, rhs: Expr) -> Program:
    equations = list(program.equations)
    equations[number] = replace(equations[number], rhs=rhs)
    return program.with_(equations=tuple(equations))


def reached(derivation: Derivation, *targets: str) -> frozenset[str]:
    """The tensors that some gradient (or one of these tensors) is computed from, themselves included.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> sorted(reached(derive(get("mse"))))
        ['dyhat', 'y', 'yhat']
    """
    equations = derivation.combined.equations
    found = set(targets or derivation.gradients.values())
    while True:
        more = {name for equation in equations if equation.target in found for name in equation.reads()}
        if more <= found:
            return frozenset(found)
        found |= more

"""What a derivation is: the adjoint program, its gradients, and the steps that led there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from sympy import Expr

from derive.matrix import Matrix
from derive.program import Equation, Program
from derive.rich import Rich, display


@dataclass(frozen=True)
class Step:
    """One rewriting ``before = after``, true for every value of the free indices, with its reason.

    ``indices``/``extents`` are the free indices of both sides (as in an :class:`Equation`); ``target`` names the
    tensor that the step is about; ``shape`` its extents.
    """

    rule: str
    target: str
    indices: tuple[Expr, ...]
    extents: tuple[Expr | None, ...]
    before: Expr
    after: Expr
    because: str
    shape: tuple[Expr, ...] = ()


@dataclass(frozen=True, repr=False)
class Derivation(Rich):
    """The adjoint program of a program, with the steps that produced it.

    ``adjoint.equations`` are the derived equations; ``combined`` is forward and adjoint as one program, so that it
    can be evaluated, or differentiated again.  ``gradients`` maps an input name to the tensor holding its gradient,
    ``cotangents`` an output name to the cotangent tensor a caller gives (empty for a scalar output: its
    cotangent is 1).
    """

    program: Program
    of: tuple[str, ...]
    wrt: tuple[str, ...]
    adjoint: Program
    gradients: Mapping[str, str]
    cotangents: Mapping[str, str]
    steps: tuple[Step, ...] = ()
    matrices: Mapping[str, Matrix] = field(default_factory=dict)
    adjoints: Mapping[str, str] = field(default_factory=dict)  # tensor -> its adjoint's name, inlined ones included

    def __post_init__(self) -> None:
        for name in ("gradients", "cotangents", "matrices", "adjoints"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def equations(self) -> tuple[Equation, ...]:
        """The derived equations, in evaluation order."""
        return self.adjoint.equations

    @cached_property
    def derived(self) -> tuple[Equation, ...]:
        """What the steps derive, in their order: the equations, and the adjoints that were put into their readers."""
        results = (s for s in self.steps if s.rule == "result")
        return tuple(Equation(s.target, s.indices, s.extents, s.after) for s in results)

    @property
    def matrix(self) -> Mapping[str, Matrix]:
        """Derived tensor -> matrix form, for those that have one."""
        return self.matrices

    @cached_property
    def combined(self) -> Program:
        """Forward and adjoint equations as one program whose outputs are the gradients."""
        tensors = {**self.program.tensors, **self.adjoint.tensors}
        return self.program.with_(
            name=f"{self.program.name}_gradient",
            tensors=tensors,
            equations=self.program.equations + self.adjoint.equations,
            outputs=tuple(self.gradients.values()),
        )

    def __repr__(self) -> str:
        return f"<derivation of {self.program.name}: {', '.join(self.of)} by {', '.join(self.wrt)}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # IPython and hypothesis
        printer.text(repr(self))

    def __str__(self) -> str:
        """The gradients as text, one equation a line, in matrix form where there is one."""
        from derive.text import equation_text, matrix_text

        return "\n".join(
            f"{e.target} = {matrix_text(self.matrices[e.target])}" if e.target in self.matrices else equation_text(e)
            for e in self.equations
        )

    def _repr_latex_(self) -> str:
        """The gradients, for notebooks."""
        return display(self.latex().splitlines()[1:-1])

    def latex(self) -> str:
        """The gradients as LaTeX, one ``align`` environment."""
        from derive.latex import derivation_latex

        return derivation_latex(self)

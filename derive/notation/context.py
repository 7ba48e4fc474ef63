"""What a printer has to know beside the expression: which names are adjoints, ranks and sizes, the order of indices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from sympy import Expr, Symbol

from derive.notation.names import accented, name_box
from derive.notation.tree import Box, Letter, Words, superscript
from derive.program import Equation, Program, Tensor

if TYPE_CHECKING:
    from derive.derivation import Derivation


@dataclass(frozen=True)
class Notation:
    """The context of a formula.

    ``adjoints`` maps the name of an adjoint or cotangent to its tensor (``dX`` is set as X with a bar), ``tensors``
    gives ranks and roles, ``order`` the names of the free indices as on the left-hand side, ``sizes`` those of the
    sizes as declared, ``objective`` what is differentiated, and ``extents`` gives long extents a letter.
    """

    adjoints: Mapping[str, str] = field(default_factory=dict)
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    objective: str = ""
    extents: Mapping[Expr, Symbol] = field(default_factory=dict)

    @classmethod
    def of(cls, subject: Program | Derivation) -> Notation:
        """The context of a program or of a derivation."""
        if isinstance(subject, Program):
            return cls(_adjoints(subject), subject.tensors, (), tuple(s.name for s in subject.dimensions))
        program = subject.program
        known = {adjoint: tensor for tensor, adjoint in (*subject.adjoints.items(), *subject.cotangents.items())}
        tensors = {**program.tensors, **subject.adjoint.tensors}
        objective = subject.of[0] if len(subject.of) == 1 and not subject.cotangents else ""
        return cls(
            {**_adjoints(subject.combined), **known}, tensors, (), tuple(s.name for s in program.dimensions), objective
        )

    def at(self, equation: Equation) -> Notation:
        """The same with the free indices of one equation."""
        return self.indexed(*(i.name for i in equation.ranges))

    def indexed(self, *names: str) -> Notation:
        return replace(self, order=names)

    def name(self, tensor: str) -> Box:
        """The name of a tensor; an adjoint is its tensor's name with a bar.

        Where an output is read on, the cotangent that a caller gives is only a part of its adjoint: marked ``out``.
        """
        if tensor not in self.adjoints:
            return name_box(tensor)
        barred = accented("bar", self.name(self.adjoints[tensor]))
        return superscript(barred, Words("out")) if tensor in self.partial_cotangents else barred

    @cached_property
    def partial_cotangents(self) -> frozenset[str]:
        """Cotangents whose tensor has an adjoint beside them."""
        stems = list(self.adjoints.values())
        given = (name for name in self.adjoints if name in self.tensors and self.tensors[name].role == "cotangent")
        return frozenset(name for name in given if stems.count(self.adjoints[name]) > 1)

    def is_taken(self, letter: str) -> bool:
        """Whether a letter stands for a tensor, size or index here, so that it can mean nothing else."""
        return letter in self.tensors or letter in self.sizes or letter in self.order

    def extent(self, extent: Expr) -> Expr:
        """The letter of a long extent, or the extent itself."""
        return self.extents.get(extent, extent)

    def is_adjoint(self, tensor: str) -> bool:
        return tensor in self.adjoints

    def goal(self) -> Box:
        """What is differentiated: the scalar output by name, else a script L (cotangents times outputs)."""
        return self.name(self.objective) if self.objective else Letter("L", "script")


def _adjoints(program: Program) -> dict[str, str]:
    """Adjoint name -> tensor, from the roles and the rule that an adjoint's name is its tensor's behind a ``d``."""
    found = {}
    for tensor in program.tensors.values():
        if tensor.role in ("adjoint", "cotangent"):
            stem = tensor.name.removeprefix("d")
            while stem and stem not in program.tensors and stem.endswith("_"):
                stem = stem[:-1]
            stem = stem if stem in program.tensors else stem.removesuffix("_total")
            if stem != tensor.name and stem in program.tensors:
                found[tensor.name] = stem
    return found

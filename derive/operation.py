"""An operation: a declared program with its name, source and meanings; and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sympy import Symbol

from derive.named import NamedFunction, named_function
from derive.nodes import Access, Reduce
from derive.program import Program, Tensor
from derive.rich import Rich, display
from derive.symmetries import Symmetry, read_symmetry


@dataclass(frozen=True, repr=False)
class Operation(Rich):
    """A declaration, read.

    ``function`` is the named function of an elementwise operation (``None`` for every other), ``wrt`` the inputs that
    are differentiated unless asked otherwise, ``options`` the function-valued hyper-parameters and their choice,
    ``claims`` the symmetries as text, ``transposed`` the matrices that stand transposed against the declaration
    (:mod:`derive.layout`).
    """

    name: str
    text: str
    program: Program
    title: str = ""
    summary: str = ""
    category: str = "custom"
    source: str = ""
    layout: str = ""
    interpretation: str = ""
    meanings: Mapping[str, str] = field(default_factory=dict)
    example: Mapping[str, object] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    symbol: str = ""
    transposed: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        return tuple(t for t in self.program.inputs if t.role == "input")

    @property
    def hypers(self) -> tuple[Tensor, ...]:
        return tuple(t for t in self.program.inputs if t.role == "hyper")

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        return tuple(self.program.tensors[name] for name in self.program.outputs)

    @property
    def wrt(self) -> tuple[str, ...]:
        return tuple(t.name for t in self.inputs if not t.integer and not t.data)

    @cached_property
    def symmetries(self) -> tuple[Symmetry, ...]:
        """The symmetries that are claimed, read; a :class:`DeclarationError` says what is wrong with one."""
        return tuple(read_symmetry(claim, self.program) for claim in self.claims)

    @cached_property
    def function(self) -> type[NamedFunction] | None:
        return elementwise_function(self.name, self.program)

    def __repr__(self) -> str:
        return f"<operation {self.name}>"  # the fields of a large one fill pages

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # IPython and hypothesis
        printer.text(repr(self))

    def _repr_latex_(self) -> str:
        """The declared equations, for notebooks."""
        from derive.latex import aligned_rows
        from derive.notation import Notation
        from derive.notation.equations import equation_boxes

        notation = Notation.of(self.program)
        return display(row for e in self.program.equations for row in aligned_rows(*equation_boxes(e, notation)))

    def __str__(self) -> str:
        return f"{self.name}: {self.title or self.summary}\n{self.text.strip()}"


def elementwise_function(name: str, program: Program) -> type[NamedFunction] | None:
    """The named function of a program that maps each element alone (declared with ``z[...]``), or ``None``."""
    if len(program.equations) != 1 or program.ellipsis is None:
        return None
    (equation,) = program.equations
    if equation.extents != (program.ellipsis,) or equation.rhs.has(Reduce):
        return None
    (i,) = equation.indices
    parameters: dict[Access, Symbol] = {}
    for tensor in program.inputs:
        if tensor.shape not in ((), (program.ellipsis,)) or tensor.integer:
            return None
        parameters[tensor.at(*(() if tensor.rank == 0 else (i,)))] = Symbol(tensor.name, real=True)
    body = equation.rhs.xreplace(parameters)
    if body.has(Access) or i in body.free_symbols:
        return None
    return named_function(name, tuple(parameters.values()), body)

"""Which tensors a derivative passes through, and what their adjoints are called."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sympy import Expr, Symbol

from derive.program import Program, Tensor


def active(program: Program, of: Sequence[str], wrt: Sequence[str]) -> set[str]:
    """Tensors that depend on ``wrt`` and that ``of`` depends on."""
    forward = set(wrt)
    grown = True
    while grown:
        new = {e.target for e in program.equations if e.reads() & forward} - forward
        forward |= new
        grown = bool(new)
    backward = set(of)
    grown = True
    while grown:
        new = {r for e in program.equations if e.target in backward for r in e.reads()} - backward
        backward |= new
        grown = bool(new)
    return forward & backward


def is_read_on(program: Program, name: str, among: Collection[str]) -> bool:
    """Whether one of these tensors is computed from ``name``."""
    return any(name in e.reads() and e.target in among for e in program.equations)


def free_name(wanted: str, program: Program, tensors: Collection[str]) -> str:
    """A name that stands for nothing yet, neither in the program nor among these tensors."""
    taken = {*program.tensors, *tensors}
    taken |= {s.name for s in program.dimensions} | {s.name for s in program.integers}
    while wanted in taken:
        wanted += "_"
    return wanted


@dataclass
class AdjointNames:
    """Names that are free in ``program`` for the cotangents of ``of`` and for the adjoints of the ``passed`` tensors.

    ``tensors`` are the new tensors by name; each has the axes of ``rows`` in front.
    """

    program: Program
    of: tuple[str, ...]
    wrt: tuple[str, ...]
    passed: Collection[str]
    prefix: str
    rows: tuple[tuple[Symbol, Expr], ...]
    adjoints: dict[str, str] = field(default_factory=dict)
    cotangents: dict[str, str] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        scalar = len(self.of) == 1 and self.program.tensors[self.of[0]].rank == 0
        if not scalar and not self.rows:
            for name in self.of:
                self._name_cotangent(name)
        for name in dict.fromkeys([*(e.target for e in self.program.equations), *self.wrt]):
            if name in self.passed or name in self.wrt:
                self._name_adjoint(name)

    def _name_cotangent(self, name: str) -> None:
        chosen = free_name(self.prefix + name, self.program, self.tensors)
        shape = self.program.tensors[name].shape
        self.cotangents[name] = chosen
        self.tensors[chosen] = Tensor(chosen, shape, role="cotangent", meaning=f"cotangent of {name}")

    def _name_adjoint(self, name: str) -> None:
        if name in self.of and not is_read_on(self.program, name, self.passed):
            if name in self.cotangents and name not in self.wrt:
                self.adjoints[name] = self.cotangents[name]
            return
        tensor = self.program.tensors[name]
        chosen = free_name(self.prefix + name + ("_total" if name in self.of else ""), self.program, self.tensors)
        lower = ((0,) * len(self.rows) + tensor.lower) if any(tensor.lower) else ()
        shape = tuple(extent for _, extent in self.rows) + tensor.shape
        self.adjoints[name] = chosen
        self.tensors[chosen] = Tensor(chosen, shape, role="adjoint", lower=lower, meaning=f"adjoint of {name}")

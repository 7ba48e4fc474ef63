"""Names of indices in derived equations: those that the declaration uses for the same extents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, Symbol

from derive.naming import names_in, pick, rename_bound
from derive.nodes import Access, Reduce, index
from derive.program import Program, Tensor


@dataclass(frozen=True)
class IndexNames:
    """Chooses names within one program and the ``tensors`` added to it so far; ``rows`` are indices in use throughout."""

    program: Program
    tensors: Mapping[str, Tensor]
    rows: tuple[Symbol, ...] = ()

    @cached_property
    def by_extent(self) -> Mapping[Expr, list[str]]:
        """Extent -> the index names that the program uses for it, first uses first."""
        return _extent_names(self.program)

    def _taken(self) -> set[str]:
        sizes = {s.name for s in self.program.dimensions} | {s.name for s in self.program.integers}
        return {*self.program.tensors, *self.tensors, *(s.name for s in self.rows)} | sizes

    def target(self, tensor: Tensor, fixed: Mapping[int, Expr]) -> tuple[tuple[Expr, ...], tuple[Expr | None, ...]]:
        """Indices and extents of an equation for a tensor; ``fixed`` gives constant positions of axes."""
        taken = self._taken()
        own = _own_indices(self.program, tensor.name)
        indices: list[Expr] = []
        extents: list[Expr | None] = []
        for axis, extent in enumerate(tensor.shape):
            if axis in fixed:
                indices.append(fixed[axis])
                extents.append(None)
                continue
            wanted = [own[axis]] if own and own[axis] else []
            name = pick([*wanted, *self.by_extent.get(extent, [])], taken)
            taken.add(name)
            indices.append(index(name))
            extents.append(extent)
        return tuple(indices), tuple(extents)

    def bound(self, expression: Expr, free: Mapping[Symbol, Expr]) -> Expr:
        """Bound indices renamed to what the declaration uses for their extents."""
        taken = self._taken() | {s.name for s in free}
        taken |= {n for n in names_in(expression) if not n.startswith("_")}
        return rename_bound(expression, taken, lambda i, extent: self.by_extent.get(extent, []))

    def free(
        self, symbols: Sequence[Symbol], extents: Mapping[Symbol, Expr], known: Mapping[Symbol, Symbol]
    ) -> dict[Symbol, Symbol]:
        """A name for each symbol: the known one, else one for its extent."""
        chosen = dict(known)
        taken = {*self.program.tensors, *self.tensors, *(s.name for s in known.values())}
        for s in symbols:
            if s not in chosen:
                name = pick(self.by_extent.get(extents[s], []), taken)
                taken.add(name)
                chosen[s] = index(name)
        return {s: chosen[s] for s in symbols}


def _own_indices(program: Program, name: str) -> list[str]:
    """The index names with which a tensor is defined, or first read by plain indices."""
    for equation in program.equations:
        if equation.target == name and all(isinstance(i, Symbol) for i in equation.indices):
            return [i.name for i in equation.indices]
    for equation in program.equations:
        for access in sorted(equation.rhs.atoms(Access), key=str):
            names = [i.name if isinstance(i, Symbol) else "" for i in access.indices]
            if access.tensor == name and len(set(names)) == len(names):
                return names
    return []


def _extent_names(program: Program) -> dict[Expr, list[str]]:
    """Extent -> the index names that the program uses for it, first uses first."""
    found: dict[Expr, list[str]] = {}

    def note(i: Symbol, extent: Expr) -> None:
        names = found.setdefault(extent, [])
        if i.name not in names:
            names.append(i.name)

    for equation in program.equations:
        for i, extent in equation.ranges.items():
            note(i, extent)
        for reduce in sorted(equation.rhs.atoms(Reduce), key=str):
            for i, extent in reduce.limits:
                note(i, extent)
    return found

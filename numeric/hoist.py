"""What a recurrence can compute for all steps at once, taken out of its loop as equations of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Add, Expr, Mul, Symbol

from derive.nodes import Access, Iverson, Reduce
from derive.program import Equation, Group, Tensor


@dataclass
class Hoisting:
    """The equations of a loop, and those that were taken out of it."""

    tensors: dict[str, Tensor]
    before: list[Equation] = field(default_factory=list)
    inside: list[Equation] = field(default_factory=list)


def hoist(group: Group, tensors: Mapping[str, Tensor], taken: set[str]) -> Hoisting:
    """Split every loop equation into what reads the loop's own tensors and what does not."""
    members = {e.target for e in group.equations}
    result = Hoisting(dict(tensors))
    for equation in group.equations:
        worker = _Worker(equation, members, result, taken)
        result.inside.append(
            Equation(equation.target, equation.indices, equation.extents, worker.run(equation.rhs), equation.note)
        )
    return result


class _Worker:
    def __init__(self, equation: Equation, members: set[str], result: Hoisting, taken: set[str]) -> None:
        self.equation, self.members, self.result, self.taken = equation, members, result, taken

    def inside(self, e: Expr) -> bool:
        return any(a.tensor in self.members for a in e.atoms(Access))

    def run(self, e: Expr) -> Expr:
        if not self.inside(e):
            return self.out(e)
        if isinstance(e, (Add, Mul)):
            brackets = [a for a in e.args if isinstance(a, Iverson)]
            # A bracket of a product guards its other factors: those stay behind it.
            free = [] if brackets else [a for a in e.args if not self.inside(a)]
            rest = [a for a in e.args if a not in free and a not in brackets]
            parts = [a if brackets else self.run(a) for a in rest]
            if free:
                parts.append(self.out(e.func(*free)))
            return e.func(*parts, *brackets)
        return e

    def out(self, e: Expr) -> Expr:
        """The name of an expression that the loop only reads; plain elements, numbers and sizes stay."""
        ranges = self.equation.ranges
        used = tuple(i for i in self.equation.indices if isinstance(i, Symbol) and i in e.free_symbols)
        if (
            isinstance(e, Access)
            or not e.has(Access)
            or (e.is_Mul and not e.has(Reduce) and len(e.args) == 2 and e.args[0].is_Number)
        ):
            return e
        name = f"{self.equation.target}_{'outside' if isinstance(e, Mul) else 'input'}"
        number = 2
        base = name
        while name in self.taken or name in self.result.tensors:
            name, number = f"{base}_{number}", number + 1
        shape = tuple(ranges[i] for i in used)
        self.result.tensors[name] = Tensor(name, shape, role="intermediate")
        self.result.before.append(Equation(name, used, shape, e))
        return Access(name, *used)

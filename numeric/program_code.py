"""The source of a program's equations: straight lines for most, a loop over time for a recurrence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Add, And, Expr, Mul, Symbol

from derive.nodes import Access, Iverson
from derive.program import Equation, Group, Tensor
from numeric.calls import is_constant
from numeric.code import Code, Val, align
from numeric.errors import UnsupportedExpression
from numeric.hoist import hoist
from numeric.lowering import Lowering, Scope
from numeric.nodes import Rewrite
from numeric.stable import stabilise


class ProgramCode:
    """Writes groups of equations into a :class:`Code`."""

    def __init__(self, code: Code, tensors: Mapping[str, Tensor]) -> None:
        self.code = code
        self.tensors: dict[str, Tensor] = dict(tensors)

    def group(self, group: Group) -> None:
        if group.direction:
            self._loop(group)
            return
        first = group.equations[0]
        if len(group.equations) == 1 and not self._starts_early(first.target):
            self._whole(first)
            return
        self._allocate(first.target)
        for equation in group.equations:
            self._part(equation)

    def _starts_early(self, name: str) -> bool:
        """Whether a tensor has positions before 0, which its general equation does not fill."""
        tensor = self.tensors[name]
        return any(tensor.origin(axis) for axis in range(tensor.rank))

    def _lowering(self, equation: Equation) -> Lowering:
        return Lowering(self.code, self.tensors, f"equation for {equation.target}")

    def _whole(self, equation: Equation) -> None:
        """``target = expression`` over all its axes."""
        order = tuple(i for i in equation.indices if isinstance(i, Symbol))
        ranges = equation.ranges
        lowering = self._lowering(equation)
        value = lowering.value(equation.rhs, Scope(ranges))
        if is_constant(equation.rhs):
            value = Val(f"dtype.type({value.code})")  # a bare number is no array, and has no dtype
        value = lowering.full(value, order, ranges)
        self.code.line(f"{equation.target} = {align(value, order).code}")

    def _allocate(self, name: str) -> None:
        tensor = self.tensors[name]
        shape = [self.code.size(n - tensor.origin(axis)) for axis, n in enumerate(tensor.shape)]
        text = f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(shape)})"
        self.code.line(f"{name} = np.zeros({text}, dtype=dtype)")

    def _part(self, equation: Equation, fixed: Mapping[Symbol, Expr] | None = None) -> None:
        """Assign one slice of an allocated tensor: a start value, or one step of a loop."""
        fixed = fixed or {}
        tensor = self.tensors[equation.target]
        free = {i: n for i, n in equation.ranges.items() if i not in fixed}
        order = tuple(i for i in equation.indices if isinstance(i, Symbol) and i not in fixed)
        places = [self._place(i, tensor, axis, i in free) for axis, i in enumerate(equation.indices)]
        while len(places) > 1 and places[-1] == ":":
            places.pop()
        left = f"{equation.target}[{', '.join(places)}]"
        plain, guarded = _split(equation.rhs, free)
        lowering = self._lowering(equation)
        scope = Scope(free, fixed)
        if plain != 0 or not guarded:
            self.code.line(f"{left} = {align(lowering.value(plain, scope), order).code}")
        for condition, term in guarded:
            test = lowering.condition(condition, scope)
            with self.code.block(f"if {test.code.replace(' & ', ' and ')}:"):
                self.code.line(f"{left} += {align(lowering.value(term, scope), order).code}")

    def _place(self, i: Expr, tensor: Tensor, axis: int, free: bool) -> str:
        origin = tensor.origin(axis)
        if not free:
            return self.code.size(i - origin)
        return f"{-origin}:" if origin else ":"

    def _loop(self, group: Group) -> None:
        assert group.extent is not None
        split = hoist(group, self.tensors, self.code.taken)
        self.tensors = split.tensors
        for equation in split.before:
            self.code.taken.add(equation.target)
            self._whole(equation)
        names = list(dict.fromkeys(e.target for e in (*group.starts, *split.inside, *group.ends)))
        for name in names:
            self._allocate(name)
        for equation in group.starts:
            self._part(equation)
        first = split.inside[0]
        time = first.indices[group.axes[first.target]]
        assert isinstance(time, Symbol)
        extent = self.code.size(group.extent)
        steps = f"range({extent})" if group.direction > 0 else f"reversed(range({extent}))"
        with self.code.block(f"for {time.name} in {steps}:"):
            for equation in split.inside:
                own = equation.indices[group.axes[equation.target]]
                assert isinstance(own, Symbol)
                renamed = _retimed(equation, own, time)
                self._part(renamed, {time: group.extent})
        for equation in group.ends:
            self._part(equation)


def _retimed(equation: Equation, own: Symbol, time: Symbol) -> Equation:
    if own == time:
        return equation
    if time in equation.ranges:
        raise UnsupportedExpression(f"equation for {equation.target}: {time} is its time and another index")
    from derive.naming import substitute

    return Equation(
        equation.target,
        tuple(time if i == own else i for i in equation.indices),
        equation.extents,
        substitute(equation.rhs, {own: time}),
        equation.note,
    )


def _split(rhs: Expr, free: Mapping[Symbol, Expr]) -> tuple[Expr, list[tuple[Expr, Expr]]]:
    """Terms behind a condition that is one truth value at this place become an ``if``."""
    plain: list[Expr] = []
    guarded: list[tuple[Expr, Expr]] = []
    for term in Add.make_args(rhs):
        brackets = [
            f
            for f in Mul.make_args(term)
            if isinstance(f, Iverson) and not f.free_symbols & set(free) and not f.has(Access)
        ]
        if brackets:
            rest = Mul(*(f for f in Mul.make_args(term) if f not in brackets))
            guarded.append((And(*(b.condition for b in brackets)), rest))
        else:
            plain.append(term)
    return Add(*plain), guarded


def stable_groups(
    groups: Sequence[Group], definitions: Mapping[str, Equation], tensors: Mapping[str, Tensor]
) -> tuple[list[Group], list[Rewrite]]:
    """Groups with stabilised right-hand sides, and the rewritings."""
    result: list[Group] = []
    rewrites: list[Rewrite] = []
    for group in groups:
        parts = []
        for equations in (group.equations, group.starts, group.ends):
            done, found = stabilise(equations, definitions, tensors)
            parts.append(tuple(done))
            rewrites.extend(r for r in found if r not in rewrites)
        result.append(Group(parts[0], group.direction, group.axes, group.extent, parts[1], parts[2]))
    return result, rewrites


__all__ = ["ProgramCode", "stable_groups"]

"""Which range each index runs over: inferred from the accesses, checked against them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from sympy import And, Basic, Dummy, Expr, Integer, Symbol, floor
from sympy.logic.boolalg import Boolean, true

from derive.affine import coefficient, decide, extremes, guard, inside, ranges_of
from derive.array import same
from derive.nodes import Access, Iverson, Pad, Reduce, Where
from derive.program import UNKNOWN, Tensor
from derive.text import condition_text, expression_text


@dataclass(frozen=True)
class Use:
    """One axis of one access: the position expression and what protects it."""

    access: Access
    axis: int
    position: Expr
    padded: bool
    conditions: tuple[Boolean, ...]


class RangeError(ValueError):
    """An index without a range, with two ranges, or an access that leaves its tensor."""


def uses(expression: Expr, padded: bool = False, conditions: tuple[Boolean, ...] = ()) -> Iterator[Use]:
    """Every axis of every access, with the pad and the ``where`` conditions around it."""
    if isinstance(expression, Access):
        for axis, position in enumerate(expression.indices):
            yield Use(expression, axis, position, padded, conditions)
            yield from uses(position, padded, conditions)
    elif isinstance(expression, Pad):
        yield from uses(expression.args[0], True, conditions)
    elif isinstance(expression, Where):
        condition, a, b = expression.args
        yield from uses(condition, padded, conditions)
        yield from uses(a, padded, (*conditions, condition))
        yield from uses(b, padded, (*conditions, ~condition))
    elif expression.is_Mul and any(isinstance(a, Iverson) for a in expression.args):
        brackets = tuple(a.condition for a in expression.args if isinstance(a, Iverson))
        for argument in expression.args:
            yield from uses(argument, padded, conditions if isinstance(argument, Iverson) else conditions + brackets)
    elif isinstance(expression, Reduce):
        yield from uses(expression.body, padded, conditions)
    else:
        for argument in expression.args:
            yield from uses(argument, padded, conditions)


def infer(
    expression: Expr,
    wanted: Mapping[Symbol, str],
    given: Mapping[Symbol, Expr],
    tensors: Mapping[str, Tensor],
    left: Collection[Symbol] = (),
) -> dict[Symbol, Expr]:
    """Extents of the wanted indices (index -> printed name), from plain accesses first, then from affine ones.

    ``left`` holds those of the left-hand side, which run over the largest range that every affine access allows.

    Raises :class:`RangeError` naming the index, both tensors and both sizes where two accesses disagree.
    """
    known: dict[Symbol, Expr] = dict(given)
    origin: dict[Symbol, str] = {}
    found = [
        u for u in uses(expression) if u.access.tensor in tensors and tensors[u.access.tensor].shape[u.axis] != UNKNOWN
    ]
    for use in sorted(found, key=lambda u: u.padded):
        if use.position not in wanted or use.position in given:
            continue
        extent = tensors[use.access.tensor].shape[use.axis]
        place = f"axis {use.axis} of {use.access.tensor} ({tensors[use.access.tensor].shape[use.axis]})"
        if use.position not in known:
            known[use.position], origin[use.position] = extent, place
        elif not same(known[use.position], extent) and not use.padded:
            raise RangeError(
                f"the index {wanted[use.position]} runs over two different dimensions: "
                f"{origin[use.position]} and {place}"
            )
    affine = [u for u in found if not u.padded and not u.conditions and u.position not in wanted]
    for i in wanted:
        if i in given or (i in known and i not in left):
            continue  # a summation index with a plain range keeps it; the left-hand index gives way
        for use in affine:
            bound = _affine_bound(i, use, tensors[use.access.tensor], known)
            if bound is None:
                continue
            if i not in known or (known[i] - bound).expand().is_nonnegative:
                known[i] = bound
            elif not (bound - known[i]).expand().is_nonnegative:
                raise RangeError(
                    f"cannot tell which range of the index {wanted[i]} is shorter, {known[i]} or {bound} "
                    f"(from {use.access}); "
                    f"state it on the left-hand side, as in y[{wanted[i]} < m]"
                )
    return known


def _affine_bound(i: Symbol, use: Use, tensor: Tensor, known: Mapping[Symbol, Expr]) -> Expr | None:
    slope = coefficient(use.position, i)
    if slope is None or slope.is_zero:
        return None
    rest = (use.position - slope * i).expand()
    if any(s not in known for s in rest.free_symbols if s.is_Dummy or s in known):
        return None
    low, high = extremes(rest, ranges_of({s: n for s, n in known.items() if s in rest.free_symbols}))
    first, extent = Integer(tensor.origin(use.axis)), tensor.shape[use.axis]
    if slope.is_nonnegative and high is not None:
        return floor((extent - 1 - high) / slope) + 1
    if slope.is_nonpositive and low is not None:
        return floor((low - first) / -slope) + 1
    return None


def resolve_pads(expression: Expr, extents: Mapping[Symbol, Expr], tensors: Mapping[str, Tensor]) -> Expr:
    """Replace ``pad(e)`` by guards: an Iverson factor for each axis that can be left."""
    if not expression.has(Pad):
        return expression
    if isinstance(expression, Pad):
        body = resolve_pads(expression.args[0], extents, tensors)
        factor: Expr = Integer(1)
        seen = set()
        for use in uses(body):
            tensor = tensors[use.access.tensor]
            mark = (use.position, tensor.origin(use.axis), tensor.shape[use.axis])
            if mark not in seen:
                seen.add(mark)
                factor *= guard(use.position, tensor.origin(use.axis), tensor.shape[use.axis], ranges_of(extents))
        return factor * body
    return expression.func(*(resolve_pads(a, extents, tensors) if a.args else a for a in expression.args))


def check_inside(
    expression: Expr,
    extents: Mapping[Symbol, Expr],
    tensors: Mapping[str, Tensor],
    own: Callable[[str], bool],
) -> None:
    """Every access must be shown to stay inside its tensor; ``own(name)`` tells a recurrence reading itself."""
    ranges = ranges_of(extents)
    for use in uses(expression):
        tensor = tensors[use.access.tensor]
        if use.position.has(Access) or use.position.has(Reduce):
            continue  # a gather: the values of the index tensor are data, checked when the function runs
        first, extent = tensor.origin(use.axis), tensor.shape[use.axis]
        missing = inside(use.position, first, extent, ranges)
        if missing == true or _implied(missing, use.conditions, ranges):
            continue
        low, _ = extremes(use.position, ranges)
        if own(use.access.tensor) and low is not None and (low - first).is_negative:
            start = ", ".join(shown(low if k == use.axis else e) for k, e in enumerate(use.access.indices))
            raise RangeError(
                f"the recurrence {shown(use.access)} has no initial value: its first step reads {use.access.tensor}[{start}]; "
                f"add an equation such as {use.access.tensor}[{start}] = 0"
            )
        raise RangeError(
            f"{shown(use.access)} can leave {use.access.tensor}: not shown that {shown(missing)}; state a shorter range on the "
            f"left (y[i < m]), or write pad({shown(use.access)}) where an access outside is to be zero"
        )


def shown(expression: Basic) -> str:
    """An index, an access or a condition as the text has it; bound indices have no names of their own yet."""
    named = expression.xreplace({i: Symbol(i.name) for i in expression.atoms(Dummy)})
    return condition_text(named) if isinstance(named, Boolean) else expression_text(named)


def _implied(goal: Boolean, conditions: tuple[Boolean, ...], ranges: Mapping[Symbol, tuple[Expr, Expr]]) -> bool:
    """Whether the conditions around an access prove the goal (each part from one condition)."""
    facts = [part for c in conditions for part in (c.args if isinstance(c, And) else (c,))]
    for part in goal.args if isinstance(goal, And) else (goal,):
        if part in facts:
            continue
        if not hasattr(part, "gts"):
            return False
        gap = part.gts - part.lts - (1 if part.rel_op in ("<", ">") else 0)
        shown = False
        for fact in facts:
            if hasattr(fact, "gts"):
                known = fact.gts - fact.lts - (1 if fact.rel_op in ("<", ">") else 0)
                shown = shown or decide(gap - known >= 0, ranges) == true
            elif fact.func.__name__ == "Equality":
                known = fact.lhs - fact.rhs
                shown = shown or any(decide(gap + s * known >= 0, ranges) == true for s in (1, -1))
        if not shown:
            return False
    return True

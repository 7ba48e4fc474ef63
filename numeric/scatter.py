"""Deltas that stay: sums that add into positions, over windows (a loop over the kernel) or through index tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Eq, Expr, Integer, Mul, Symbol
from sympy import Max as SymMax

from derive.affine import coefficient, extremes
from derive.nodes import Access, Iverson, Reduce
from numeric.code import Val, align
from numeric.radix import unrolled

if TYPE_CHECKING:
    from numeric.lowering import Lowering, Scope


def scatter(
    lowering: Lowering, e: Reduce, brackets: Sequence[Iverson], rest: Sequence[Expr], scope: Scope
) -> Val | None:
    """The sum as a scatter, where deltas ``[a = f(bound)]`` name the positions; ``None`` where there are none."""
    targets: dict[Symbol, Expr] = {}
    others: list[Iverson] = []
    bound = set(e.bound)
    for bracket in brackets:
        pair = _position(bracket, scope, bound)
        if pair is not None and pair[0] not in targets:
            targets[pair[0]] = pair[1]
        else:
            others.append(bracket)
    if not targets:
        return None
    body = [*rest, *others]
    if any(a in f.free_symbols for a in targets for f in (*body, *targets.values())):
        return None
    if not others:
        whole = unrolled(lowering, targets, e.bound, rest, scope, _inner_scope(scope, targets, e.limits))
        if whole is not None:
            return whole
    windowed = None if others else _windows(lowering, e, targets, rest, scope)
    return windowed if windowed is not None else _general(lowering, e, targets, body, scope)


def _position(bracket: Iverson, scope: Scope, bound: set[Symbol]) -> tuple[Symbol, Expr] | None:
    condition = bracket.condition
    if not isinstance(condition, Eq):
        return None
    for a, f in ((condition.lhs, condition.rhs), (condition.rhs, condition.lhs)):
        if isinstance(a, Symbol) and a in scope.ranges and a not in bound and f.free_symbols & bound and f.is_integer:
            return a, f
    return None


def _inner_scope(scope: Scope, targets: dict[Symbol, Expr], limits: Sequence[tuple[Symbol, Expr]]) -> Scope:
    ranges = {i: n for i, n in scope.ranges.items() if i not in targets}
    return replace(scope, ranges={**ranges, **dict(limits)})


def _general(lowering: Lowering, e: Reduce, targets: dict[Symbol, Expr], body: Sequence[Expr], scope: Scope) -> Val:
    """Add at computed positions, one by one."""
    used = {s for f in targets.values() for s in f.free_symbols}
    used |= {s for f in targets.values() for a in f.atoms(Access) for s in a.free_symbols}
    carried = [(i, n) for i, n in e.limits if i in used]
    summed = [(i, n) for i, n in e.limits if i not in used]
    inner = _inner_scope(scope, targets, carried)
    expression = Mul(*body)
    value = lowering.value(Reduce("sum", expression, *summed) if summed else expression, inner)
    kept = [i for i in scope.ranges if i not in targets and i in value.axes]
    order = (*kept, *(i for i, _ in carried))
    value = lowering.full(value, [i for i, _ in carried], dict(carried))
    code = lowering.code
    values = align(value, order).code
    index, inside = [], []
    for i in kept:
        index.append(align(lowering.integer(i, inner), order).code)
    for a, f in targets.items():
        position = align(lowering.integer(f, inner), order)
        index.append(position.code)
        extent = code.size(scope.ranges[a])
        inside.append(f"(({position.code}) >= 0) & (({position.code}) < {extent})")
    shape = ", ".join(code.size(scope.ranges[i]) for i in (*kept, *targets))
    text = f"add_at(({shape},), ({', '.join(index)},), {' & '.join(inside)}, {values})"
    return Val(code.temporary(text, "scattered"), (*kept, *targets))


def _windows(
    lowering: Lowering, e: Reduce, targets: dict[Symbol, Expr], rest: Sequence[Expr], scope: Scope
) -> Val | None:
    """Affine positions ``c*i + d*p + r``: loop over p, and add into strided slices for all i at once."""
    extents = dict(e.limits)
    sliced: dict[Symbol, tuple[Symbol, Expr]] = {}
    looped: list[Symbol] = []
    for a, f in targets.items():
        own = [s for s in e.bound if s in f.free_symbols]
        slopes = {s: coefficient(f, s) for s in own}
        if f.has(Access) or any(c is None or not c.is_positive for c in slopes.values()) or not own:
            return None
        # The loop runs over the kernel: its extent is a size of its own, that of the windows is computed.
        run = sorted(own, key=lambda s: (not isinstance(extents[s], Symbol), e.bound.index(s)))
        if run[-1] in [s for s, _ in sliced.values()] or any(s in looped for s in own):
            return None
        sliced[a] = (run[-1], slopes[run[-1]] or Integer(1))
        looped.extend(run[:-1])
    code = lowering.code
    bounds = {i: (Integer(0), n - 1) for i, n in extents.items()}
    offsets: dict[Symbol, Expr] = {}
    lengths: dict[Symbol, Expr] = {}
    for a, f in targets.items():
        low, high = extremes(f, bounds)
        if low is None or high is None:
            return None
        offsets[a] = SymMax(0, -low)
        lengths[a] = SymMax(high, scope.ranges[a] - 1) + offsets[a] + 1
    inside = {s for s, _ in sliced.values()}
    limits = [(i, n) for i, n in e.limits if i in inside]
    summed = [(i, n) for i, n in e.limits if i not in inside and i not in looped]
    inner = _inner_scope(scope, targets, [*((p, extents[p]) for p in looped), *limits])
    kept = [i for i in inner.ranges if i not in inside and i not in looped and any(i in f.free_symbols for f in rest)]
    # All products at once, in one contraction; the loop only adds them.
    expression = Mul(*rest)
    value = lowering.value(Reduce("sum", expression, *summed) if summed else expression, inner)
    order = (*kept, *(sliced[a][0] for a in targets))
    missing = [i for i in order if i not in value.axes]
    value = lowering.full(value, missing, dict(inner.ranges)) if missing else value
    if not value.code.isidentifier():
        value = Val(code.temporary(value.code, "product"), value.axes)
    buffer = code.fresh("scattered")
    shape = ", ".join([*(code.size(scope.ranges[i]) for i in kept), *(code.size(lengths[a]) for a in targets)])
    code.line(f"{buffer} = np.zeros(({shape},), dtype=dtype)")
    blocks = []
    for p in looped:
        block = code.block(f"for {p.name} in range({code.size(extents[p])}):")
        block.__enter__()
        blocks.append(block)
    picked = [i.name if i in looped else ":" for i in value.axes]
    while picked and picked[-1] == ":":
        picked.pop()
    at_place = Val(
        f"{value.code}[{', '.join(picked)}]" if picked else value.code,
        tuple(i for i in value.axes if i not in looped),
    )
    places = [":"] * len(kept)
    for a, f in targets.items():
        s, slope = sliced[a]
        start = (f - slope * s + offsets[a]).expand()
        stop = code.size((start + slope * extents[s]).expand())
        places.append(f"{code.size(start)}:{stop}:{code.size(slope)}")
    code.line(f"{buffer}[{', '.join(places)}] += {align(at_place, order).code}")
    for block in reversed(blocks):
        block.__exit__(None, None, None)
    cut = [":"] * len(kept) + [
        f"{code.size(offsets[a])}:{code.size((offsets[a] + scope.ranges[a]).expand())}" for a in targets
    ]
    return Val(f"{buffer}[{', '.join(cut)}]", (*kept, *targets))


__all__ = ["scatter"]

"""Sums of products: matrix products where there are two factors to contract, plain sums for one, einsum for more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sympy import Expr, Mul, Symbol

from numeric.code import ATOM, PRODUCT, Val, align, joint

if TYPE_CHECKING:
    from numeric.lowering import Lowering, Scope


def contract(lowering: Lowering, values: Sequence[Val], limits: Sequence[tuple[Symbol, Expr]], scope: Scope) -> Val:
    """``sum(product of values)`` over the bound indices."""
    bound = [i for i, _ in limits]
    code = lowering.code
    outside = [v for v in values if not set(v.axes) & set(bound)]
    inside = [v for v in values if set(v.axes) & set(bound)]
    count = [n for i, n in limits if not any(i in v.axes for v in inside)]
    present = [i for i in bound if any(i in v.axes for v in inside)]
    nesting = (*scope.ranges, *bound)
    groups = _grouped(inside, nesting)
    if not groups:
        result = Val("dtype.type(1)")
    elif len(groups) == 1:
        result = _total(lowering, groups[0], present)
    elif len(groups) == 2:
        result = _pair(lowering, groups[0], groups[1], present, nesting, {**scope.ranges, **dict(limits)})
    else:
        result = _einsum(lowering, groups, present, nesting)
    if result.code != "dtype.type(1)":
        result = (
            Val(code.temporary(result.code, "product"), result.axes)
            if result.level < ATOM or "(" in result.code
            else result
        )
    factors = [*(Val(code.size(n), (), 0 if not n.is_Atom else ATOM) for n in count), *outside, result]
    if len(factors) == 1:
        return result
    order = joint(factors, nesting)
    return Val("*".join(align(f, order).at(ATOM) for f in factors), order, PRODUCT)


def _grouped(values: Sequence[Val], nesting: Sequence[Symbol]) -> list[Val]:
    """Factors whose axes lie within another's are multiplied into it, unless they are the two operands."""
    work = sorted(values, key=lambda v: -len(v.axes))
    result: list[Val] = []
    for value in work:
        for position, other in enumerate(result):
            same = set(value.axes) == set(other.axes)
            if same or (set(value.axes) < set(other.axes) and len(work) > 2):
                text = f"{other.at(PRODUCT)}*{align(value, other.axes).at(ATOM)}"
                result[position] = Val(text, other.axes, PRODUCT)
                break
        else:
            result.append(value)
    return result


def _total(lowering: Lowering, value: Val, present: Sequence[Symbol]) -> Val:
    kept = tuple(i for i in value.axes if i not in present)
    axes = tuple(value.axes.index(i) for i in present)
    if not kept:
        return Val(f"{value.at(ATOM)}.sum()", ())
    where = str(axes[0]) if len(axes) == 1 else str(tuple(sorted(axes)))
    return Val(f"{value.at(ATOM)}.sum({where})", kept)


def _pair(
    lowering: Lowering,
    f: Val,
    g: Val,
    present: Sequence[Symbol],
    nesting: Sequence[Symbol],
    extents: Mapping[Symbol, Expr],
) -> Val:
    contracted = [i for i in present if i in f.axes and i in g.axes]
    alone = [i for i in present if i not in contracted]
    if alone:
        summed = [
            _total(lowering, v, [i for i in alone if i in v.axes]) if set(alone) & set(v.axes) else v for v in (f, g)
        ]
        f, g = (
            Val(lowering.code.temporary(v.code, "total"), v.axes) if v.level < ATOM or ".sum(" in v.code else v
            for v in summed
        )
    shared = [i for i in f.axes if i in g.axes and i not in contracted]
    left = [i for i in f.axes if i not in g.axes]
    right = [i for i in g.axes if i not in f.axes]
    if not contracted:
        order = joint([f, g], nesting)
        return Val(f"{align(f, order).at(PRODUCT)}*{align(g, order).at(ATOM)}", order, PRODUCT)
    rank = list(nesting).index
    if left and right and min(map(rank, right)) < min(map(rank, left)):
        f, g, left, right = g, f, right, left
    if not left and right and len(f.axes) == 1 and len(g.axes) == 2 and not shared:
        f, g, left, right = g, f, right, left
    if not left and not right:
        b = align(g, f.axes)
        if not shared:
            return Val(f"np.vdot({f.code}, {b.code})", ())
        return _total(lowering, Val(f"{f.at(PRODUCT)}*{b.at(ATOM)}", f.axes, PRODUCT), contracted)
    if shared and not (left and right):
        # a stack of matrices times a stack of vectors: @ would take the vectors for one matrix
        return _einsum(lowering, [f, g], present, nesting)
    return _matmul(lowering, f, g, (shared, left, right, contracted), extents)


Axes = Sequence[Symbol]


def _matmul(
    lowering: Lowering, f: Val, g: Val, axes: tuple[Axes, Axes, Axes, Axes], extents: Mapping[Symbol, Expr]
) -> Val:
    """One matrix product, of stacks of matrices where axes are shared: several axes are taken together as one."""
    shared, left, right, contracted = axes
    contracted = [i for i in f.axes if i in contracted]

    def size(group: Axes) -> str:
        return lowering.code.size(Mul(*(extents[i] for i in group)))

    def matrix(v: Val, rows: Axes, columns: Axes, turn: bool) -> Val:
        """``v`` as (shared, rows, columns); ``turn`` lays it out as (shared, columns, rows) and turns the view."""
        groups = [g for g in ((columns, rows) if turn else (rows, columns)) if g]
        order = (*shared, *(i for g in groups for i in g))
        code = align(v, order)
        if any(len(g) > 1 for g in groups):
            shape = ", ".join([*(size([i]) for i in shared), *(size(g) for g in groups)])
            code = Val(f"{code.at(ATOM)}.reshape({shape})")
        if not turn or len(groups) == 1:
            return code
        return Val(f"{code.at(ATOM)}.T" if not shared else f"{code.at(ATOM)}.swapaxes(-1, -2)")

    def follows(v: Val, first: Axes) -> bool:
        """Whether these axes come first among the unshared ones, in this order: then nothing is copied."""
        own = [i for i in v.axes if i not in shared]
        return own[: len(first)] == list(first)

    for v, other, free in ((g, f, left), (f, g, right)):
        # Contracted axes in the middle: a product for each leading position, and nothing is copied.
        own = [i for i in v.axes if i not in shared]
        first = own.index(contracted[0])
        lead, tail = own[:first], own[first + len(contracted) :]
        if lead and tail and free and not shared and own[first : first + len(contracted)] == contracted:
            a = matrix(other, free, contracted, other.axes[: len(contracted)] == tuple(contracted))
            stack = ", ".join([*(size([i]) for i in lead), size(contracted), size(tail)])
            shape = ", ".join(size([i]) for i in (*lead, *free, *tail))
            many = len(contracted) > 1 or len(tail) > 1
            b = Val(f"{v.at(ATOM)}.reshape({stack})") if many else v
            text = f"({a.at(ATOM)} @ {b.at(ATOM)}).reshape({shape})"
            return Val(text, (*lead, *free, *tail))
    long = len(contracted) > 1 or len(left) > 1 or len(right) > 1 or bool(shared)
    a = matrix(f, left, contracted, long and follows(f, contracted))
    b = matrix(g, contracted, right, long and not follows(g, contracted))
    result = Val(f"{a.at(ATOM)} @ {b.at(ATOM)}", (*shared, *left, *right), PRODUCT)
    if len(left) > 1 or len(right) > 1:
        shape = ", ".join(size([i]) for i in result.axes)
        result = Val(f"({result.code}).reshape({shape})", result.axes)
    return result


def _einsum(lowering: Lowering, values: Sequence[Val], present: Sequence[Symbol], nesting: Sequence[Symbol]) -> Val:
    letters = {
        i: "ijklmnpqrstuvwxyzabcdefgho"[k] for k, i in enumerate(dict.fromkeys(i for v in values for i in v.axes))
    }
    kept = tuple(i for i in nesting if i in letters and i not in present)
    spec = ",".join("".join(letters[i] for i in v.axes) for v in values) + "->" + "".join(letters[i] for i in kept)
    inside = ", ".join(v.code for v in values)
    return Val(f'np.einsum("{spec}", {inside}, optimize=True)', kept)

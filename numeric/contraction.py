"""Sums of products: matrix products where there are two factors to contract, plain sums for one, einsum for more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sympy import Expr, Symbol

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
        result = _pair(lowering, groups[0], groups[1], present, nesting)
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


def _pair(lowering: Lowering, f: Val, g: Val, present: Sequence[Symbol], nesting: Sequence[Symbol]) -> Val:
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
    if shared:
        return _batched(lowering, f, g, shared, left, right, contracted, nesting)
    if len(left) <= 1 and len(right) <= 1 and len(contracted) == 1:
        a = align(f, (*left, *contracted))
        b = align(g, (*contracted, *right))
        return Val(
            f"{a.at(PRODUCT if '@' not in a.code and a.level == ATOM else ATOM)} @ {b.at(ATOM)}",
            (*left, *right),
            PRODUCT,
        )
    if not left and not right:
        b = align(g, f.axes)
        return Val(f"np.vdot({f.code}, {b.code})", ())
    axes_f = [f.axes.index(i) for i in contracted]
    axes_g = [g.axes.index(i) for i in contracted]
    text = f"np.tensordot({f.code}, {g.code}, ({axes_f}, {axes_g}))"
    return Val(text, (*left, *right))


def _batched(
    lowering: Lowering,
    f: Val,
    g: Val,
    shared: list[Symbol],
    left: list[Symbol],
    right: list[Symbol],
    contracted: list[Symbol],
    nesting: Sequence[Symbol],
) -> Val:
    if len(left) == 1 and len(right) == 1 and len(contracted) == 1:
        a, b = align(f, (*shared, *left, *contracted)), align(g, (*shared, *contracted, *right))
        return Val(f"{a.at(ATOM)} @ {b.at(ATOM)}", (*shared, *left, *right), PRODUCT)
    if not left and not right:
        order = f.axes
        product = Val(f"{f.at(PRODUCT)}*{align(g, order).at(ATOM)}", order, PRODUCT)
        return _total(lowering, product, contracted)
    return _einsum(lowering, [f, g], contracted, nesting)


def _einsum(lowering: Lowering, values: Sequence[Val], present: Sequence[Symbol], nesting: Sequence[Symbol]) -> Val:
    letters = {
        i: "ijklmnpqrstuvwxyzabcdefgho"[k] for k, i in enumerate(dict.fromkeys(i for v in values for i in v.axes))
    }
    kept = tuple(i for i in nesting if i in letters and i not in present)
    spec = ",".join("".join(letters[i] for i in v.axes) for v in values) + "->" + "".join(letters[i] for i in kept)
    inside = ", ".join(v.code for v in values)
    return Val(f'np.einsum("{spec}", {inside}, optimize=True)', kept)

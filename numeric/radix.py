"""Axes that are unrolled into one, and back: a position ``(a*h + b)*w + e`` is a number whose digits are the indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sympy import Expr, Integer, Mul, Symbol

from derive.affine import coefficient
from derive.nodes import Access
from numeric.code import ATOM, Val, align

if TYPE_CHECKING:
    from numeric.lowering import Lowering, Scope


def digits(position: Expr, length: Expr, ranges: Mapping[Symbol, Expr]) -> tuple[Symbol, ...] | None:
    """The indices of which a position is the mixed-radix number, the most significant first, if it runs over an axis.

    >>> from derive.nodes import dimension, index
    >>> a, b, h, n = index("a"), index("b"), dimension("h"), dimension("n")
    >>> digits(a*h + b, n*h, {a: n, b: h})
    (a, b)
    >>> digits(a*h + b, n*h, {a: n, b: n}) is None
    True
    """
    position = position.expand()
    slopes = {s: coefficient(position, s) for s in ranges if s in position.free_symbols}
    found: list[Symbol] = []
    stride: Expr = Integer(1)
    while slopes:
        digit = next((s for s, slope in slopes.items() if slope is not None and (slope - stride).expand() == 0), None)
        if digit is None:
            return None
        position = (position - stride * digit).expand()
        stride = (stride * ranges[digit]).expand()
        del slopes[digit]
        found.append(digit)
    return tuple(found[::-1]) if position == 0 and len(found) > 1 and (stride - length).expand() == 0 else None


def rolled(lowering: Lowering, access: Access, scope: Scope) -> Val | None:
    """An access of which one axis is read by its digits, as a view with an axis for each."""
    tensor = lowering.tensors[access.tensor]
    axes: list[Symbol] = []
    several = False
    for axis, (position, length) in enumerate(zip(access.indices, tensor.shape, strict=True)):
        if tensor.origin(axis):
            return None
        own = digits(position, length, scope.ranges)
        several = several or own is not None
        if own is None and (position not in scope.ranges or (scope.ranges[position] - length).expand() != 0):
            return None
        axes += own or (position,)
    if not several or len(set(axes)) != len(axes):
        return None
    shape = ", ".join(lowering.code.size(scope.ranges[i]) for i in axes)
    return Val(f"{access.tensor}.reshape({shape})", tuple(axes))


def unrolled(
    lowering: Lowering,
    targets: Mapping[Symbol, Expr],
    bound: Sequence[Symbol],
    rest: Sequence[Expr],
    outer: Scope,
    inner: Scope,
) -> Val | None:
    """``sum_abe [k == (a*h + b)*w + e] f[.., a, b, e]`` as a view with one axis ``k``."""
    if len(targets) != 1:
        return None
    ((k, position),) = targets.items()
    own = digits(position, outer.ranges[k], inner.ranges)
    if own is None or set(own) != set(bound):
        return None
    value = lowering.full(lowering.value(Mul(*rest), inner), own, inner.ranges)
    kept = tuple(i for i in value.axes if i not in own)
    value = align(value, (*kept, *own))
    shape = ", ".join(lowering.code.size(n) for n in (*(inner.ranges[i] for i in kept), outer.ranges[k]))
    return Val(f"{value.at(ATOM)}.reshape({shape})", (*kept, k))


__all__ = ["digits", "rolled", "unrolled"]

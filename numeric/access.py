"""Tensor elements as views: whole axes, slices, strides, windows, zero padding; fancy indexing for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sympy import Expr, Integer, Symbol
from sympy import Max as SymMax
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, true

from derive.affine import coefficient, extremes, inside
from derive.nodes import Access, Iverson
from numeric.code import Val, align, joint
from numeric.radix import rolled

if TYPE_CHECKING:
    from numeric.lowering import Lowering, Scope


def split_guards(
    lowering: Lowering, brackets: Sequence[Iverson], rest: Sequence[Expr], scope: Scope
) -> tuple[dict[Access, frozenset[int]], list[Iverson]]:
    """Brackets that only say that one axis of an access (a factor) is inside become zero padding of that axis."""
    padded: dict[Access, set[int]] = {}
    remaining: list[Iverson] = []
    for bracket in brackets:
        place = _pads(lowering, bracket, rest, scope)
        if place is None:
            remaining.append(bracket)
        else:
            padded.setdefault(place[0], set()).add(place[1])
    return {a: frozenset(axes) for a, axes in padded.items()}, remaining


def _pads(lowering: Lowering, bracket: Iverson, rest: Sequence[Expr], scope: Scope) -> tuple[Access, int] | None:
    parts = bracket.condition.args if isinstance(bracket.condition, And) else (bracket.condition,)
    for factor in rest:
        if not isinstance(factor, Access):
            continue
        tensor = lowering.tensors[factor.tensor]
        for axis, position in enumerate(factor.indices):
            free = {s for s in position.free_symbols if s in scope.ranges}
            if not free or position.has(Access) or any(s in scope.fixed for s in position.free_symbols):
                continue
            low, high = extremes(position, scope.bounds())
            if low is None or high is None or not _strided(position, list(free)):
                continue
            if _moved(set(rest) - {factor}, free):
                continue  # another factor could leave its tensor where the bracket fails
            first, last = Integer(tensor.origin(axis)), tensor.shape[axis] - 1
            if all(_says_inside(part, position, first, last) for part in parts):
                return factor, axis
    return None


def _moved(factors: set[Expr], free: set[Symbol]) -> bool:
    """Whether a factor reads at anything but a plain index where one of these indices occurs."""
    positions = [p for f in factors for a in f.atoms(Access) for p in a.indices]
    return any(not isinstance(p, Symbol) and p.free_symbols & free for p in positions)


def _says_inside(part: Expr, position: Expr, first: Expr, last: Expr) -> bool:
    if not isinstance(part, Relational) or not hasattr(part, "gts"):
        return False
    strict = 1 if part.rel_op in ("<", ">") else 0
    gap = (part.gts - part.lts - strict).expand()
    return bool(gap == (position - first).expand() or gap == (last - position).expand())


def access_value(lowering: Lowering, access: Access, scope: Scope, padded: frozenset[int]) -> Val:
    """The elements of a tensor at the positions that an access names."""
    tensor = lowering.tensors[access.tensor]
    code = access.tensor
    if not access.indices:
        return Val(code)
    if not padded and (view := rolled(lowering, access, scope)) is not None:
        return view
    positions = [(i - tensor.origin(axis)).expand() for axis, i in enumerate(access.indices)]
    lengths = [n - tensor.origin(axis) for axis, n in enumerate(tensor.shape)]
    symbols = [[s for s in scope.ranges if s in p.free_symbols] for p in positions]
    flat = [s for axis in symbols for s in axis]
    plain_guard = scope.guarded and any(
        not (_whole(p, ss[0], n, scope) if ss else inside(p, 0, n, scope.bounds()) == true)
        for p, ss, n in zip(positions, symbols, lengths, strict=True)
    )
    simple = len(set(flat)) == len(flat) and all(
        not p.has(Access) and not _reduces(p) and _strided(p, ss) for p, ss in zip(positions, symbols, strict=True)
    )
    if not simple or (plain_guard and not padded):
        return _fancy(lowering, access, positions, lengths, scope)
    code, positions, lengths = _pad(lowering, code, positions, lengths, padded, scope)
    return _views(lowering, code, positions, lengths, symbols, scope)


def _reduces(position: Expr) -> bool:
    from derive.nodes import Reduce

    return bool(position.has(Reduce))


def _whole(position: Expr, symbol: Symbol, length: Expr, scope: Scope) -> bool:
    """Whether the axis is read along a plain index that stays on it; a branch not taken may leave it."""
    return bool(position == symbol and (length - scope.ranges[symbol]).expand().is_nonnegative)


def _strided(position: Expr, symbols: Sequence[Symbol]) -> bool:
    """Whether a position is a view: with positive slopes, or one of two that is negative."""
    slopes = [coefficient(position, s) for s in symbols]
    if any(slope is None or not (slope.is_positive or slope.is_negative) for slope in slopes):
        return False
    backwards = sum(bool(slope is not None and slope.is_negative) for slope in slopes)
    return backwards == 0 or (backwards == 1 and len(slopes) == 2)


def _pad(
    lowering: Lowering, code: str, positions: list[Expr], lengths: list[Expr], padded: frozenset[int], scope: Scope
) -> tuple[str, list[Expr], list[Expr]]:
    if not padded:
        return code, positions, lengths
    widths: list[tuple[Expr, Expr]] = []
    positions, lengths = list(positions), list(lengths)
    for axis, length in enumerate(lengths):
        if axis not in padded:
            widths.append((Integer(0), Integer(0)))
            continue
        low, high = extremes(positions[axis], scope.bounds())
        assert low is not None
        assert high is not None
        before, after = SymMax(0, -low), SymMax(0, high - length + 1)
        widths.append((before, after))
        positions[axis] = (positions[axis] + before).expand()
        lengths[axis] = length + before + after
    size = lowering.code.size
    text = ", ".join(f"({size(a)}, {size(b)})" for a, b in widths)
    return lowering.code.temporary(f"padded({code}, ({text},))", f"{code}_padded"), positions, lengths


def _views(
    lowering: Lowering, code: str, positions: list[Expr], lengths: list[Expr], symbols: list[list[Symbol]], scope: Scope
) -> Val:
    size = lowering.code.size
    selection: list[str] = []
    axes: list[Symbol] = []
    doubled: list[tuple[int, Expr, Sequence[Symbol]]] = []
    for position, length, own in zip(positions, lengths, symbols, strict=True):
        if not own:
            selection.append(size(position))
        elif len(own) == 1:
            (s,) = own
            slope = coefficient(position, s)
            assert slope is not None
            start = (position - slope * s).expand()
            count = scope.ranges[s]
            axes.append(s)
            if start == 0 and slope == 1 and (count - length).expand() == 0:
                selection.append(":")
            elif slope == 1:
                selection.append(f"{'' if start == 0 else size(start)}:{size((start + count).expand())}")
            else:
                stop = size((start + slope * count).expand())
                selection.append(f"{'' if start == 0 else size(start)}:{stop}:{size(slope)}")
        elif len(own) == 2:
            doubled.append((len(axes), position, own))
            axes.extend(own)
            selection.append(":")
        else:
            raise lowering.unsupported(f"an axis of {code} read by {len(own)} indices at once")
    if any(part != ":" for part in selection):
        while selection and selection[-1] == ":":
            selection.pop()
        code = f"{code}[{', '.join(selection)}]"
    for axis, position, (a, b) in doubled:
        slopes = [coefficient(position, s) or Integer(0) for s in (a, b)]
        start = (position - slopes[0] * a - slopes[1] * b).expand()
        # What is read backwards is read forwards, from its last element, and turned round.
        start += sum(
            slope * (scope.ranges[s] - 1) for slope, s in zip(slopes, (a, b), strict=True) if slope.is_negative
        )
        counts = f"({size(scope.ranges[a])}, {size(scope.ranges[b])})"
        steps = f"({size(abs(slopes[0]))}, {size(abs(slopes[1]))})"
        code = lowering.code.temporary(f"windows({code}, {axis}, {size(start.expand())}, {counts}, {steps})", "windows")
        if any(slope.is_negative for slope in slopes):
            turned = axis + int(bool(slopes[1].is_negative))
            code = f"{code}[{', '.join([':'] * turned + ['::-1'])}]"
    return Val(code, tuple(axes))


def _fancy(lowering: Lowering, access: Access, positions: list[Expr], lengths: list[Expr], scope: Scope) -> Val:
    values = [lowering.integer(p, scope) for p in positions]
    order = joint(values, tuple(scope.ranges))
    inside = []
    for value in values:
        aligned = align(value, order)
        inside.append(aligned.code)
    if scope.guarded:
        return Val(lowering.code.temporary(f"pick({access.tensor}, ({', '.join(inside)},))", access.tensor), order)
    return Val(f"{access.tensor}[{', '.join(inside)}]", order)


__all__ = ["access_value", "split_guards"]

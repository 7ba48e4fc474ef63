"""Which integers an integer-valued tensor may hold: read off from where its elements stand as an index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Add, Expr, Integer, Symbol, ceiling, floor
from sympy.core.relational import Relational

from derive.nodes import Access, IntegerAccess, Reduce
from derive.program import Equation, Program
from verify.errors import SamplingError
from verify.sizes import extent_value

# an integer tensor that indexes nothing and has no declared domain
_FREE = (-3, 4)


def integer_ranges(program: Program, sizes: Mapping[Symbol, int]) -> dict[str, tuple[int, int]]:
    """For every integer input the half-open range ``lo <= value < hi`` in which all its uses are valid.

    An element that stands as an index (``E[token[t], k]``, also affine: ``x[2*s[i] + 1]``) must stay inside the axis
    that it indexes; one compared with an index (``[k == label[i]]``) inside that index's range; and declared domains
    hold.

    Raises:
        SamplingError: a use leaves no value, or is not affine in the element.
    """
    ranges: dict[str, tuple[int, int] | None] = {
        t.name: None for t in program.inputs if t.integer and t.role in ("input", "hyper")
    }
    for equation in program.equations:
        for name, lo, hi in _uses(program, equation, sizes):
            if name in ranges:
                ranges[name] = _meet(ranges[name], (lo, hi))
    for name in ranges:
        for lo, hi in _declared(program, name, sizes):
            ranges[name] = _meet(ranges[name], (lo, hi))
    return {name: _FREE if span is None else _close(span) for name, span in ranges.items()}


_WIDE = 10**9


def _meet(a: tuple[int, int] | None, b: tuple[int, int]) -> tuple[int, int]:
    return b if a is None else (max(a[0], b[0]), min(a[1], b[1]))


def _close(span: tuple[int, int]) -> tuple[int, int]:
    """A one-sided range gets a few values beside its end."""
    lo, hi = span
    if lo <= -_WIDE and hi >= _WIDE:
        return _FREE
    if hi >= _WIDE:
        return lo, lo + 4
    if lo <= -_WIDE:
        return hi - 4, hi
    return lo, hi


def _uses(program: Program, equation: Equation, sizes: Mapping[Symbol, int]) -> Iterator[tuple[str, int, int]]:
    ranges: dict[Symbol, Expr] = dict(equation.ranges)
    for reduction in equation.rhs.atoms(Reduce):
        ranges.update(reduction.limits)
    for access in equation.rhs.atoms(Access):
        tensor = program.tensors[access.tensor]
        for axis, position in enumerate(access.indices):
            for inner in position.atoms(IntegerAccess):
                size = extent_value(tensor.shape[axis], sizes)
                lo, hi = _inside(position, inner, tensor.origin(axis), size, sizes)
                yield inner.tensor, lo, hi
    for relation in equation.rhs.atoms(Relational):
        sides = (relation.lhs, relation.rhs)
        for side, other in (sides, sides[::-1]):
            if isinstance(side, IntegerAccess) and other in ranges:
                yield side.tensor, 0, extent_value(ranges[other], sizes)


def _inside(
    position: Expr, inner: IntegerAccess, origin: int, size: int, sizes: Mapping[Symbol, int]
) -> tuple[int, int]:
    """Solve ``origin <= scale*inner + rest < origin + size`` for ``inner``."""
    if position == inner:
        return origin, origin + size
    scale = position.coeff(inner)
    rest = Add(position, -scale * inner).expand().xreplace({s: Integer(v) for s, v in sizes.items()})
    if not (scale.is_Integer and scale != 0 and rest.is_Integer):
        raise SamplingError(
            f"the index {position} must be affine in {inner} with known numbers; it is not, so no valid range follows"
        )
    ends = sorted([(origin - rest) / scale, (origin + size - 1 - rest) / scale])
    return int(ceiling(ends[0])), int(floor(ends[1])) + 1


def _declared(program: Program, name: str, sizes: Mapping[Symbol, int]) -> Iterator[tuple[int, int]]:
    from verify.domains import bounds_of

    bounds = bounds_of(program.tensors[name], sizes)
    lo = -_WIDE if bounds.lo == -float("inf") else int(bounds.lo) + int(bounds.lo_open)
    hi = _WIDE if bounds.hi == float("inf") else int(bounds.hi) + int(not bounds.hi_open)
    if (lo, hi) != (-_WIDE, _WIDE):
        yield lo, hi

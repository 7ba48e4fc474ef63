"""Domains and facts: what is declared of an input's values, and how a draw is made to satisfy it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import And, Expr, Integer, Rational, Symbol
from sympy.core.relational import Ge, Gt, Le, Lt, Ne, Relational
from sympy.logic.boolalg import Boolean

from derive.nodes import Access, Reduce
from derive.program import Program, Tensor
from verify.errors import SamplingError

Array = NDArray[Any]
_INFINITY = float("inf")


@dataclass(frozen=True)
class Bounds:
    """An interval of reals, each end open or closed, and points left out (``x != 0``).

    Example:
        >>> Bounds(0.0, 1.0, True, True).holds(np.array([0.0, 0.5, 1.0])).tolist()
        [False, True, False]
    """

    lo: float = -_INFINITY
    hi: float = _INFINITY
    lo_open: bool = True
    hi_open: bool = True
    without: tuple[float, ...] = ()

    @property
    def free(self) -> bool:
        return self.lo == -_INFINITY and self.hi == _INFINITY

    def holds(self, values: Array) -> Array:
        """Elementwise: is the value inside?"""
        low = values > self.lo if self.lo_open else values >= self.lo
        high = values < self.hi if self.hi_open else values <= self.hi
        inside: Array = low & high
        for point in self.without:
            inside &= values != point
        return inside


def bounds_of(tensor: Tensor, sizes: Mapping[Symbol, int] | None = None) -> Bounds:
    """The interval that a tensor's declared domain states.

    Raises:
        SamplingError: a condition does not compare one element with a number or a size.

    Example:
        >>> from derive.nodes import Access
        >>> bounds_of(Tensor("eps", (), "hyper", domain=(Access("eps") > 0,))).lo
        0.0
    """
    bounds = Bounds()
    for condition in tensor.domain:
        for part in _parts(condition):
            bounds = _narrow(bounds, tensor, part, sizes or {})
    return bounds


def _parts(condition: Boolean) -> Iterator[Boolean]:
    if isinstance(condition, And):
        for part in condition.args:
            yield from _parts(part)
    else:
        yield condition


def _narrow(bounds: Bounds, tensor: Tensor, part: Boolean, sizes: Mapping[Symbol, int]) -> Bounds:
    relation, limit = _compared(tensor, part, sizes)
    end = float(limit)
    if issubclass(relation, (Gt, Ge)) and end >= bounds.lo:
        return replace(bounds, lo=end, lo_open=relation is Gt)
    if issubclass(relation, (Lt, Le)) and end <= bounds.hi:
        return replace(bounds, hi=end, hi_open=relation is Lt)
    return replace(bounds, without=(*bounds.without, end)) if relation is Ne else bounds


def _compared(tensor: Tensor, part: Boolean, sizes: Mapping[Symbol, int]) -> tuple[type[Relational], Expr]:
    """How an element is compared, with which number."""
    if isinstance(part, Relational):
        relation = part if isinstance(part.lhs, Access) else part.reversed
        side, limit = relation.lhs, relation.rhs.xreplace({s: Integer(v) for s, v in sizes.items()})
        if isinstance(side, Access) and side.tensor == tensor.name and limit.is_number:
            for known in (Gt, Ge, Lt, Le, Ne):
                if isinstance(relation, known):
                    return known, limit
    raise SamplingError(f"{tensor.name}: a domain must compare one element with a number or a size; got {part}")


def exactly(tensor: Tensor, sizes: Mapping[Symbol, int] | None = None) -> Callable[[Fraction], bool]:
    """Whether a number satisfies the declared domain, decided without any rounding.

    Raises:
        SamplingError: a condition does not compare one element with a number or a size.

    Example:
        >>> from derive.nodes import Access
        >>> below = exactly(Tensor("p", (), "input", domain=(Access("p") < 1,)))
        >>> below(1 - Fraction(1, 10**20)), below(Fraction(1))
        (True, False)
    """
    conditions = [_compared(tensor, part, sizes or {}) for each in tensor.domain for part in _parts(each)]
    return lambda value: all(_satisfied(relation, value, limit) for relation, limit in conditions)


def _satisfied(relation: type[Relational], value: Fraction, limit: Expr) -> bool:
    return bool(relation(Rational(value.numerator, value.denominator), limit))


def into(values: Array, bounds: Bounds) -> Array:
    """Map unbounded latent values into an interval, monotonically and without ever reaching an open end.

    A half line takes ``exp``, an interval the logistic function; far latent values come as close to the ends as
    floating point allows, which is what saturation means for a bounded input.
    """
    if bounds.free:
        mapped = values
    elif bounds.hi == _INFINITY:
        mapped = bounds.lo + np.exp(np.clip(values, -600, 600))
    elif bounds.lo == -_INFINITY:
        mapped = bounds.hi - np.exp(np.clip(-values, -600, 600))
    else:
        share = 1 / (1 + np.exp(np.clip(-values, -600, 600)))
        mapped = bounds.lo + (bounds.hi - bounds.lo) * share
    return clamp(mapped, bounds)


def clamp(values: Array, bounds: Bounds) -> Array:
    """Move what lies on an excluded point or outside to the nearest double inside."""
    lowest = np.nextafter(bounds.lo, _INFINITY) if bounds.lo_open and bounds.lo != -_INFINITY else bounds.lo
    highest = np.nextafter(bounds.hi, -_INFINITY) if bounds.hi_open and bounds.hi != _INFINITY else bounds.hi
    if bounds.lo_open and bounds.lo == 0.0:
        lowest = np.finfo(float).tiny
    inside = np.clip(values, lowest, highest)
    for point in bounds.without:
        inside = np.where(inside == point, point + 0.5, inside)
    return np.asarray(inside)


@dataclass(frozen=True)
class SumFact:
    """``sum(T[..., j, ...], j) == total``: the elements of an input along ``axes`` add up to a number."""

    tensor: str
    axes: tuple[int, ...]
    total: Rational


def sum_facts(program: Program) -> tuple[SumFact, ...]:
    """The facts of a program as sums along axes of inputs.

    Raises:
        SamplingError: a fact of another form; the message shows it.
    """
    return tuple(_sum_fact(program, left, right) for left, right in program.facts)


def _sum_fact(program: Program, left: Expr, right: Expr) -> SumFact:
    for side, total in ((left, right), (right, left)):
        if isinstance(side, Reduce) and side.op == "sum" and isinstance(side.body, Access) and total.is_Rational:
            access = side.body
            tensor = program.tensors.get(access.tensor)
            if tensor is not None and tensor.role == "input" and set(side.bound) <= set(access.indices):
                axes = tuple(k for k, position in enumerate(access.indices) if position in side.bound)
                return SumFact(access.tensor, axes, total)
    raise SamplingError(
        f"{program.name}: inputs can be drawn for facts of the form sum(T[i, j], j) == number; got {left} == {right}"
    )


def simplex(shape: tuple[int, ...], fact: SumFact, rng: np.random.Generator, *, corners: bool = False) -> Array:
    """Positive values whose sums along the fact's axes are *exactly* its total, in float32 and float64 alike.

    The values are multiples of total/64 (or of a smaller power of two), so no rounding disturbs the fact.  With
    ``corners`` each slice has a single nonzero entry (one-hot labels).
    """
    count = int(np.prod([shape[axis] for axis in fact.axes]))
    rest = [size for axis, size in enumerate(shape) if axis not in fact.axes]
    slices = int(np.prod(rest))
    if count == 0:
        if slices and fact.total != 0:
            raise SamplingError(
                f"an empty sum over {fact.tensor} cannot be {fact.total}: size 0 contradicts a declared fact"
            )
        return np.zeros(shape)
    parts = 64
    while parts < 4 * count:
        parts *= 2
    if corners:
        flat = np.zeros((slices, count))
        flat[np.arange(slices), rng.integers(count, size=slices)] = 1.0
    else:
        flat = (1 + rng.multinomial(parts - count, np.full(count, 1 / count), size=slices)) / parts
    values = (flat * float(fact.total)).reshape(*rest, *(shape[axis] for axis in fact.axes))
    return np.moveaxis(values, range(len(rest), len(shape)), fact.axes)

"""Affine integer expressions of indices: their coefficients, their extremes over ranges, and what those prove."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sympy import And, Expr, Integer, Or, Symbol, floor
from sympy.core.relational import (
    Equality,
    GreaterThan,
    LessThan,
    Relational,
    StrictGreaterThan,
    StrictLessThan,
    Unequality,
)
from sympy.logic.boolalg import Boolean, Not, false, true

from derive.nodes import Iverson, number

Ranges = Mapping[Symbol, tuple[Expr, Expr]]
"""Index -> (first, last) position."""


def ranges_of(extents: Mapping[Symbol, Expr]) -> dict[Symbol, tuple[Expr, Expr]]:
    """Index -> (0, extent - 1)."""
    return {i: (Integer(0), n - 1) for i, n in extents.items()}


Key = tuple[tuple[Symbol, tuple[Expr, Expr]], ...]
_KEPT = 1 << 14  # the same few positions and ranges are asked about again and again


def _ranges_that_matter(ranges: Ranges, *expressions: Expr) -> Key:
    free = {s for expression in expressions for s in expression.free_symbols}
    return tuple((symbol, ends) for symbol, ends in ranges.items() if symbol in free)


@lru_cache(maxsize=_KEPT)
def coefficient(expression: Expr, symbol: Symbol) -> Expr | None:
    """The coefficient of a symbol in which the expression is affine; ``None`` where it is not affine in it."""
    if expression == symbol:
        return Integer(1)
    if symbol not in expression.free_symbols:
        return Integer(0)
    expanded = expression.expand()
    slope = expanded.coeff(symbol, 1)
    if symbol in slope.free_symbols or symbol in (expanded - slope * symbol).expand().free_symbols:
        return None
    return slope


def extremes(expression: Expr, ranges: Ranges) -> tuple[Expr | None, Expr | None]:
    """Least and greatest value over the ranges, as expressions of sizes; ``None`` where that cannot be told."""
    return _extremes(expression, _ranges_that_matter(ranges, expression))


@lru_cache(maxsize=_KEPT)
def _extremes(expression: Expr, ranges: Key) -> tuple[Expr | None, Expr | None]:
    expanded = expression.expand()
    low = high = expanded
    free = expanded.free_symbols
    for symbol, (first, last) in ranges:
        if symbol not in free:
            continue
        slope = coefficient(expanded, symbol)
        if slope is None:
            return None, None
        if slope.is_nonnegative:
            at_low, at_high = first, last
        elif slope.is_nonpositive:
            at_low, at_high = last, first
        else:
            return None, None
        low, high = low.xreplace({symbol: at_low}), high.xreplace({symbol: at_high})
    return low.expand(), high.expand()


def _floor_slack(expression: Expr) -> Expr:
    """A lower bound of the expression by ``a*floor(b/a) <= b`` (and its negation), for the terms it applies to."""
    terms = []
    for term in expression.as_ordered_terms() if expression.is_Add else [expression]:
        floors = [factor for factor in (term.args if term.is_Mul else (term,)) if isinstance(factor, floor)]
        if len(floors) == 1:
            slope = term / floors[0]
            if slope.is_nonpositive:
                terms.append((slope * floors[0].args[0]).expand())
                continue
        terms.append(term)
    return sum(terms, Integer(0)).expand()


def surely_nonnegative(expression: Expr, ranges: Ranges) -> bool:
    """Whether the expression is shown to be >= 0 everywhere in the ranges."""
    low, _ = extremes(expression, ranges)
    if low is None:
        return False
    return bool(low.is_nonnegative) or bool(_floor_slack(low).is_nonnegative)


def _decide(condition: Relational, ranges: Ranges) -> bool | None:
    difference = condition.lhs - condition.rhs
    if not difference.is_integer:
        return None
    if isinstance(condition, (GreaterThan, StrictGreaterThan)):
        gap = difference
    elif isinstance(condition, (LessThan, StrictLessThan)):
        gap = -difference
    elif isinstance(condition, (Equality, Unequality)):
        if difference.expand() == 0:
            return isinstance(condition, Equality)
        apart = surely_nonnegative(difference - 1, ranges) or surely_nonnegative(-difference - 1, ranges)
        return isinstance(condition, Unequality) if apart else None
    else:
        return None
    margin = 1 if isinstance(condition, (StrictGreaterThan, StrictLessThan)) else 0
    if surely_nonnegative(gap - margin, ranges):
        return True
    if surely_nonnegative(margin - 1 - gap, ranges):
        return False
    return None


def decide(condition: Boolean, ranges: Ranges) -> Boolean:
    """Simplify an integer condition by what the ranges prove; anything undecided stays."""
    if isinstance(condition, Relational):
        verdict = _decide(condition, ranges)
        return condition if verdict is None else (true if verdict else false)
    if isinstance(condition, And):
        return And(*(decide(part, ranges) for part in condition.args))
    if isinstance(condition, Or):
        return Or(*(decide(part, ranges) for part in condition.args))
    if isinstance(condition, Not):
        return Not(decide(condition.args[0], ranges))
    return condition


def inside(position: Expr, first: Any, extent: Expr, ranges: Ranges) -> Boolean:
    """The condition ``first <= position < extent``, without the halves that the ranges prove."""
    return _inside(position, first, extent, _ranges_that_matter(ranges, position, number(first), extent))


@lru_cache(maxsize=_KEPT)
def _inside(position: Expr, first: Any, extent: Expr, ranges: Key) -> Boolean:
    return decide(And(first <= position, position < extent), dict(ranges))


def guard(position: Expr, first: Any, extent: Expr, ranges: Ranges) -> Expr:
    """:func:`inside` as an Iverson factor."""
    return Iverson(inside(position, first, extent, ranges))

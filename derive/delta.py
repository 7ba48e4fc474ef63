"""Elimination of Kronecker deltas and range guards in a term."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import And, Eq, Expr, Integer, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, false, true

from derive.affine import coefficient, decide, inside, ranges_of
from derive.nodes import Access, Iverson
from derive.terms import Term, make_term


@dataclass(frozen=True)
class Collapse:
    """One delta that was used up: the term before and after, and why."""

    before: Term
    after: Term
    because: str


def deltas(term: Term) -> list[Eq]:
    """The equality brackets among a term's factors."""
    return [b.condition for b, _ in term.factors if isinstance(b, Iverson) and isinstance(b.condition, Eq)]


def _solutions(equation: Eq, term: Term) -> list[tuple[Symbol, Expr, Expr]]:
    """(bound index, its value, its extent) for each bound index that the delta determines; the plainest first."""
    difference = (equation.lhs - equation.rhs).expand()
    found = []
    for s, extent in term.bound:
        slope = coefficient(difference, s)
        if slope == 1 or slope == -1:
            value = (s - slope * difference).expand()
            if s not in value.free_symbols and not _strides(value, term):
                found.append((s, value, extent))
    return sorted(found, key=lambda f: (len(f[1].free_symbols), not f[1].is_Symbol, str(f[0])))


def _strides(value: Expr, term: Term) -> bool:
    """Whether a value goes in strides of another summation index: ``p = i - 2*k`` is in range for one ``k`` of many.

    The delta ``[i == 2*k + p]`` says that better, and adds at the places it names.
    """
    slopes = (coefficient(value, other) for other, _ in term.bound if other in value.free_symbols)
    return any(slope not in (1, -1, None) for slope in slopes)


def _ranges(term: Term, free: Mapping[Symbol, Expr]) -> dict[Symbol, tuple[Expr, Expr]]:
    return ranges_of({**free, **dict(term.bound)})


def split_guards(condition: Boolean) -> list[Expr]:
    """A condition as brackets that are multiplied: one for each part of an ``And``."""
    parts = condition.args if isinstance(condition, And) else (condition,)
    return [Iverson(part) for part in parts]


def collapse(term: Term, free: Mapping[Symbol, Expr]) -> Collapse | None:
    """Use one delta to replace a summation index; ``None`` where no delta can be used.

    ``sum_s [s == e] f(s)`` is ``[0 <= e < n] f(e)``; the guard falls where the ranges prove it.
    """
    for equation in deltas(term):
        for s, value, extent in _solutions(equation, term):
            rest = tuple(pair for pair in term.bound if pair[0] != s)
            factors = [(b, e) for b, e in term.factors if not (isinstance(b, Iverson) and b.condition == equation)]
            # The values of an index tensor are inside the axis that they index, by contract.
            guard = true if value.has(Access) else inside(value, 0, extent, ranges_of({**free, **dict(rest)}))
            if guard == false:
                return Collapse(term, Term(Integer(0), (), ()), "the delta asks for a position outside the sum")
            reduced = make_term(term.coefficient, rest, factors).map({s: value})
            guarded = make_term(
                reduced.coefficient, rest, [*reduced.factors, *((g, Integer(1)) for g in split_guards(guard))]
            )
            return Collapse(term, guarded, "the delta leaves one term of the sum")
    return None


def simplify_guards(term: Term, free: Mapping[Symbol, Expr]) -> Term:
    """Drop brackets that the ranges, the other brackets or a remaining delta prove; a false one makes the term 0."""
    ranges = _ranges(term, free)
    equalities = deltas(term)
    kept: list[tuple[Expr, Expr]] = []
    conditions: list[Boolean] = []
    for base, exponent in term.factors:
        if not isinstance(base, Iverson):
            kept.append((base, exponent))
            continue
        parts = base.condition.args if isinstance(base.condition, And) else (base.condition,)
        conditions.extend(parts)
    remaining: list[Boolean] = []
    for condition in dict.fromkeys(conditions):
        decided = decide(condition, ranges)
        if decided == true:
            continue
        if decided == false:
            return Term(Integer(0), (), ())
        if isinstance(decided, Relational) and not isinstance(decided, Eq) and _by_delta(decided, equalities, ranges):
            continue
        remaining.append(decided)
    kept.extend((Iverson(c), Integer(1)) for c in remaining)
    return make_term(term.coefficient, term.bound, kept)


def _by_delta(condition: Relational, equalities: list[Eq], ranges: Mapping[Symbol, tuple[Expr, Expr]]) -> bool:
    if not hasattr(condition, "gts"):
        return False
    for equality in equalities:
        gap = equality.lhs - equality.rhs
        if not gap.is_integer:
            continue
        for sign in (1, -1):
            shifted = condition.func(condition.lhs + sign * gap, condition.rhs)
            if shifted == true or decide(shifted, ranges) == true:
                return True
    return False

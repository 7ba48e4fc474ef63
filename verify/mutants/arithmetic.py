"""Mistakes of arithmetic: a lost term, a sign, a factor 2, a count that is missing, extra, or one too small."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Add, Expr, Integer, Pow, Rational, Symbol
from sympy.core.relational import StrictLessThan

from derive.derivation import Derivation
from derive.nodes import Access, Iverson, Reduce
from derive.program import Equation
from verify.mutants.sites import Site, sites

Found = Iterator[tuple[str, Expr]]


def terms(equation: Equation, derivation: Derivation) -> Found:
    """Each term of each sum, dropped and with the other sign."""
    for site in sites(equation):
        sum_ = site.expression
        if not isinstance(sum_, Add) or not sum_.has(Access):
            continue
        parts = sorted(sum_.args, key=str)
        for k, part in enumerate(parts):
            yield "drop a term", site.put(Add(*parts[:k], *parts[k + 1 :], _never(part, derivation)))
            yield "sign", site.put(Add(*parts[:k], -part, *parts[k + 1 :]))


def _never(term: Expr, derivation: Derivation) -> Expr:
    """What is left of a dropped term: nothing, or a recurrence whose guard never holds, which stays a recurrence."""
    guards = {
        bracket: Iverson(bracket.condition.args[0] < 0)
        for bracket in term.atoms(Iverson)
        if isinstance(bracket.condition, StrictLessThan) and bracket.condition.args[1] in lengths(derivation)
    }
    return term.xreplace(guards) if guards else Integer(0)


def lengths(derivation: Derivation) -> set[Expr]:
    """The numbers of steps of the recurrences, forward and backward."""
    return {group.extent for group in derivation.combined.groups if group.direction and group.extent is not None}


def factors(equation: Equation, derivation: Derivation) -> Found:
    """The right-hand side negated, doubled, halved, and divided by a count that does not belong there; one of its terms too."""
    yield "sign", -equation.rhs
    yield "factor 2", 2 * equation.rhs
    yield "factor 1/2", equation.rhs * Rational(1, 2)
    parts = Add.make_args(equation.rhs)
    for part in sorted((p for p in parts if p.has(Access)), key=str) if len(parts) > 1 else ():
        yield "factor 2", equation.rhs + part
        yield "factor 1/2", equation.rhs - part * Rational(1, 2)
    count = _count(equation, derivation)
    if count is not None:
        # term by term, as the derived equations are written
        yield "extra 1/N", Add(*(term / count for term in Add.make_args(equation.rhs)))


def counts(equation: Equation, derivation: Derivation) -> Found:
    """A division by a count (or by its root) left out, and by one too few."""
    for site, dimensions in _divisions(equation, derivation):
        yield "missing 1/N", site.put(Integer(1))
        for n in dimensions:
            yield "N-1 for N", site.put(site.expression.xreplace({n: n - 1}))


def _divisions(equation: Equation, derivation: Derivation) -> Iterator[tuple[Site, list[Symbol]]]:
    known = set(derivation.program.dimensions)
    for site in sites(equation):
        power = site.expression
        if isinstance(power, Pow) and power.exp.is_negative and not power.has(Access):
            inside = power.free_symbols
            if inside and inside <= known:
                yield site, sorted(inside, key=str)


def _count(equation: Equation, derivation: Derivation) -> Symbol | None:
    """The number of terms of the first sum, else of rows: what one might divide by in error."""
    known = set(derivation.program.dimensions)
    reductions = sorted(equation.rhs.atoms(Reduce), key=str)
    extents = [extent for reduction in reductions for _, extent in reduction.limits]
    extents += [extent for extent in equation.extents if extent is not None]
    return next((extent for extent in extents if extent in known), None)

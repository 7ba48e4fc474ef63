"""Mistakes of indices: two of them swapped, one taken for another, the diagonal for the whole, a time step short."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from sympy import Expr, Integer, Symbol
from sympy.core.relational import StrictLessThan

from derive.derivation import Derivation
from derive.nodes import Access, Iverson, Reduce
from derive.program import Equation
from verify.mutants.arithmetic import Found, lengths
from verify.mutants.sites import sites


def swaps(equation: Equation, derivation: Derivation) -> Found:
    """Two indices of an access exchanged, where their axes are equally long (a transpose that no shape error shows)."""
    tensors = derivation.combined.tensors
    for site in sites(equation):
        access = site.expression
        if not isinstance(access, Access):
            continue
        shape = tensors[access.tensor].shape
        for p, q in combinations(range(len(shape)), 2):
            if shape[p] == shape[q] and access.indices[p] != access.indices[q]:
                moved = list(access.indices)
                moved[p], moved[q] = moved[q], moved[p]
                yield "transpose", site.put(access.func(access.tensor, *moved))


def mistaken(equation: Equation, derivation: Derivation) -> Found:
    """One index of an access taken for another one of the same range; a sum reduced to its diagonal."""
    for site in sites(equation):
        here = site.expression
        if isinstance(here, Access):
            for axis, position in enumerate(here.indices):
                for other in _alike(position, site.scope):
                    moved = [*here.indices[:axis], other, *here.indices[axis + 1 :]]
                    yield "index swapped", site.put(here.func(here.tensor, *moved))
        if isinstance(here, Reduce) and here.op == "sum":
            for index, _ in here.limits:
                scope = {**site.scope, **dict(here.limits)}
                for other in _alike(index, scope):
                    if other in site.scope:
                        kept = [limit for limit in here.limits if limit[0] != index]
                        body = here.body.xreplace({index: other})
                        yield "diagonal only", site.put(Reduce("sum", body, *kept) if kept else body)


def _alike(position: Expr, scope: Mapping[Symbol, Expr]) -> list[Symbol]:
    """The other indices in scope that run over the same range."""
    if position not in scope:
        return []
    return sorted((i for i, n in scope.items() if i != position and n == scope[position]), key=str)


def steps(equation: Equation, derivation: Derivation) -> Found:
    """A recurrence that ends one step early, and a sum over time without its first step."""
    known = lengths(derivation)
    for site in sites(equation):
        here = site.expression
        if isinstance(here, Iverson) and isinstance(here.condition, StrictLessThan):
            before, end = here.condition.args
            if end in known:
                yield "one time step short", site.put(Iverson(before + 1 < end))
        if isinstance(here, Reduce) and here.op == "sum":
            for index, extent in here.limits:
                if extent in known:
                    body = here.body * Iverson(index >= Integer(1))
                    yield "one time step short", site.put(Reduce("sum", body, *here.limits))

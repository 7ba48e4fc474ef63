"""Adjoints that are 0 because nothing feeds them: above all recurrences in which every term contains the recurrence.

``dm[t] = beta*dm[t + 1]`` with nothing arriving from outside is 0 at every step.  The largest set of adjoints each of
which is made of members of the set alone consists of zeros, since adjoints enter linearly and loops start from 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Add, Expr, Mul, Pow

from derive.nodes import Access, Reduce, Where
from derive.program import Equation


def vanishing(equations: Sequence[Equation]) -> frozenset[str]:
    """The targets that are 0 everywhere, given that every other tensor is no member of the set.

    Example:
        >>> from derive.nodes import Access, dimension, index
        >>> t, T = index("t"), dimension("T")
        >>> step = Equation("dm", (t,), (T,), 2*Access("dm", t + 1))
        >>> sorted(vanishing([step, Equation("dg", (t,), (T,), 3*Access("dm", t))]))
        ['dg', 'dm']
        >>> fed = Equation("dm", (t,), (T,), 2*Access("dm", t + 1) + Access("dy", t))
        >>> sorted(vanishing([fed, Equation("dg", (t,), (T,), 3*Access("dm", t))]))
        []
    """
    names = {e.target for e in equations}
    while fed := {e.target for e in equations if e.target in names and not vanishes(e.rhs, names)}:
        names -= fed
    return frozenset(names)


def vanishes(e: Expr, names: set[str] | frozenset[str]) -> bool:
    """Whether an expression is 0 where these tensors are."""
    if e == 0:
        return True
    if isinstance(e, Access):
        return e.tensor in names
    if isinstance(e, Add):
        return all(vanishes(term, names) for term in e.args)
    if isinstance(e, Mul):
        return any(vanishes(factor, names) for factor in e.args)
    if isinstance(e, Pow):
        return bool(e.exp.is_positive) and vanishes(e.base, names)
    if isinstance(e, Reduce):
        return e.op == "sum" and vanishes(e.body, names)
    if isinstance(e, Where):
        return all(vanishes(branch, names) for branch in e.args[1:])
    return False


__all__ = ["vanishes", "vanishing"]

"""A local derivative as a step of its own."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, Symbol

from derive.derivation import Step
from derive.index_names import IndexNames
from derive.naming import substitute
from derive.nodes import Partial, Reduce
from derive.occurrence import Local
from derive.program import Equation


def local_step(
    claim: Local, equation: Equation, mapping: Mapping[Symbol, Symbol], rhs: Expr, target: str, names: IndexNames
) -> Step:
    """The claim with the equation's indices and the bound ones around it free.

    ``rhs`` is the equation's right-hand side under ``mapping`` (index -> fresh one), which the claim speaks of.
    """
    extents = {mapping[i]: n for i, n in equation.ranges.items()}
    for reduce in rhs.atoms(Reduce):
        extents.update(reduce.limits)
    for reduce in claim.after.atoms(Reduce) | claim.before.atoms(Reduce):
        for i in reduce.bound:
            extents.pop(i, None)
    symbols = claim.before.free_symbols | claim.after.free_symbols
    used = sorted((s for s in symbols if s in extents), key=lambda s: s.name)
    naming = names.free(used, extents, {new: old for old, new in mapping.items()})
    free = {naming[s]: extents[s] for s in used}
    before = claim.before
    assert isinstance(before, Partial)
    body, value, after = (
        names.bound(substitute(e, dict(naming)), free) for e in (before.body, before.value, claim.after)
    )
    extent = tuple(free.values())
    shown = Partial(body, before.variable, value)
    return Step("local derivative", target, tuple(free), extent, shown, after, claim.because, extent)

"""Mistakes about a quantity and its corrected form, as ``m`` and ``mhat = m/(1 - beta**t)``: one of them where the other is due."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Add, Expr, Pow, Rational

from derive.derivation import Derivation
from derive.nodes import Access, Where
from derive.program import Equation
from verify.mutants.arithmetic import Found
from verify.mutants.sites import sites


def carried(equation: Equation, derivation: Derivation) -> Found:
    """A recurrence that goes on from the corrected form of its state, as where that is written over the state itself.

    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> adam = derive(get("adam"))
    >>> step = next(e for e in adam.program.equations if e.target == "m" and e.reads() - {"beta1"})
    >>> [(kind, str(rhs)) for kind, rhs in carried(step, adam)]
    [('corrected state carried', ...)]
    """
    for before in sorted(equation.rhs.atoms(Access), key=str):
        moved = [i for i, own in zip(before.indices, equation.indices, strict=False) if i != own]
        if before.tensor == equation.target and len(moved) == 1:
            for forward in derivation.program.equations:
                for _, state, factor in _corrected(forward, derivation):
                    if state == before.tensor:
                        at = dict(zip(forward.indices, before.indices, strict=True))
                        # the start is not a result that was corrected
                        kept = Where(moved[0] >= 0, before * factor.xreplace(at), before)
                        yield "corrected state carried", equation.rhs.xreplace({before: kept})


def uncorrected(equation: Equation, derivation: Derivation) -> Found:
    """``sqrt(vhat) + eps`` as ``(sqrt(v) + eps)/sqrt(1 - beta**t)``: a constant that is corrected with the root beside it."""
    tensors = derivation.combined.tensors
    for site in sites(equation):
        here = site.expression
        if not (isinstance(here, Add) and len(here.args) == 2):
            continue
        for root, constant in (here.args, here.args[::-1]):
            alone = isinstance(constant, Access) and tensors[constant.tensor].role == "hyper"
            if alone and isinstance(root, Pow) and root.exp == Rational(1, 2) and isinstance(root.base, Access):
                for forward in derivation.program.equations:
                    for name, _, factor in _corrected(forward, derivation):
                        if name == root.base.tensor:
                            at = dict(zip(forward.indices, root.base.indices, strict=True))
                            yield "eps corrected too", site.put(root + constant * Pow(factor.xreplace(at), root.exp))


def _corrected(forward: Equation, derivation: Derivation) -> Iterator[tuple[str, str, Expr]]:
    """``mhat = m*factor``, element by element, with a factor of hyper-parameters and indices: (mhat, m, factor)."""
    tensors = derivation.program.tensors
    for access in forward.rhs.atoms(Access):
        factor = forward.rhs / access
        if access.indices == forward.indices and access.tensor != forward.target:
            rest = factor.atoms(Access)
            if rest and all(tensors[other.tensor].role == "hyper" for other in rest):
                yield forward.target, access.tensor, factor


__all__ = ["carried", "uncorrected"]

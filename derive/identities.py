"""Identities by which two right formulas for a gradient look unlike: terms that vanish, and what cancels when multiplied out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from sympy import Add, Expr, Integer, Mul

from derive.derivation import Derivation, Step
from derive.nodes import Reduce
from derive.text import expression_text

_REWRITING = ("expand", "fold")


@dataclass(frozen=True)
class Identity:
    """``left = right``, met on the way to the adjoint ``target``; with or without what vanishes a formula is the same.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> print(*identities(derive(get("batch_norm"))), sep="\\n")
        sum(mu[j] - x[i, j], i) = 0
    """

    target: str
    left: Expr
    right: Expr

    def __str__(self) -> str:
        return f"{expression_text(self.left)} = {expression_text(self.right)}"


def identities(derivation: Derivation) -> tuple[Identity, ...]:
    """The identities that a derivation made use of, from its steps; the same one once.

    Where terms were multiplied out and folded until less was left, both ends of that are equal; where an adjoint was put in
    and terms cancelled, too.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> str(identities(derive(get("elu")))[0])
        'alpha*(exp(z[i]) - 1) + alpha = alpha*exp(z[i])'
        >>> identities(derive(get("dense")))
        ()
    """
    found = [
        identity
        for target, steps in groupby(derivation.steps, key=lambda step: step.target)
        for before, after in _rewritten(list(steps))
        if (identity := _essence(target, before, after)) is not None
    ]
    return tuple({str(identity): identity for identity in found}.values())


def _rewritten(steps: list[Step]) -> Iterator[tuple[Expr, Expr]]:
    """Expressions before and after a run of steps that multiply out and fold, and around a substitution."""
    start: Expr | None = None
    now: Expr = Integer(0)
    for step in steps:
        if step.rule == "expand" and start is None:
            start, now = step.before, step.after
        elif step.rule in _REWRITING and start is not None:
            now = now - step.before + step.after
        elif start is not None:
            yield start, now
            start = None
        if step.rule == "inline":
            yield step.before, step.after
    if start is not None:
        yield start, now


def _essence(target: str, before: Expr, after: Expr) -> Identity | None:
    """What is left when both sides lose their common terms and factors, if that is shorter on the right."""
    old, new = (dict.fromkeys(Add.make_args(side)) for side in (before, after))
    left, right = (Add(*(t for t in side if t not in other)) for side, other in ((old, new), (new, old)))
    if len(Add.make_args(after)) > len(Add.make_args(before)) or right.count_ops() >= left.count_ops():
        return None
    if right == 0:
        sums = [f for f in Mul.make_args(left) if isinstance(f, (Reduce, Add))]
        return Identity(target, Mul(*sums) if sums else left, right)
    factors = [dict.fromkeys(Mul.make_args(side)) for side in (left, right)]
    left, right = (Mul(*(f for f in own if f not in other)) for own, other in (factors, factors[::-1]))
    return Identity(target, left, right) if right.count_ops() < left.count_ops() else None


__all__ = ["Identity", "identities"]

"""The course of a derivation as a reader follows it: the whole expression after every step.

A step records what it rewrites: one term of several, more often than not.  Here it is put into the expression that it is part
of, so that the lines of a page are equal to one another from the first to the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sympy import Add, Expr, Integer, Symbol

from derive.derivation import Step
from derive.matrix_form import normal_text
from derive.simplify import Simplifier
from derive.terms import Fresh, flatten

REARRANGED = "rearranged"
_ABOUT_BRACKETS = ("delta collapse", "guard", "bracket")
_TOGETHER = (_ABOUT_BRACKETS, ("fold", "fact"), ("inline",))


@dataclass(frozen=True)
class Stage:
    """``before = after`` by these steps; none where only the order or a common factor changed.

    ``apart`` marks a part of the expression that is followed on its own, because it stands nowhere in it as it is.
    """

    before: Expr
    after: Expr
    steps: tuple[Step, ...]
    apart: bool = False

    @property
    def rule(self) -> str:
        return self.steps[0].rule if self.steps else REARRANGED


def stages(steps: Sequence[Step], result: Expr) -> list[Stage]:
    """The stages from the chain rule to the result."""
    first, *others = steps
    found = [Stage(first.before, first.after, (first,))]
    total = first.after
    for step in others:
        after = replaced(total, step.before, step.after)
        if after is None and _same(total, step):
            found.append(Stage(total, step.before, ()))
            total, after = step.before, step.after
        if after is None:
            found.append(Stage(step.before, step.after, (step,), apart=True))
            continue
        found.append(Stage(total, after, (step,)))
        total = after
    if total != result:
        found.append(Stage(total, result, ()))
    return found


def _same(total: Expr, step: Step) -> bool:
    """Whether a step begins with the whole expression in another form: factored, or over a common denominator."""
    if normal_text(total) == normal_text(step.before):
        return True
    free = {i: n for i, n in zip(step.indices, step.extents, strict=True) if isinstance(i, Symbol) and n is not None}
    fresh = Fresh("_s")
    simplifier = Simplifier((), free, fresh)
    return not simplifier.multiplied_out(flatten(total - step.before, fresh))


def replaced(total: Expr, before: Expr, after: Expr) -> Expr | None:
    """``total`` with the terms of ``before`` replaced; ``None`` where it does not have them."""
    if total == before:
        return after
    kept = list(Add.make_args(total))
    texts = [normal_text(term) for term in kept]
    for term in Add.make_args(before):
        wanted = normal_text(term)
        if wanted not in texts:
            return None
        position = texts.index(wanted)
        del kept[position], texts[position]
    return Add(*kept, after) if kept else Integer(0) + after


def grouped(found: Iterable[Stage]) -> list[Stage]:
    """Stages that a lecturer writes as one line: what the brackets do, and everything that is put back by name."""
    result: list[Stage] = []
    for stage in found:
        last = result[-1] if result else None
        if (
            last is not None
            and not last.apart
            and not stage.apart
            and last.after == stage.before
            and _alike(last, stage)
        ):
            result[-1] = Stage(last.before, stage.after, (*last.steps, *stage.steps))
        else:
            result.append(stage)
    return result


def _alike(first: Stage, second: Stage) -> bool:
    return any(first.rule in kind and second.rule in kind for kind in _TOGETHER)


__all__ = ["REARRANGED", "Stage", "grouped", "replaced", "stages"]

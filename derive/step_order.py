"""Which steps a derivation shows, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

from derive.derivation import Step
from derive.nodes import Access
from derive.program import Equation


def mentioned(equations: Sequence[Equation], kept: Sequence[Equation], steps: Sequence[Step]) -> list[Equation]:
    """The kept equations, and those whose targets the steps towards them name before they are put in."""
    needed = list(kept)
    while True:
        targets = {e.target for e in needed}
        named = {
            a.tensor for s in steps if s.target in targets for side in (s.before, s.after) for a in side.atoms(Access)
        }
        more = [e for e in equations if e in needed or (e.target in named and e.target not in targets)]
        if len(more) == len(needed):
            return more
        needed = more


def in_order(equations: Sequence[Equation], steps: Sequence[Step], closing: Sequence[Step]) -> list[Step]:
    """Steps grouped by the equation they lead to, in the order of evaluation."""
    result: list[Step] = []
    done: set[int] = set()
    for number, equation in enumerate(equations):
        for position, step in enumerate(steps):
            same_place = step.indices == equation.indices or step.rule == "local derivative"
            if position not in done and step.target == equation.target and same_place:
                result.append(step)
                done.add(position)
        result.append(closing[number])
    return result

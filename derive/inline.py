"""Putting one adjoint into another where the whole becomes shorter (where factors cancel, or it is used once)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sympy import Expr, Symbol

from derive.affine import ranges_of, surely_nonnegative
from derive.derivation import Step
from derive.naming import substitute
from derive.nodes import Access, Reduce
from derive.occurrence import freshen
from derive.program import Equation, Program
from derive.simplify import Simplifier, size
from derive.terms import Fresh, flatten

if TYPE_CHECKING:
    from derive.reverse import Reverse


def put_in(expression: Expr, definition: Equation, fresh: Fresh) -> Expr:
    """Replace every access of the definition's target by its right-hand side."""
    if isinstance(expression, Access) and expression.tensor == definition.target:
        mapping = {i: e for i, e in zip(definition.indices, expression.indices, strict=True) if isinstance(i, Symbol)}
        fresh_rhs = freshen(definition.rhs, fresh)
        return substitute(fresh_rhs, mapping)
    if not expression.args or isinstance(expression, Access):
        return expression
    if isinstance(expression, Reduce):
        body = put_in(expression.body, definition, fresh)
        return Reduce(expression.op, body, *expression.limits, ties=expression.ties)
    return expression.func(*(put_in(a, definition, fresh) if a.args else a for a in expression.args))


def inline_adjoints(run: Reverse, adjoint: Program) -> tuple[Program, list[Equation], list[Step]]:
    """Inline in evaluation order.

    An adjoint goes into its reader if the reader does not grow; or, used by one equation alone, if both lines
    together shrink.  Members of a recurrence stay apart.  Gives the program that is left, its equations together with
    those that it no longer needs, and the steps.
    """
    steps = list(run.steps)
    equations = list(adjoint.equations)
    wanted = set(adjoint.outputs)
    recurrent = {e.target for g in adjoint.groups if g.direction for e in (*g.equations, *g.starts, *g.ends)}
    targets = Counter(
        e.target for e in equations
    )  # one with a start value has two definitions, and neither is all of it
    for position in range(len(equations)):
        tried: set[str] = set()
        while True:
            equation = equations[position]
            definitions = {e.target: e for e in equations[:position] if targets[e.target] == 1}
            names = sorted(
                (a for a in equation.reads() if a in definitions and a not in tried and a not in recurrent),
                key=lambda name: -[e.target for e in equations].index(name),
            )
            if not names:
                break
            name = names[0]
            tried.add(name)
            candidate = _try(run, adjoint, equations, position, definitions[name], wanted)
            if candidate is not None:
                equations[position], new_steps = candidate
                steps.extend(new_steps)
    return adjoint.with_(equations=tuple(_pruned(equations, wanted))), equations, steps


def _try(
    run: Reverse, adjoint: Program, equations: list[Equation], position: int, definition: Equation, wanted: set[str]
) -> tuple[Equation, list[Step]] | None:
    equation = equations[position]
    free = equation.ranges
    changes: list[tuple[str, Expr, Expr, str]] = []

    def record(*change: Any) -> None:
        changes.append(change)  # named and numbered only if this is accepted: most attempts are not

    inlined = put_in(freshen(equation.rhs, run.fresh), definition, run.fresh)
    record("inline", equation.rhs, inlined, f"{definition.target} put in")
    simplifier = Simplifier(run.patterns, free, run.fresh, record)
    result = run.index_names.bound(simplifier.run(flatten(inlined, run.fresh)), free)
    alone = definition.target not in wanted and not any(
        definition.target in e.reads() for k, e in enumerate(equations) if k != position
    )
    allowance = size(definition.rhs) + size(definition.lhs) if alone else 0
    if size(result) > size(equation.rhs) + allowance:
        return None
    shape = tuple(n for n in equation.extents if n is not None)

    def step(rule: str, before: Expr, after: Expr, because: str) -> Step:
        old, new = run.index_names.bound(before, free), run.index_names.bound(after, free)
        return Step(rule, equation.target, equation.indices, equation.extents, old, new, because, shape)

    steps = [step(*change) for change in changes]
    return Equation(equation.target, equation.indices, equation.extents, result, equation.note), steps


def _pruned(equations: list[Equation], wanted: set[str]) -> list[Equation]:
    """Drop what nothing reads any more."""
    while True:
        read = {a for e in equations for a in e.reads() if a != e.target} | wanted
        kept = [e for e in equations if e.target in read and _start_is_read(e, equations)]
        if len(kept) == len(equations):
            return kept
        equations = kept


def _start_is_read(equation: Equation, equations: list[Equation]) -> bool:
    """Whether something may read the constant position of a start-value equation (true of every other equation)."""
    for axis, position in enumerate(equation.indices):
        if not position.is_Integer:
            continue
        for reader in equations:
            ranges = dict(reader.ranges)
            for reduce in reader.rhs.atoms(Reduce):
                ranges.update(reduce.limits)
            for access in reader.rhs.atoms(Access):
                if access.tensor == equation.target and not surely_nonnegative(
                    access.indices[axis] - position - 1, ranges_of(ranges)
                ):
                    return True
        return False
    return True

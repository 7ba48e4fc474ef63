"""An operation is a graph: its equations are evaluated along a path, and its adjoints along the path backwards.

``of`` is the operation, ``path`` tensors each of which is read by the next one (``"X Z1 A1 Z2 A2 L"``); with
``backwards = true`` the adjoints too must follow one another in the opposite order.
"""

from __future__ import annotations

from itertools import pairwise

from derive.derivation import Derivation
from derive.errors import BackproofError
from derive.program import Program
from derive.reverse import derive
from verify.audit.claims import Check
from verify.audit.found import Found, fails, holds

REQUIRED = {"of": '"mlp"', "path": '"X Z1 A1 Z2 A2 L"'}
OPTIONAL = {"backwards": "true"}


def said(check: Check) -> str:
    """The claim on one line."""
    return " -> ".join(check.text("path").replace("->", " ").split())


def judge(check: Check) -> Found:
    """Read the edges from the equations; that they can be ordered shows that there is no cycle but through time."""
    operation = check.operation()
    program = operation.program
    path = [name for name in check.text("path").replace("->", " ").split() if name]
    for name in path:
        if name not in program.tensors:
            raise check.error(f"path: {operation.name} has no {name}; it has {', '.join(program.tensors)}")
    if len(path) < 2:
        raise check.error(f"path: it needs two tensors or more, such as X -> Z; got {check.text('path')!r}")
    for one, other in pairwise(path):
        if not any(one in e.reads() for e in program.equations_of(other)):
            reads = sorted({r for e in program.equations_of(other) for r in e.reads()})
            return fails(
                "the equations", correction=f"{other} does not read {one}; it reads {', '.join(reads) or 'nothing'}"
            )
    loops = sorted({e.target for group in program.groups if group.direction for e in group.equations})
    evidence = [f"{len(_edges(program))} edges; evaluated in the order {', '.join(_order(program))}"]
    evidence += [f"the only cycles run through time: {', '.join(loops)}"] if loops else ["there is no cycle"]
    if check.flag("backwards"):
        try:
            derivation = derive(operation)
        except BackproofError as problem:
            raise check.error(str(problem)) from None
        known = {**derivation.adjoints, **derivation.gradients}
        without = [name for name in path if name not in known and name not in program.outputs]
        if without:
            raise check.error(f"backwards: {', '.join(without)} has no adjoint; begin the path behind it")
        wrong = _forwards(derivation, path)
        if wrong:
            return fails("the adjoints", correction=wrong)
        evidence.append(f"adjoints in the order {', '.join(e.target for e in derivation.equations)}")
    return holds("read from the equations", *evidence)


def _edges(program: Program) -> set[tuple[str, str]]:
    return {(read, e.target) for e in program.equations for read in e.reads()}


def _order(program: Program) -> list[str]:
    return list(dict.fromkeys(e.target for group in program.groups for e in group.equations))


def _forwards(derivation: Derivation, path: list[str]) -> str:
    """Which adjoint comes too early; empty if they come in the opposite order of the path.

    Adjoints that need each other through time are computed together, step by step, in no order among themselves.
    """
    places = {equation.target: k for k, equation in enumerate(derivation.derived)}
    together = {e.target: k for k, g in enumerate(derivation.combined.groups) if g.direction for e in g.equations}
    adjoints = {**derivation.adjoints, **derivation.gradients}
    found = [(adjoints[n], n) for n in path if n in adjoints and adjoints[n] in places]
    for (early, name), (late, after) in pairwise(found):
        same = early in together and together[early] == together.get(late)
        if places[early] < places[late] and not same:
            return f"the adjoint of {name} is derived before that of {after}"
    return ""

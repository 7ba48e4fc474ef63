"""The generated code with the equations that its lines compute beside them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from derive.derivation import Derivation
from derive.program import Equation
from numeric import Function
from reports.document import Link, Listing
from reports.numbers import Numbers

_ALLOCATION = ("zeros", "empty", "full")


def code_listing(function: Function, derivation: Derivation, numbers: Numbers) -> Listing:
    """The source, each assignment to a named tensor marked with the number of its equation."""
    return Listing(function.source, "python", margin=margin(function.source, derivation, numbers))


def margin(source: str, derivation: Derivation, numbers: Numbers) -> dict[int, Link]:
    """Line -> the equation whose target that line computes."""
    found: dict[int, Link] = {}
    for number, name, fixed in _assignments(source):
        for kind, equations in (("forward", derivation.program.equations), ("adjoint", derivation.equations)):
            own = [e for e in equations if e.target == name]
            chosen = [e for e in own if _starts(e) == fixed] or own
            link = numbers.link((kind, name, chosen[0].indices)) if chosen else None
            if link is not None:
                found[number] = link
    return found


def _starts(equation: Equation) -> bool:
    return any(extent is None for extent in equation.extents)


def _assignments(source: str) -> Iterator[tuple[int, str, bool]]:
    """Line, name, and whether a constant position is assigned, of every assignment that computes something."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign | ast.AugAssign) and not _allocates(node.value):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                fixed = False
                if isinstance(target, ast.Subscript):
                    fixed = isinstance(target.slice, ast.Constant)
                    target = target.value
                if isinstance(target, ast.Name):
                    yield node.lineno, target.id, fixed


def _allocates(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _ALLOCATION


__all__ = ["code_listing", "margin"]

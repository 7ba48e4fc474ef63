"""An elementwise function and its slope at 0 and far out: values and limits by SymPy, compared with balls."""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Expr, Integer, Max, Min, Piecewise, Symbol, limit, nsimplify, oo, simplify, sympify, true

from derive.derivation import Derivation
from derive.errors import BackproofError
from derive.named import NamedFunction
from derive.nodes import Access, Iverson, Maximum, Minimum, Where
from derive.notation import Box, Notation, expression_box
from derive.operation import Operation
from numeric.exact import Exact
from reports.document import Inline, text

FAR = 2.0**12
NEAR = 1e-3  # how close a value far out has to be to its limit


def slope_items(operation: Operation, derivation: Derivation, notation: Notation) -> list[tuple[Inline, ...]]:
    """The slope of an elementwise function of one input at 0 and at both ends of the line, where SymPy finds it."""
    if operation.function is None or len(operation.inputs) != 1 or operation.inputs[0].domain:
        return []
    (given,), (output,) = operation.inputs, operation.outputs
    u = Symbol("u", real=True)
    forward = plain(derivation.program.equations[-1].rhs, {given.name: u}, operation)
    slope = _slope(derivation, operation, given.name, output.name, u, forward)
    if slope is None:
        return []
    pieces: list[str | Inline | Box] = []
    shown = expression_box(Symbol(given.name), notation)
    for name, expression in (("value", forward), ("slope", slope)):
        for place in (Integer(0), oo, -oo):
            found = _at(expression, u, place)
            if found is None or not _confirmed(derivation, operation, name, place, found):
                continue
            where = ("at " if place == 0 else "towards ", expression_box(place, notation))
            pieces += ["; " if pieces else "", f"{name} ", expression_box(found, notation), " ", *where]
    return [text("Special points in ", shown, ": ", *pieces, ".")] if pieces else []


def plain(expression: Expr, letters: dict[str, Symbol], operation: Operation) -> Expr:
    """An elementwise expression in SymPy's own functions, hyper-parameters at their defaults."""
    defaults = {h.name: nsimplify(h.default) for h in operation.hypers if h.default is not None}

    def put(e: Expr) -> Expr:
        if isinstance(e, Access):
            return letters.get(e.tensor, defaults.get(e.tensor, e))
        if isinstance(e, NamedFunction):
            return put(e.definition())
        if isinstance(e, Where):
            return Piecewise((put(e.args[1]), put(e.condition)), (put(e.args[2]), True))
        if isinstance(e, Iverson):
            return Piecewise((1, put(e.condition)), (0, True))
        if isinstance(e, Minimum):
            return Min(*map(put, e.args[:2]))
        if isinstance(e, Maximum):
            return Max(*map(put, e.args[:2]))
        return e.func(*map(put, e.args)) if e.args else e

    return put(sympify(expression, strict=True))  # numbers become SymPy's; text is refused


def _slope(
    derivation: Derivation, operation: Operation, given: str, output: str, u: Symbol, forward: Expr
) -> Expr | None:
    """The derived gradient with cotangent 1, as an expression of the input."""
    if len(derivation.equations) != 1 or not derivation.cotangents:
        return None
    letters: dict[str, Any] = {given: u, derivation.cotangents[output]: Integer(1), output: forward}
    found = plain(derivation.equations[0].rhs, letters, operation)
    return None if found.has(Access) else found


def _at(expression: Expr, u: Symbol, place: Expr) -> Expr | None:
    """A value or limit that is a plain number; ``None`` where SymPy does not find one."""
    try:
        if place == 0:
            found = simplify(expression.subs(u, 0))
        elif expression.has(Max, Min, Piecewise):
            found = limit(_branch(expression, u, place), u, place)
        else:
            found = limit(expression, u, place)
    except Exception:  # SymPy raises errors of many kinds for a limit that it cannot take
        return None
    known = found.is_number and (found.is_finite or found in (oo, -oo)) and found.is_extended_real
    return found if known and found.count_ops() < 6 else None


def _branch(expression: Expr, u: Symbol, place: Expr) -> Expr:
    """The branches that apply far out, chosen by the value of each condition there."""
    far = Integer(int(FAR)) * (1 if place == oo else -1)
    if isinstance(expression, Piecewise):
        for value, condition in expression.args:
            if true in (condition, condition.subs(u, far)):
                return _branch(value, u, place)
    if isinstance(expression, Max | Min):
        ordered = sorted(expression.args, key=lambda a: float(a.subs(u, far)))
        return _branch(ordered[-1 if isinstance(expression, Max) else 0], u, place)
    return expression.func(*(_branch(a, u, place) for a in expression.args)) if expression.args else expression


def _confirmed(derivation: Derivation, operation: Operation, name: str, place: Expr, found: Expr) -> bool:
    """Whether balls agree: at 0 exactly, far out nearly."""
    (given,), (output,) = operation.inputs, operation.outputs
    where = 0.0 if place == 0 else FAR if place == oo else -FAR
    inputs = {given.name: np.array([where]), derivation.cotangents[output.name]: np.ones(1)}
    target = output.name if name == "value" else derivation.gradients[given.name]
    try:
        ball = Exact(derivation.combined, inputs, bits=256).array(target)[0]
    except (BackproofError, ArithmeticError):
        return False
    value = float(ball.mid()) if ball.is_finite() else float("nan")
    if found in (oo, -oo):
        return value > 1 / NEAR if found == oo else value < -1 / NEAR
    return abs(value - float(found)) <= (1e-12 if place == 0 else NEAR)


__all__ = ["plain", "slope_items"]

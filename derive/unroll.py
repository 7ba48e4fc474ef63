"""The closed form of a linear recurrence of first order, and the sum of its weights."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Dummy, Expr, Integer, Piecewise, Symbol, expand, factor, powsimp, simplify, summation

from derive.errors import DerivationError
from derive.naming import names_in, pick, substitute
from derive.nodes import Access, Reduce, index
from derive.operation import Operation
from derive.program import Equation, Program


@dataclass(frozen=True)
class Unrolled:
    """``x[t] = a**(t+1)*x[-1] + sum_{s=0..t} a**(t-s)*b[s]``.

    ``equation`` is that closed form, ``coefficient`` is ``a``, ``drive`` is ``b[t]``.  ``weight_sum`` is the sum of
    the weights ``c*a**(t-s)``, ``c`` the constant factor of ``b``; dividing by it removes the bias of a start at 0.
    """

    equation: Equation
    coefficient: Expr
    drive: Expr
    weight_sum: Expr


def unroll(operation: Operation | Program, target: str) -> Unrolled:
    """The closed form of ``x[t] = a*x[t-1] + b[t]``, where ``a`` depends neither on ``t`` nor on ``x``.

    Source of the use for bias correction: Kingma and Ba, Adam, 2015, section 3.  Raises :class:`DerivationError` that
    names what is not linear, not constant, or not of first order.

    >>> from derive.registry import get
    >>> unroll(get("momentum"), "v").weight_sum
    1 - beta**(t + 1)
    """
    program = operation.program if isinstance(operation, Operation) else operation
    loop, axis = _loop(program, target)
    time = loop.indices[axis]
    past = loop.lhs.xreplace({time: time - 1})
    for access in sorted(loop.rhs.atoms(Access), key=str):
        if access.tensor == target and access != past:
            raise DerivationError(f"{target} is no recurrence of first order in one element: {loop.lhs} reads {access}")
    for reduce in loop.rhs.atoms(Reduce):
        if past in reduce.atoms(Access):
            raise DerivationError(f"{target} is not elementwise: {loop.lhs} reads {past} inside {reduce.op}(...)")
    value = Dummy("x", real=True)
    body = expand(loop.rhs.xreplace({past: value}))
    coefficient, drive = factor(body.coeff(value, 1)), body.coeff(value, 0)
    rest = expand(body - body.coeff(value, 1) * value - drive)
    if rest != 0 or value in coefficient.free_symbols | drive.free_symbols:
        raise DerivationError(f"{target} is not linear in {past}: {loop.rhs}")
    if time in coefficient.free_symbols:
        raise DerivationError(f"the factor of {past} depends on {time}: {coefficient}")
    drive = loop.rhs.xreplace({past: Integer(0)})  # as it is written, not as it expands
    name = pick(["s", "r", "q"], {*program.tensors, *names_in(loop.rhs), *(str(i) for i in loop.ranges)})
    s = index(name)
    terms = coefficient ** (time - s) * substitute(drive, {time: s})
    closed = coefficient ** (time + 1) * _start(program, loop, axis) + Reduce("sum", terms, (s, time + 1))
    equation = Equation(target, loop.indices, loop.extents, closed, "closed form")
    return Unrolled(equation, coefficient, drive, _weight_sum(coefficient, drive, time, s))


def _loop(program: Program, target: str) -> tuple[Equation, int]:
    for group in program.groups:
        if target in group.axes and any(e.target == target for e in group.equations):
            others = [e.target for e in group.equations if e.target != target]
            if others:
                raise DerivationError(f"{target} is coupled with {', '.join(others)}; only one equation is unrolled")
            (loop,) = group.equations
            return loop, group.axes[target]
    raise DerivationError(f"{target!r} is defined by no recurrence of {program.name}")


def _start(program: Program, loop: Equation, axis: int) -> Expr:
    for equation in program.equations_of(loop.target):
        if equation.extents[axis] is None and equation.indices[axis] == -1:
            pairs = zip(equation.indices, loop.indices, strict=True)
            return substitute(equation.rhs, {a: b for a, b in pairs if isinstance(a, Symbol)})
    raise DerivationError(f"{loop.target} has no start value at -1")


def _weight_sum(coefficient: Expr, drive: Expr, time: Symbol, s: Symbol) -> Expr:
    """``sum_{s=0..t} c*a**(t-s)``, where it is not degenerate (``a = 1`` is, unless ``a`` is that number)."""
    varying = {i for a in drive.atoms(Access) for i in a.free_symbols} | {time}
    constant = drive.as_independent(*varying, *(a for a in drive.atoms(Access) if a.indices), as_Add=False)[0]
    symbols = {a: Dummy(a.tensor, positive=True) for a in sorted((coefficient * constant).atoms(Access), key=str)}
    base, weight = coefficient.xreplace(symbols), constant.xreplace(symbols)
    steps = Dummy("k", integer=True, nonnegative=True)
    until = Dummy("t", integer=True, nonnegative=True)
    # With k = t - s the weights are a geometric series, whatever the signs.
    total = summation(base**steps, (steps, 0, until))
    if isinstance(total, Piecewise):
        total = total.args[-1][0]
    total = powsimp(expand(simplify(weight * total)))
    return total.xreplace({until: time, **{d: a for a, d in symbols.items()}})

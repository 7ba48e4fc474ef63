"""An optimizer on a quadratic: its iteration matrix, and the learning rates for which it contracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import Dummy, Eq, Expr, Integer, Matrix, Mul, Poly, Symbol, expand, factor, factor_list, solve

from derive.adjoint_names import free_name
from derive.analyses.bounds import Interval, Range, Signs, range_of, solve_affine
from derive.analyses.onestep import OneStep, one_step
from derive.errors import DerivationError
from derive.naming import substitute
from derive.nodes import Access, Iverson, Reduce
from derive.operation import Operation
from derive.program import Equation, Program, Tensor
from derive.scalar import tidy_sign
from derive.second import jacobian
from derive.text import expression_text

Z = Symbol("z")
CURVATURE = Symbol("lambda", positive=True)


@dataclass(frozen=True)
class Loop:
    """An optimizer whose gradient is that of ``sum_j curvature[j]*point[j]**2/2``, closed into one program.

    ``program`` is the declared recurrence with ``curvature[j]*point[t - 1, j]`` added to the gradient that is given,
    ``step`` one step of it; ``gradient`` and ``curvature`` are tensor names.
    """

    program: Program
    step: OneStep
    gradient: str
    curvature: str
    point: str


@dataclass(frozen=True)
class Stability:
    """``state[t] = matrix * state[t - 1]`` on a quadratic of curvature ``lambda``.

    ``conditions`` are positive exactly where all eigenvalues, the roots of ``polynomial`` in ``z``, are inside the unit
    circle; ``interval`` is where that is in the learning rate ``rate`` (``None`` where it was not solved for).
    ``slow`` is the eigenvalue nearest 1 to first order in the rate; ``best`` is the rate and the factor per step that
    are optimal for curvatures from ``mu`` to ``L``, for a recurrence with one state.
    """

    loop: Loop
    states: tuple[str, ...]
    matrix: Matrix
    polynomial: Expr
    rate: Symbol
    ranges: Mapping[Symbol, Range]
    conditions: tuple[Expr, ...]
    interval: Interval | None
    slow: Expr | None
    best: tuple[Expr, Expr] | None


def close_loop(operation: Operation | Program, at: str | None = None) -> Loop:
    """The optimizer on a quadratic: its gradient is ``curvature[j]`` times the point ``at`` of the step before.

    Raises :class:`DerivationError` where it is not clear which input is the gradient, or which output the point.

    >>> from derive.registry import get
    >>> from derive.text import program_text
    >>> print(program_text(close_loop(get("gradient_descent")).step.program))
    theta[j] = theta_last[j] - alpha*(curvature[j]*theta_last[j] + g[j])
    """
    program = operation.program if isinstance(operation, Operation) else operation
    plain = one_step(program)
    if len(plain.driven) != 1:
        given = ", ".join(plain.driven) or "none"
        raise DerivationError(
            f"{program.name}: one input with a value each step must be the gradient, found {given}; "
            f"declare the optimizer as a recurrence over t that reads g[t, j]"
        )
    (gradient,) = plain.driven
    if at is None and len(program.outputs) > 1:
        raise DerivationError(
            f"{program.name} has several outputs; say at which one the gradient is taken, with --at: "
            f"{', '.join(program.outputs)}"
        )
    point = at or program.outputs[0]
    definitions = [e for e in program.equations_of(point) if plain.time in e.ranges]
    if len(definitions) != 1:
        raise DerivationError(
            f"{program.name}: the gradient must be taken at a tensor with one value each step, got {point!r}; "
            f"choose from: {', '.join(program.outputs)}"
        )
    (definition,) = definitions
    name = free_name("curvature", program, {})
    tensor = program.tensors[point]
    axis = definition.indices.index(plain.time)
    shape = (*tensor.shape[:axis], *tensor.shape[axis + 1 :])

    def closed(e: Expr) -> Expr:
        if isinstance(e, Access):
            if e.tensor != gradient:
                return e
            own = e.indices[len(e.indices) - len(shape) :]
            where = (*own[:axis], e.indices[0] - 1, *own[axis:])
            return e + Access(name, *own) * _point(definition, plain, where, point)
        if not e.args:
            return e
        if isinstance(e, Reduce):
            return Reduce(e.op, closed(e.body), *e.limits, ties=e.ties)
        return e.func(*(closed(a) if a.args else a for a in e.args))

    entry = program.tensors[gradient]
    if entry.shape[len(entry.shape) - len(shape) :] != shape:
        raise DerivationError(
            f"{program.name}: the gradient {gradient} {entry.shape} must end in the axes of {point} {shape}"
        )
    whole = program.with_(
        name=f"{program.name}_on_a_quadratic",
        tensors={**program.tensors, name: Tensor(name, shape, meaning="second derivative of the loss")},
        equations=tuple(replace(e, rhs=closed(e.rhs)) for e in program.equations),
    )
    return Loop(whole, one_step(whole), gradient, name, point)


def _point(definition: Equation, step: OneStep, where: tuple[Expr, ...], point: str) -> Expr:
    """The point at a position: a state is read there, what is computed from states is put in."""
    if point in step.states:
        return Access(point, *where)
    mapping = {i: e for i, e in zip(definition.indices, where, strict=True) if isinstance(i, Symbol)}
    return substitute(definition.rhs, mapping)


def stability(operation: Operation | Program, at: str | None = None, rate: str | None = None) -> Stability:
    """For which learning rates an optimizer contracts on ``lambda*theta**2/2``, by the Jury conditions.

    ``at`` is the output at which the gradient is taken, ``rate`` the hyper-parameter that is solved for; both are needed
    only where there is a choice.  Source: Polyak, Some methods of speeding up the convergence of iteration methods,
    1964; Jury, Theory and Application of the z-Transform Method, 1964, section 3.  Raises :class:`DerivationError` for
    a recurrence that is not linear in its states and in the gradient, as Adam, or whose matrix depends on the step.

    >>> from derive.registry import get
    >>> found = stability(get("heavy_ball"))
    >>> found.interval
    Interval(low=0, high=2*(beta + 1)/lambda)
    """
    program = operation.program if isinstance(operation, Operation) else operation
    loop = close_loop(program, at)
    states = tuple(loop.step.states)
    hypers = {t.name: t for t in program.inputs if not t.rank and not t.integer}
    symbols = {name: Symbol(name, real=True) for name in hypers}
    entries = [[_entry(loop, a, b, symbols) for b in loop.step.states.values()] for a in states]
    matrix = Matrix(entries)
    _check_linear(loop, matrix, symbols)
    polynomial = Poly(matrix.charpoly(Z).as_expr(), Z).as_expr()
    ranges = {symbols[n]: range_of(t) for n, t in hypers.items() if symbols[n] in matrix.free_symbols}
    ranges[CURVATURE] = Range(Integer(0))
    chosen = _rate(program, ranges, rate)
    conditions = tuple(dict.fromkeys(c for f, _ in factor_list(polynomial, Z)[1] for c in inside_circle(f)))
    others = Signs({s: r for s, r in ranges.items() if s != chosen})
    low = ranges[chosen].low
    interval = solve_affine(conditions, chosen, others, low) if low.is_finite else None
    slow = _slow(polynomial, chosen)
    return Stability(
        loop, states, matrix, polynomial, chosen, ranges, conditions, interval, slow, _best(polynomial, chosen)
    )


def _entry(loop: Loop, of: str, wrt: str, symbols: Mapping[str, Symbol]) -> Expr:
    """One entry of the iteration matrix: the factor of the deltas in ``d of / d wrt``."""
    rhs = jacobian(loop.step.program, of, wrt).equations[-1].rhs
    brackets = sorted(rhs.atoms(Iverson), key=str)
    if any(not isinstance(b.condition, Eq) for b in brackets):
        raise _not_linear(loop, of, wrt, rhs)
    factor_ = rhs.xreplace({b: Integer(1) for b in brackets})
    if expand(rhs - factor_ * Mul(*brackets)) != 0:
        raise _not_linear(loop, of, wrt, rhs)
    return _plain(loop, of, wrt, factor_, symbols)


def _plain(loop: Loop, of: str, wrt: str, e: Expr, symbols: Mapping[str, Symbol]) -> Expr:
    """The expression in plain symbols; nothing but hyper-parameters and the curvature may stand in it."""
    for access in sorted(e.atoms(Access), key=str):
        if access.tensor == loop.curvature:
            e = e.xreplace({access: CURVATURE})
        elif not access.indices and access.tensor in symbols:
            e = e.xreplace({access: symbols[access.tensor]})
        else:
            raise _not_linear(loop, of, wrt, e)
    if loop.step.time in e.free_symbols:
        raise DerivationError(
            f"{_name(loop)}: the iteration matrix depends on the step: d {of}/d {wrt} = {expression_text(e)}; "
            f"the stable rates of one fixed matrix are solved for"
        )
    if e.has(Reduce, Iverson):
        raise _not_linear(loop, of, wrt, e)
    return e


def _not_linear(loop: Loop, of: str, wrt: str, e: Expr) -> DerivationError:
    return DerivationError(
        f"{_name(loop)} is not linear in its states and its gradient: "
        f"d {of}/d {wrt} = {expression_text(e)} on a quadratic; the eigenvalues of a step decide about linear "
        f"recurrences only"
    )


def _name(loop: Loop) -> str:
    return loop.program.name.removesuffix("_on_a_quadratic")


def _check_linear(loop: Loop, matrix: Matrix, symbols: Mapping[str, Symbol]) -> None:
    """The step is its matrix times the states, exactly: a derivative that is 0 almost everywhere would not show it."""
    values: dict[str, Expr] = {}
    before = {name: Dummy(name, real=True) for name in loop.step.states.values()}

    def read(e: Any) -> Expr:
        if isinstance(e, Access):
            if e.tensor in before:
                return before[e.tensor]
            if e.tensor == loop.curvature:
                return CURVATURE
            if e.tensor == loop.gradient:
                return Integer(0)
            return values.get(e.tensor, symbols.get(e.tensor, e))
        if isinstance(e, Reduce):
            body = read(e.body)
            if e.op == "sum" and not body.free_symbols & set(e.bound):
                return body * Mul(*(n for _, n in e.limits))
            return Reduce(e.op, body, *e.limits, ties=e.ties)
        return e.func(*(read(a) if isinstance(a, Expr) else a for a in e.args)) if e.args else e

    for equation in loop.step.program.equations:
        values[equation.target] = read(equation.rhs)
    for row, (name, _) in enumerate(loop.step.states.items()):
        linear = sum((matrix[row, k] * x for k, x in enumerate(before.values())), Integer(0))
        rest = expand(values[name] - linear)
        if rest != 0:
            raise _not_linear(loop, name, ", ".join(before), values[name])


def _rate(program: Program, ranges: Mapping[Symbol, Range], wanted: str | None) -> Symbol:
    free = [s for s, r in ranges.items() if s != CURVATURE and not r.high.is_finite and r.low == 0]
    if wanted is None and len(free) == 1:
        return free[0]
    named = {s.name: s for s in ranges if s != CURVATURE}
    if wanted in named:
        return named[wanted]
    raise DerivationError(
        f"{program.name}: say which hyper-parameter is the learning rate, with --rate: {', '.join(named) or 'none'}"
        + ("" if wanted is None else f"; {wanted!r} is none that its step depends on")
    )


def inside_circle(polynomial: Expr) -> list[Expr]:
    """What must be positive for all roots in ``z`` to lie inside the unit circle, and is then enough.

    Degree 1 and 2: the Jury conditions.  Above: with ``z = (1 + w)/(1 - w)`` the coefficients and the Hurwitz
    determinants of the polynomial in ``w``.

    >>> a, b = Symbol("a"), Symbol("b")
    >>> inside_circle(Z**2 + a*Z + b)
    [a + b + 1, -a + b + 1, 1 - b]
    """
    poly = Poly(polynomial, Z)
    degree = poly.degree()
    a = [poly.coeff_monomial(Z**k) / poly.LC() for k in range(degree + 1)]
    if degree == 0:
        return []
    if degree == 1:
        return [factor(1 + a[0]), factor(1 - a[0])]
    at_one = expand(sum(a, Integer(0)))
    at_minus_one = expand(sum(((-1) ** (degree - k) * c for k, c in enumerate(a)), Integer(0)))
    if degree == 2:
        return [at_one, at_minus_one, expand(1 - a[0])]
    w = Dummy("w")
    moved = Poly(expand(sum(c * (1 + w) ** k * (1 - w) ** (degree - k) for k, c in enumerate(a))), w)
    b = [moved.coeff_monomial(w ** (degree - k)) for k in range(degree + 1)]
    hurwitz = Matrix(
        degree, degree, lambda i, j: b[2 * (j + 1) - (i + 1)] if 0 <= 2 * (j + 1) - (i + 1) <= degree else 0
    )
    # With all coefficients positive, every second determinant suffices (Lienard and Chipart, 1914).
    minors = [hurwitz[:k, :k].det() for k in range(degree - 1, 1, -2)]
    return [*map(factor, b), *map(factor, minors)]


def _slow(polynomial: Expr, rate: Symbol) -> Expr | None:
    """The eigenvalue that is 1 at rate 0, to first order: ``1 - rate*p_rate/p_z``."""
    start = {rate: Integer(0), Z: Integer(1)}
    slope = polynomial.diff(Z).subs(start)
    if polynomial.subs(start).expand() != 0 or slope.expand() == 0:
        return None
    return 1 - rate * tidy_sign(factor(polynomial.diff(rate).subs(start) / slope))


def _best(polynomial: Expr, rate: Symbol) -> tuple[Expr, Expr] | None:
    """For curvatures in ``[mu, L]`` and one eigenvalue, affine in the curvature: the ends are equally slow."""
    poly = Poly(polynomial, Z)
    value = -poly.coeff_monomial(1)
    if poly.degree() != 1 or Poly(value, CURVATURE).degree() != 1:
        return None
    mu, high = Symbol("mu", positive=True), Symbol("L", positive=True)
    ends = value.subs(CURVATURE, mu), value.subs(CURVATURE, high)
    solutions = solve(Eq(ends[0], -ends[1]), rate)
    return (tidy_sign(factor(solutions[0])), factor(ends[0].subs(rate, solutions[0]))) if len(solutions) == 1 else None


__all__ = ["CURVATURE", "Loop", "Stability", "close_loop", "inside_circle", "stability"]

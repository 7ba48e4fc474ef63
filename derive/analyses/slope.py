"""The slope of an activation in pieces: where it is largest, where it is small, and where it is 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

from sympy import (
    Abs,
    Dummy,
    Expr,
    Integer,
    N,
    Poly,
    Rational,
    Symbol,
    cancel,
    cosh,
    exp,
    fraction,
    gcd,
    limit,
    log,
    oo,
    sign,
    sinh,
    solve,
    tanh,
    together,
)
from sympy.core.relational import Relational
from sympy.logic.boolalg import false, true

from derive.errors import DerivationError
from derive.named import NamedFunction
from derive.nodes import Access, Iverson, Maximum, Minimum, Where
from derive.operation import Operation
from derive.reverse import derive

X = Symbol("x", real=True)


@dataclass(frozen=True)
class Piece:
    """``slope`` for ``low < x < high``; no bracket or ``where`` is left in it."""

    low: Expr
    high: Expr
    slope: Expr


@dataclass(frozen=True)
class Slope:
    """``f'(x)`` of an elementwise operation, its hyper-parameters at their defaults, and its pieces from left to right."""

    name: str
    derived: str
    slope: Expr
    pieces: tuple[Piece, ...]

    @property
    def dead(self) -> tuple[tuple[Expr, Expr], ...]:
        """The intervals on which the slope is exactly 0."""
        return tuple((p.low, p.high) for p in self.pieces if p.slope == 0)


def slope_of(operation: Operation) -> Slope:
    """The derived derivative of an activation.  Raises :class:`DerivationError` for what is no function of one number.

    >>> from derive.registry import get
    >>> found = slope_of(get("relu"))
    >>> found.derived, found.dead
    ('dz[i] = da[i]*[z[i] > 0]', ((-oo, 0),))
    """
    from derive.text import equation_text

    program = operation.program
    inputs = [t for t in program.inputs if t.role == "input" and not t.integer]
    if operation.function is None or len(inputs) != 1:
        raise DerivationError(
            f"{operation.name} is no function of one number; saturation is of an activation, declared with "
            f"z[...] and one equation"
        )
    gradient = derive(program)
    (equation,) = gradient.equations
    defaults = {t.at(): Rational(str(t.default)) for t in program.inputs if t.role == "hyper"}
    (cotangent,) = gradient.cotangents.values()
    rhs = equation.rhs.replace(
        lambda e: isinstance(e, Access), lambda e: _value(e, operation, inputs[0].name, cotangent)
    ).xreplace(defaults)
    slope = _opened(rhs)
    return Slope(operation.name, equation_text(equation), slope, pieces_of(slope))


def _value(access: Access, operation: Operation, source: str, cotangent: str) -> Expr:
    if access.tensor == source:
        return X
    if access.tensor == cotangent:
        return Integer(1)
    equations = operation.program.equations_of(access.tensor)
    if not equations:
        return access
    return equations[0].rhs.replace(lambda e: isinstance(e, Access) and e.tensor == source, lambda e: X)


def _opened(e: Expr) -> Expr:
    """With every named function put in."""
    while found := e.atoms(NamedFunction):
        e = e.xreplace({f: f.definition() for f in found})
    return e


def pieces_of(slope: Expr) -> tuple[Piece, ...]:
    """The slope between the points at which a condition or an absolute value changes.

    >>> from sympy import Piecewise
    >>> [(p.low, p.high, p.slope) for p in pieces_of(Iverson(X > 0) * X)]
    [(-oo, 0, 0), (0, oo, x)]
    """
    edges: set[Expr] = set()
    conditions = {c for e in slope.atoms(Iverson, Where) for c in e.args[0].atoms(Relational)}
    gaps = [c.lhs - c.rhs for c in conditions] + [e.args[0] for e in slope.atoms(Abs, sign)]
    gaps += [e.args[0] - e.args[1] for e in slope.atoms(Maximum, Minimum)]
    for gap in (each for mixed in gaps for each in _cases(mixed)):
        if not gap.is_polynomial(X):
            raise DerivationError(
                f"where {gap} changes its sign is not solved for; a condition must be a polynomial in x"
            )
        edges |= {root for root in solve(gap, X) if root.is_real}
    ordered = sorted(edges, key=float)
    ends = [-oo, *ordered, oo]
    return tuple(Piece(a, b, _inside(slope, a, b)) for a, b in pairwise(ends))


def _cases(gap: Expr) -> list[Expr]:
    """A gap with each absolute value read either way, and each extremum as either side: more edges than needed do no harm."""
    for part in sorted(gap.atoms(Abs, Maximum, Minimum), key=str):
        sides = (part.args[0], -part.args[0]) if isinstance(part, Abs) else part.args[:2]
        return [case for side in sides for case in _cases(gap.xreplace({part: side}))]
    return [gap]


def _inside(e: Expr, low: Expr, high: Expr) -> Expr:
    middle = (
        Integer(0)
        if (low, high) == (-oo, oo)
        else high - 1
        if low == -oo
        else low + 1
        if high == oo
        else (low + high) / 2
    )

    def chosen(part: Expr) -> Expr:
        if isinstance(part, (Iverson, Where)):
            holds = part.args[0].xreplace({X: middle}).doit()
            holds = true if holds == true else false if holds == false else bool(holds)
            return (
                Iverson(holds) if isinstance(part, Iverson) else chosen(part.args[1] if holds == true else part.args[2])
            )
        if isinstance(part, Maximum):  # and Minimum, which is one
            first, second = (a.xreplace({X: middle}) for a in map(chosen, part.args[:2]))
            larger = bool(first >= second) != isinstance(part, Minimum) or first == second
            return chosen(part.args[0 if larger else 1])
        if isinstance(part, (Abs, sign)):
            positive = part.args[0].xreplace({X: middle}) > 0
            inside = chosen(part.args[0])
            return (inside if positive else -inside) if isinstance(part, Abs) else Integer(1 if positive else -1)
        return part.func(*(chosen(a) for a in part.args)) if part.args else part

    return chosen(e)


@dataclass(frozen=True)
class Rationalised:
    """A piece as ``top(u)/bottom(u)`` with ``u = x`` or ``u = exp(rate*x)``, for ``low < u < high``."""

    u: Symbol
    rate: Expr | None
    value: Expr
    low: Expr
    high: Expr

    def x(self, u: Expr) -> Expr:
        """Where ``x`` is."""
        return u if self.rate is None else log(u) / self.rate


def rationalised(piece: Piece) -> Rationalised | None:
    """A piece as a rational function, so that its extrema are roots of polynomials; ``None`` if it is none."""
    u = Dummy("u", real=True)
    slope = piece.slope.replace(lambda f: isinstance(f, (tanh, sinh, cosh)), lambda f: f.rewrite(exp))
    powers = slope.atoms(exp)
    if not powers:
        value = cancel(together(slope.xreplace({X: u})))
        return Rationalised(u, None, value, piece.low, piece.high) if value.is_rational_function(u) else None
    slopes = [p.args[0].coeff(X, 1) for p in powers]
    if any(
        (p.args[0] - c * X).expand().has(X) or not c.is_Rational or c == 0 for p, c in zip(powers, slopes, strict=True)
    ):
        return None
    rate = Abs(reduce(gcd, slopes))
    mapping = {p: exp(p.args[0] - c * X) * u ** (c / rate) for p, c in zip(powers, slopes, strict=True)}
    value = cancel(together(slope.xreplace(mapping)))
    if value.has(X) or not value.is_rational_function(u):
        return None
    return Rationalised(
        u, rate, value, exp(rate * piece.low) if piece.low != -oo else Integer(0), exp(rate * piece.high)
    )


def extremes(form: Rationalised) -> list[tuple[Expr, Expr]]:
    """``(|f'|, x)`` at every critical point and at the ends (limits there), exactly."""
    top = fraction(together(form.value.diff(form.u)))[0]
    points: list[Expr] = []
    if form.u in top.free_symbols:
        points = [r for r in Poly(top, form.u).real_roots() if _within(r, form)]
    found = [(Abs(form.value.subs(form.u, r)), form.x(r)) for r in dict.fromkeys(points)]
    for end, side in ((form.low, "+"), (form.high, "-")):
        value = limit(form.value, form.u, end, side if end.is_finite else "-")
        place = -oo if form.rate is not None and end == 0 else form.x(end) if end.is_finite else end
        found.append((Abs(value), place))
    return found


def crossings(form: Rationalised, level: Expr) -> list[Expr]:
    """Where ``|f'|`` is ``level``, as values of ``x``."""
    top, bottom = fraction(form.value)
    found = []
    for side in (1, -1):
        e = (top - side * level * bottom).expand()
        if form.u in e.free_symbols:
            found += [form.x(r) for r in Poly(e, form.u).real_roots() if _within(r, form)]
    return sorted(found, key=lambda e: float(N(e, 30)))


def _within(root: Expr, form: Rationalised) -> bool:
    value = N(root, 40)
    return bool(N(form.low, 40) < value < N(form.high, 40)) if form.high.is_finite else bool(N(form.low, 40) < value)


def supremum(pieces: Sequence[Piece]) -> tuple[Expr, Expr] | None:
    """``sup |f'|`` and where it is attained or approached, exactly; ``None`` if a piece is no rational function.

    >>> from derive.registry import get
    >>> supremum(slope_of(get("sigmoid")).pieces)
    (1/4, 0)
    """
    found: list[tuple[Expr, Expr]] = []
    for piece in pieces:
        form = rationalised(piece)
        if form is None:
            return None
        found += extremes(form)
    return max(found, key=lambda pair: (N(pair[0], 40), -abs(N(pair[1])) if pair[1].is_finite else -oo))


__all__ = [
    "Piece",
    "Rationalised",
    "Slope",
    "X",
    "crossings",
    "extremes",
    "pieces_of",
    "rationalised",
    "slope_of",
    "supremum",
]

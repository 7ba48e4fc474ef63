"""Sums of functions that are all quotients in one exponential, as one quotient with powers of it."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, log2

from sympy import (
    Add,
    Dummy,
    Expr,
    Function,
    Integer,
    Mul,
    NumberSymbol,
    Poly,
    Pow,
    Rational,
    Symbol,
    cancel,
    fraction,
    gcd,
    gcd_list,
    together,
)

from derive.nodes import Access
from numeric.nodes import ExpRatio, Logistic, LogisticSlope, Sech2, Softplus, Tanh, Vanishing

_KINDS = (Logistic, LogisticSlope, Sech2, Tanh)
_POWERS = 6  # that are worth writing down
_DEGREE = 4  # of a coefficient: a product of more factors has as many roundings as the quotient saves


def over_one_exponential(
    e: Add, definition: Callable[[Access], Expr | None] = lambda access: None
) -> tuple[Expr, str] | None:
    """``logistic(v) + v*logistic(v)*logistic(-v)``: terms that are quotients in ``exp(v)`` may cancel where none is small.

    As one quotient of polynomials they have few roundings.  What a definition has of the same exponential is put in: its own
    rounding would be as large as that of the terms.
    """
    if e.has(*_KINDS):
        inside = {access: definition(access) for access in sorted(e.atoms(Access), key=str)}
        e = e.xreplace({access: found for access, found in inside.items() if found is not None and found.has(*_KINDS)})
    calls = sorted((c for kind in _KINDS for c in e.atoms(kind)), key=str)
    inner = [c.args[0].args[0] if isinstance(c.args[0], Softplus) else c.args[0] for c in calls]
    parts = [u.as_coeff_Mul() for u in inner]
    if len(calls) < 2 or any(not c.is_Rational or rest != parts[0][1] for c, rest in parts):
        return None
    if not parts[0][1].has(Access):
        return None
    unit = gcd([abs(c) for c, _ in parts])
    if any(abs(c / unit) > _POWERS for c, _ in parts):
        return None  # in exp(v) and exp(1.0001*v) the powers of their common exponential are in the thousands
    power = Dummy("power", positive=True)
    quotients = {
        call: _quotient(call, (1 + power ** (c / unit)) if isinstance(call.args[0], Softplus) else power ** (c / unit))
        for call, (c, _) in zip(calls, parts, strict=True)
    }
    names = {access: Dummy() for access in sorted(e.atoms(Access), key=str)}
    products = e.replace(Vanishing, Mul)  # what vanishes does so below as well
    quotient = products.xreplace(quotients).xreplace(names)
    if any(call.has(power) for call in quotient.atoms(Function)):
        return None
    top, bottom = _cancelled(quotient, power)
    own = {dummy: access for access, dummy in names.items()}
    if not (top.is_polynomial(power, *own) and bottom.is_polynomial(power)) or bottom.free_symbols - {power}:
        return None
    step, (above, below) = _deflated(Poly(top, power), Poly(bottom, power))
    degree = max(len(above), len(below))
    mixed = any(c.has(*own) for c in above) and any(c.is_number and c for c in above)
    if len(above) == 1 or degree > _POWERS or not mixed or not all(c.is_nonnegative for c in below):
        return None
    if any(Poly(c, *own).total_degree() > _DEGREE for c in above):
        return None
    first = next(c for c in below if c)
    scale = Rational(2) ** floor(log2(first)) if first.is_Rational else first  # a power of two costs no digit
    coefficients = [(c / scale).expand() for row in (above, below) for c in row + [Integer(0)] * (degree - len(row))]
    v = step * unit * parts[0][1]
    because = "terms that cancel as one quotient of polynomials in one exponential"
    return ExpRatio(v, *(c.xreplace(own) for c in coefficients)), because


def _cancelled(quotient: Expr, power: Symbol) -> tuple[Expr, Expr]:
    """Numerator and denominator without common factors in ``power``.

    Irrational numbers stand as symbols meanwhile: with roots among the coefficients SymPy takes minutes.
    """
    roots = {n: Dummy(positive=True) for n in quotient.atoms(Pow, NumberSymbol) if n.is_number and not n.is_Rational}
    own = {dummy: number for number, dummy in roots.items()}
    top, bottom = fraction(cancel(together(quotient.xreplace(roots)), power))
    return top.xreplace(own), bottom.xreplace(own)


def _deflated(*polynomials: Poly) -> tuple[Expr, list[list[Expr]]]:
    """The polynomials in the highest power of which all are one, from the lowest coefficient on."""
    step = gcd_list([power for p in polynomials for (power,) in p.monoms()]) or 1
    return step, [list(reversed(p.all_coeffs()))[::step] for p in polynomials]


def _quotient(call: Expr, x: Expr) -> Expr:
    """The function at ``log(x)``."""
    if isinstance(call, Logistic):
        return x / (1 + x)
    if isinstance(call, LogisticSlope):
        return x / (1 + x) ** 2
    if isinstance(call, Tanh):
        return (x**2 - 1) / (x**2 + 1)
    return 4 * x**2 / (x**2 + 1) ** 2


__all__ = ["over_one_exponential"]

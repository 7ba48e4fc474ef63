"""Rules for two terms of a sum that nearly cancel: ``w + w*tanh(u)`` in any sum, for any factor ``w``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Add, Expr, Integer, Mul, Pow, erf, exp, log, sqrt

from derive.nodes import Access, Iverson
from derive.nonnegative import nonnegative
from derive.program import Equation, Tensor
from numeric.nodes import (
    Erfc,
    Expm1,
    Expm1Minus,
    Hypot,
    LogCosh,
    Logistic,
    LogisticSlope,
    LogRatio,
    MinusTanh,
    PowerMinusOne,
    RootPlus,
    Sech2,
    Tanh,
    Vanishing,
)

Found = tuple[Expr, str] | None


def pair(e: Add, tensors: Mapping[str, Tensor]) -> Found:
    """Two terms ``s*w + w*f`` (``s`` is 1 or -1) written as one product without cancellation; the other terms stay."""
    terms = list(e.args)
    for part in terms:
        for f, w in _factors(part, tensors):
            for other in terms:
                if other is part:
                    continue
                found = _joined(f, other / w)
                if found is not None:
                    rest = Add(*(t for t in terms if t is not part and t is not other))
                    return w * found[0] + rest, found[1]
    return _over_one_denominator(e)


def _over_one_denominator(e: Add) -> Found:
    """``1 - (a + b)/(a + c)`` as ``(c - b)/(a + c)``: what both have in common cancels exactly."""
    for part in e.args:
        for f in Mul.make_args(part):
            bottom = f.base if isinstance(f, Pow) and f.exp == -1 else None
            for number in (t for t in e.args if t.is_Number):
                if isinstance(bottom, Add) and bottom.has(Access):
                    top, whole = (part * bottom).expand(), (number * bottom).expand()
                    if {*Add.make_args(top)} & {*Add.make_args(-whole)}:
                        rest = Add(*(t for t in e.args if t is not part and t is not number))
                        return (top + whole) / bottom + rest, "over one denominator: what cancels there cancels exactly"
    return None


def _factors(part: Expr, tensors: Mapping[str, Tensor]) -> Iterator[tuple[Expr, Expr]]:
    """The factors of a term that are functions, each with the product of the others."""
    factors = Mul.make_args(part)
    for position, f in enumerate(factors):
        base = f.base if isinstance(f, Pow) else f
        if isinstance(base, (erf, Tanh, Logistic, exp, Expm1, Hypot)) or _power(f, tensors):
            yield f, Mul(*(o for k, o in enumerate(factors) if k != position))


def _power(f: Expr, tensors: Mapping[str, Tensor]) -> bool:
    """A power of what is not negative, with an exponent that varies: of a decay rate, say."""
    return isinstance(f, Pow) and bool(f.exp.free_symbols) and nonnegative(f.base, tensors)


def _joined(f: Expr, other: Expr) -> Found:
    """``other + f`` where that cancels."""
    u = f.args[0]
    if other in (1, -1):
        sign = Integer(other)
        if isinstance(f, Pow) and f.exp.free_symbols and sign == -1:
            return PowerMinusOne(f.base, f.exp), "b**k - 1 for a b near 1, without cancellation"
        if isinstance(f, erf):
            return sign * Erfc(-sign * u), "the error function near 1: its complement keeps the tail"
        if isinstance(f, Tanh):
            return 2 * sign * Logistic(2 * sign * u), "tanh near 1: 1 + tanh(u) is 2*logistic(2*u)"
        if isinstance(f, Logistic) and sign == -1:
            return -Logistic(-u), "1 - logistic(u) is logistic(-u)"
        if isinstance(f, exp) and sign == -1:
            return Expm1(u), "exp(u) - 1 without cancellation"
        if isinstance(f, Pow) and f.exp == 2 and isinstance(f.base, Tanh) and sign == -1:
            return -Sech2(f.base.args[0]), "1 - tanh(u)**2 without cancellation"
    if isinstance(f, Tanh) and other == -u:
        return -MinusTanh(u), "u - tanh(u) without cancellation"
    if isinstance(f, Expm1) and other == -u:
        return Expm1Minus(u), "exp(u) - 1 - u without cancellation"
    if isinstance(f, Hypot) and other in (u, -u):
        return RootPlus(other, f.args[1]), "the conjugate, where a number and a root nearly cancel"
    if isinstance(f, Pow) and f.exp == -1 and isinstance(f.base, Hypot):
        # w*u/hypot(u, v): here w is that without the quotient, so the other term is w times +-1/u.
        u, v = f.base.args
        if other * u in (1, -1):
            sign = Integer(other * u)
            return sign * RootPlus(sign * u, v) / (u * f.base), "the conjugate, where a number and a root nearly cancel"
    return None


def log_of_cosh(u: Expr) -> Found:
    """``log(c*exp(v) + c*exp(-v))``."""
    if isinstance(u, Add) and len(u.args) == 2:
        for term in u.args:
            c, rest = term.as_coeff_Mul()
            if isinstance(rest, exp) and u == c * (rest + 1 / rest) and c.is_positive:
                return LogCosh(rest.args[0]) + log(2 * c), "the logarithm of a hyperbolic cosine without overflow"
    return None


def log_of_ratio(u: Expr) -> Found:
    """``log(a/b)``, which is lost where the quotient overflows, and cancels near 1 where ``a - b`` is plainer."""
    bottom = Mul(*(f.base for f in Mul.make_args(u) if isinstance(f, Pow) and f.exp == -1))
    top = u * bottom
    if bottom.has(Access) and top.has(Access) and not top.could_extract_minus_sign():
        return LogRatio(top, bottom, (top - bottom).expand()), "the logarithm of a ratio, near 1 and out of range"
    return None


def hypotenuse(e: Pow, tensors: Mapping[str, Tensor]) -> Found:
    """``sqrt(u**2 + c)`` for a ``c`` that is not negative, without the square."""
    if not (isinstance(e.base, Add) and e.exp.is_Rational and e.exp.q == 2):
        return None
    for term in e.base.args:
        if isinstance(term, Pow) and term.exp == 2 and term.base.has(Access):
            c = e.base - term
            if nonnegative(c, tensors):
                v = c.base if isinstance(c, Pow) and c.exp == 2 else sqrt(c)
                return Hypot(term.base, v) ** (2 * e.exp), "the root of a sum of squares does not overflow"
    return None


def vanished(e: Mul, definitions: Mapping[str, Equation]) -> Found:
    """``f(u)*u**3`` with an ``f`` that vanishes exponentially: 0 there, whatever the power overflows to."""
    for f in e.args:
        if isinstance(f, (Logistic, LogisticSlope, Sech2)) or (
            isinstance(f, exp) and f.args[0].could_extract_minus_sign()
        ):
            outside = [o for o in e.args if isinstance(o, Iverson)]
            others = Mul(*(o for o in e.args if o is not f and not isinstance(o, Iverson)))
            inside = {a.tensor for a in f.atoms(Access)}
            grow = inside | {name for name, made in definitions.items() if made.reads() & inside}
            if _degree(others, grow) > 1:
                because = "what has vanished stays 0, whatever the other factors overflow to"
                return Mul(*outside) * Vanishing(f, others), because
    return None


def _degree(e: Expr, tensors: set[str]) -> int:
    """How many elements of these tensors are multiplied by each other: from 2 on that can overflow."""
    if isinstance(e, Pow) and e.exp.is_Integer and e.exp.is_positive:
        return int(e.exp) * _degree(e.base, tensors)
    if isinstance(e, Mul):
        return sum(_degree(a, tensors) for a in e.args)
    if isinstance(e, Add):
        return max(_degree(a, tensors) for a in e.args)
    return int(isinstance(e, Access) and e.tensor in tensors)


__all__ = ["hypotenuse", "log_of_cosh", "log_of_ratio", "pair", "vanished"]

"""How a sum is written: signs pulled out, a positive term first, terms in the order of a textbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympy import Add, Expr, Mul, Number, Pow

from derive.nodes import Access, Iverson, Reduce
from derive.notation.tree import MINUS, PLUS, Box, row

if TYPE_CHECKING:
    from derive.notation.expressions import Setter


def sum_box(setter: Setter, expression: Expr) -> Box:
    """``a - b + c``."""
    parts: list[Box] = []
    for negative, term in ordered_terms(expression):
        if negative:
            parts.append(MINUS)
        elif parts:
            parts.append(PLUS)
        parts.append(setter.term(term))
    return row(*parts)


def ordered_terms(expression: Expr) -> list[tuple[bool, Expr]]:
    """The terms of a sum with their signs, as a textbook orders them.

    Positive terms come first, products before single elements and constants of real expressions before them
    (``1 + e^x``, ``1 - p``), constants of integer ones last (``t + 1``); negative terms follow, simple ones first.
    """
    integer = bool(expression.is_integer)
    signed = [split_sign(term) for term in Add.make_args(expression)]
    positive = sorted((t for negative, t in signed if not negative), key=lambda t: _key(t, integer, -1))
    negative = sorted((t for negative, t in signed if negative), key=lambda t: _key(t, integer, 1))
    return [(False, t) for t in positive] + [(True, t) for t in negative]


def split_sign(term: Expr) -> tuple[bool, Expr]:
    """Whether a term is negative, and the term without that sign.

    A minus before a difference turns the difference round instead: ``-2*(y - p)`` is ``2*(p - y)``.
    """
    if isinstance(term, Number):
        return (True, -term) if term.is_negative else (False, term)
    if isinstance(term, Reduce) and term.op == "sum":
        negative, body = split_sign(term.body)
        return (True, Reduce("sum", body, *term.limits)) if negative else (False, term)
    if not isinstance(term, Mul):
        return False, term
    factors = list(term.args)
    negative = False
    for k, factor in enumerate(factors):
        if (isinstance(factor, Number) and factor.is_negative) or (
            isinstance(factor, Add) and _starts_negative(factor)
        ):
            negative, factors[k] = not negative, -factor
        elif (
            isinstance(factor, Pow)
            and factor.exp == -1
            and isinstance(factor.base, Add)
            and _starts_negative(factor.base)
        ):
            negative, factors[k] = not negative, 1 / (-factor.base)
        elif isinstance(factor, Reduce):
            flipped, factors[k] = split_sign(factor)
            negative = negative != flipped
    if negative:
        for k, factor in enumerate(factors):
            if isinstance(factor, Add) and any(_is_negative(t) for t in factor.args):
                factors[k] = -factor
                negative = False
                break
    return negative, Mul(*factors, evaluate=False) if len(factors) > 1 else factors[0]


def _is_negative(term: Expr) -> bool:
    if isinstance(term, Number):
        return bool(term.is_negative)
    coefficient = term.as_coeff_Mul()[0] if isinstance(term, Mul) else term
    return isinstance(coefficient, Number) and bool(coefficient.is_negative)


def _starts_negative(factor: Add) -> bool:
    """Whether a difference reads better turned round: more minus signs than plus, or the 1 subtracted (``a - 1``)."""
    signs = [_is_negative(t) for t in factor.args]
    constant = [t for t in factor.args if isinstance(t, Number)]
    if constant and not factor.is_integer and 2 * sum(signs) == len(signs):
        return bool(constant[0].is_negative)
    if constant and 2 * sum(signs) == len(signs):
        return bool(constant[0].is_positive)
    return 2 * sum(signs) > len(signs)


def _key(term: Expr, integer: bool, direction: int) -> tuple[object, ...]:
    if isinstance(term, Number):
        return (-2,) if not integer else (99,)
    if integer:  # positions: by the indices in them, sizes behind
        return (1, sorted(s.name for s in term.free_symbols if not s.is_nonnegative) or ["~"], _size(term), str(term))
    degree = _degree(term)
    small = isinstance(term, Access) and term.indices == ()
    return (0 if not small else 1, direction * degree, _size(term), str(term))


def _degree(term: Expr) -> int:
    """How many tensor elements are multiplied in a term."""
    if isinstance(term, Access):
        return 1
    if isinstance(term, Mul):
        return sum(_degree(factor) for factor in term.args)
    if isinstance(term, Pow) and term.exp.is_Integer and term.exp > 0:
        return int(term.exp) * _degree(term.base)
    if isinstance(term, Reduce):
        return _degree(term.body)
    return 0 if term.is_number or isinstance(term, Iverson) else 1


def _size(term: Expr) -> int:
    return sum(1 for _ in _walk(term))


def _walk(term: Expr) -> list[object]:
    return [term, *(node for arg in term.args for node in _walk(arg))]

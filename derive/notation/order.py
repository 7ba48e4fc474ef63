"""The order of factors: what a textbook writes first in a product."""

from __future__ import annotations

from sympy import Add, Expr, Pow, Symbol, exp

from derive.nodes import Access, Iverson, Reduce, Where
from derive.notation.context import Notation

# What stands where, from left to right.
NUMBER, SIZE, SCALAR, SCALAR_SUM, SCALAR_ADJOINT, RANGE, ELEMENT, DIFFERENCE, FUNCTION, BRACKET, CASES, SUM = range(12)


def factor_key(factor: Expr, notation: Notation, contracted: bool) -> tuple[object, ...]:
    """A key to sort factors by; ``contracted`` under a sum, where factors stand as in a matrix product."""
    inner = factor.base if isinstance(factor, Pow) and not isinstance(factor, exp) else factor
    kind = _kind(inner, notation, contracted)
    if kind == ELEMENT:
        return (kind, *_element_key(inner, notation, contracted), str(inner))
    if kind == SIZE:
        rank = notation.sizes.index(inner.name) if str(inner) in notation.sizes else len(notation.sizes)
        return (kind, not inner.is_nonnegative, rank, str(inner))
    return (kind, str(inner))


def _kind(inner: Expr, notation: Notation, contracted: bool) -> int:
    match inner:
        case Reduce():
            return SUM
        case Where():
            return CASES
        case Iverson():
            return BRACKET if inner.has(Access) or contracted else RANGE
        case Access():
            if inner.indices:
                return ELEMENT
            return SCALAR_ADJOINT if notation.is_adjoint(inner.tensor) else SCALAR
    if not inner.has(Access) and not inner.has(Reduce) and not (inner.is_Function and not inner.is_integer):
        return NUMBER if inner.is_number else SIZE
    if isinstance(inner, Add):
        if all(not access.indices for access in inner.atoms(Access)):
            return SCALAR_SUM
        return FUNCTION if inner.has(Reduce) else DIFFERENCE
    return FUNCTION


def _element_key(access: Access, notation: Notation, contracted: bool) -> tuple[object, ...]:
    """Adjoints first, then lower ranks; under a sum by the free indices, as in ``X_ik W_kj``."""
    ranks = tuple(_position(index, notation.order) for index in access.indices)
    adjoint = 0 if notation.is_adjoint(access.tensor) else 1
    return (ranks, adjoint, access.tensor) if contracted else (adjoint, len(access.indices), access.tensor, ranks)


def _position(index: Expr, order: tuple[str, ...]) -> tuple[int, str]:
    """Where an index stands on the left-hand side; bound ones behind the free ones, constants before all."""
    found = [(order.index(s.name), "") if s.name in order else (len(order), s.name) for s in _symbols(index)]
    return min(found, default=(-1, ""))


def _symbols(index: Expr) -> list[Symbol]:
    return [s for s in index.free_symbols if isinstance(s, Symbol)]

"""Which side of a comparison is written on the left."""

from __future__ import annotations

from sympy import Expr, Symbol
from sympy.core.relational import Relational

from derive.nodes import Access

CONVERSE = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def is_size(expression: Expr) -> bool:
    """A number or an expression of sizes only (sizes are non-negative symbols, indices are not)."""
    return not expression.has(Access) and all(
        isinstance(s, Symbol) and s.is_nonnegative for s in expression.free_symbols
    )


def oriented(relation: Relational) -> tuple[Expr, str, Expr]:
    """``(left, operator, right)`` as a person writes it: what varies on the left, numbers and sizes on the right.

    SymPy chooses the sides by its own order of names.

    >>> from derive.nodes import dimension, index
    >>> oriented(dimension("T") > index("t") + 1)
    (t + 1, '<', T)
    >>> from sympy import Eq
    >>> oriented(Eq(-1, dimension("L") - 1))
    (L, '==', 0)
    """
    left, operator, right = relation.lhs, relation.rel_op, relation.rhs
    if is_size(left) and not is_size(right):
        return right, CONVERSE[operator], left
    if left.is_Number:
        number, rest = right.as_coeff_Add()
        return rest, CONVERSE[operator], left - number
    return left, operator, right

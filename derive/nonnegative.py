"""What is surely not negative, from declared domains and the form of an expression."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Abs, Add, Expr, Mul, Pow, exp
from sympy.core.relational import Ge, Gt, Relational
from sympy.logic.boolalg import And, Boolean

from derive.nodes import Access, Iverson
from derive.program import Tensor


def nonnegative(e: Expr, tensors: Mapping[str, Tensor]) -> bool:
    """Whether the expression is surely not negative.

    >>> from derive.registry import declare
    >>> from sympy import sqrt
    >>> tensors = declare("x[n], b > 0; y = x*b").program.tensors
    >>> nonnegative(2*sqrt(Access("b")), tensors), nonnegative(Access("x"), tensors)
    (True, False)
    """
    if e.is_Number:
        return bool(e >= 0)
    if isinstance(e, Access):
        tensor = tensors.get(e.tensor)
        return tensor is not None and any(from_zero(c) for c in tensor.domain)
    if isinstance(e, (exp, Abs, Iverson)):
        return True
    if isinstance(e, Pow):
        even = e.exp.is_Integer and e.exp.is_even
        return bool(even) or nonnegative(e.base, tensors)
    return isinstance(e, (Add, Mul)) and all(nonnegative(a, tensors) for a in e.args)


def from_zero(condition: Boolean) -> bool:
    """Whether a condition of a declared domain says ``x >= 0`` or more."""
    if isinstance(condition, And):
        return any(from_zero(part) for part in condition.args)
    if not isinstance(condition, Relational):
        return False
    relation = condition if isinstance(condition.lhs, Access) else condition.reversed
    limit = relation.rhs
    return isinstance(relation, (Gt, Ge)) and isinstance(relation.lhs, Access) and bool(limit.is_nonnegative)


__all__ = ["from_zero", "nonnegative"]

"""What the equations of a program tell before any number is known: whether they have kinks, and what is accumulated."""

from __future__ import annotations

from sympy import Abs, Expr, sign

from derive.named import NamedFunction
from derive.nodes import Access, Maximum, Reduce, Where
from derive.program import Program


def has_kinks(program: Program) -> bool:
    """Whether any equation branches on a value, so that a derivative may jump.

    Example:
        >>> import derive.registry
        >>> has_kinks(derive.registry.get("mlp", activation="relu").program)
        True
        >>> has_kinks(derive.registry.get("mlp").program)
        False
    """
    return any(_kinked(equation.rhs) for equation in program.equations)


def _kinked(expression: Expr) -> bool:
    if isinstance(expression, Where) and expression.condition.atoms(Access):
        return True
    if isinstance(expression, (Maximum, Abs, sign)) or (
        isinstance(expression, Reduce) and expression.op in ("max", "min")
    ):
        return True
    if isinstance(expression, NamedFunction) and _kinked(expression.definition()):
        return True
    return any(_kinked(part) for part in expression.args if isinstance(part, Expr))


def accumulated(program: Program) -> frozenset[str]:
    """The tensors that are sums of many terms, or recurrences, or computed from such.

    Example:
        >>> import derive.registry
        >>> sorted(accumulated(derive.registry.get("logistic_regression").program))
        ['L', 'p', 'z']
        >>> accumulated(derive.registry.get("sigmoid").program)
        frozenset()
    """
    found: set[str] = set()
    while True:
        more = {
            equation.target
            for equation in program.equations
            if equation.rhs.has(Reduce) or equation.target in equation.reads() or equation.reads() & found
        }
        if more <= found:
            return frozenset(found)
        found |= more

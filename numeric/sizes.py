"""Sizes and integer positions as Python source, through SymPy's own code printer."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Integer, Symbol, floor, fraction, together
from sympy.printing.pycode import PythonCodePrinter


class SizePrinter(PythonCodePrinter):
    """Integer expressions as Python: ``floor(a/b)`` is ``a//b``, and names go through ``names``."""

    def __init__(self, names: dict[Symbol, str] | None = None) -> None:
        super().__init__({"fully_qualified_modules": False})
        self.names = names if names is not None else {}

    def _print_Symbol(self, symbol: Symbol) -> str:
        return self.names.get(symbol, str(symbol.name))

    _print_Dummy = _print_Symbol

    def _print_floor(self, expression: Any) -> str:
        above, below = fraction(together(expression.args[0]))
        return f"({self._term(above)}//{self._term(below)})"

    def _term(self, expression: Any) -> str:
        text = str(self._print(expression))
        return text if expression.is_Atom and not text.startswith("-") else f"({text})"

    def _print_Max(self, expression: Any) -> str:
        return f"max({', '.join(self._print(argument) for argument in expression.args)})"

    def _print_Min(self, expression: Any) -> str:
        return f"min({', '.join(self._print(argument) for argument in expression.args)})"


def canonical(expression: Expr) -> Expr:
    """The expression with the insides of its floors expanded, so that equal sizes look equal."""
    return expression.replace(floor, lambda inside: floor(inside.expand()))


def shifted(expression: Expr, by: int | Expr) -> Expr:
    """The expression plus a number, expanded so that equal positions look equal."""
    return (expression + by).expand()


def is_zero(expression: Expr) -> bool:
    """Whether an expression is 0 once it is expanded."""
    return bool(expression.expand() == Integer(0))


__all__ = ["SizePrinter", "canonical", "floor", "is_zero", "shifted"]

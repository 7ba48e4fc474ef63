"""Equations as boxes: left-hand side, right-hand side, and the ranges of their indices."""

from __future__ import annotations

from sympy import Expr, Symbol

from derive.matrix import Matrix
from derive.nodes import Reduce
from derive.notation.context import Notation
from derive.notation.expressions import expression_box
from derive.notation.matrices import matrix_box
from derive.notation.tree import Box, Number, Sign, row
from derive.program import Equation


def equation_boxes(equation: Equation, notation: Notation) -> tuple[Box, Box]:
    """Left and right-hand side."""
    context = notation.at(equation)
    return expression_box(equation.lhs, context), expression_box(equation.rhs, context)


def matrix_equation_boxes(target: str, tree: Matrix, notation: Notation) -> tuple[Box, Box]:
    """The target's name and its matrix form."""
    return notation.name(target), matrix_box(tree, notation)


def range_box(index: Symbol, extent: Expr, notation: Notation) -> Box:
    """``0 <= i < n``."""
    return row(Number("0"), Sign("le"), expression_box(index, notation), Sign("lt"), expression_box(extent, notation))


def bound_ranges(expression: Expr) -> dict[Symbol, Expr]:
    """The ranges of all bound indices of an expression, in a fixed order."""
    found: dict[Symbol, Expr] = {}
    for reduce in sorted(expression.atoms(Reduce), key=str):
        for i, extent in reduce.limits:
            found.setdefault(i, extent)
    return dict(sorted(found.items(), key=lambda pair: str(pair[0])))

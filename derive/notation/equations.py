"""Equations as boxes: left-hand side, right-hand side, and the ranges of their indices."""

from __future__ import annotations

from sympy import Expr, Symbol

from derive.matrix import Matrix
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
    tensor = notation.tensors.get(target)
    return notation.name(target), matrix_box(tree, notation, target=tensor.shape if tensor is not None else None)


def range_box(index: Symbol, extent: Expr, notation: Notation) -> Box:
    """``0 <= i < n``."""
    return row(
        Number("0"),
        Sign("le"),
        expression_box(index, notation),
        Sign("lt"),
        expression_box(notation.extent(extent), notation),
    )

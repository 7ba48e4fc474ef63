"""A shape as a formula."""

from __future__ import annotations

from sympy import Expr

from derive.notation import Box, Notation, expression_box
from derive.notation.tree import Sign, separated


def shape_box(shape: tuple[Expr, ...], notation: Notation) -> Box | None:
    """``n x d``; ``None`` for a scalar."""
    if not shape:
        return None
    boxes = [expression_box(notation.extent(n), notation) for n in shape]
    return separated(boxes, Sign("times"))

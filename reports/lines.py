"""What a displayed line claims: the expressions behind its boxes, from which the boxes are made and can be checked.

Every displayed equation of a report carries the object that it was set from, so that anybody can evaluate both sides and set
it again: nothing is printed that has no such object behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from sympy import Expr
from sympy import Function as SympyFunction

from derive.matrix import Matrix, Whole
from derive.nodes import Node
from derive.notation import Box, Notation, expression_box, matrix_box
from derive.program import Equation
from numeric.nodes import RootOfSquares
from reports.shapes import shape_box

Side: TypeAlias = "Expr | Matrix"


@dataclass(frozen=True)
class Claim:
    """``left = right`` for every value of the indices; of matrix trees, for every element.

    ``left`` is ``None`` where an expression stands alone, as the first member of a chain.  ``indices`` and ``extents`` are
    those of an :class:`derive.program.Equation`; an extent is ``None`` beside a constant position.  ``shapes`` says that
    the shape stands below each factor of a matrix product, ``code`` that nodes of the code generator occur, which are set as
    functions of what they are applied to.
    """

    left: Side | None
    right: Side
    indices: tuple[Expr, ...] = ()
    extents: tuple[Expr | None, ...] = ()
    shapes: bool = False
    code: bool = False

    @property
    def shape(self) -> tuple[Expr, ...]:
        """The extents of the indices that vary."""
        return tuple(n for n in self.extents if n is not None)

    def left_box(self, notation: Notation) -> Box | None:
        """The left side as it is set."""
        return None if self.left is None else self._set(self.left, notation, False)

    def right_box(self, notation: Notation) -> Box:
        """The right side as it is set."""
        return self._set(self.right, notation, self.shapes)

    def shape_box(self, notation: Notation) -> Box | None:
        """The shape of both sides; ``None`` for a scalar."""
        return shape_box(self.shape, notation)

    def _set(self, side: Side, notation: Notation, shapes: bool) -> Box:
        if isinstance(side, Matrix):
            return matrix_box(side, notation, shapes, self.shape if side is self.right else None)
        side = readable(side) if self.code else side
        names = (i.name for i, n in zip(self.indices, self.extents, strict=True) if n is not None)
        return expression_box(side, notation.indexed(*names))


def equation_claim(equation: Equation) -> Claim:
    """What an equation says of one element.

    >>> from derive.registry import get
    >>> claim = equation_claim(get("identity").program.equations[0])
    >>> claim.left, claim.right
    (a[i], z[i])
    """
    return Claim(equation.lhs, equation.rhs, equation.indices, equation.extents)


def matrix_claim(equation: Equation, tree: Matrix, shapes: bool = False) -> Claim:
    """What an equation says of the whole tensor."""
    return Claim(Whole(equation.target), tree, equation.indices, equation.extents, shapes)


def readable(expression: Expr) -> Expr:
    """The code generator's own nodes (a softmax along a row) as functions of what they are applied to."""
    found: dict[Expr, Expr] = {}
    for node in expression.atoms(Node, SympyFunction):
        if type(node).__module__.partition(".")[0] == "numeric":
            name = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(node).__name__).lstrip("_")
            arguments = node.args
            if isinstance(node, RootOfSquares):
                arguments = node.args[:1]
            elif isinstance(node, Node):  # behind what it is of: the bound index, its extent, where it is taken
                *of, k, _, i = node.args
                arguments = tuple(each.xreplace({k: i}) for each in of)
            found[node] = SympyFunction(name)(*map(readable, arguments))
    return expression.xreplace(found)


__all__ = ["Claim", "equation_claim", "matrix_claim", "readable"]

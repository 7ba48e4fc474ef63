"""The shape of what a matrix tree means, from the declared shapes of its tensors."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Integer

from derive.matrix import (
    Apply,
    Bracket,
    Column,
    Matrix,
    Outer,
    Plus,
    Power,
    Product,
    Scalar,
    Times,
    Total,
    Transpose,
    Whole,
)
from derive.notation.context import Notation
from derive.notation.expressions import NoNotation

Shape = tuple[Expr, ...]
UNIT = Integer(1)


@dataclass(frozen=True)
class Shapes:
    """Shapes in one context, whose tensors are declared."""

    notation: Notation

    def shape(self, tree: Matrix) -> Shape:
        """The shape of a tree's value; a tensor that nobody declared counts as a matrix."""
        match tree:
            case Whole(name):
                tensor = self.notation.tensors.get(name)
                return tensor.shape if tensor is not None else (Integer(-1), Integer(-2))
            case Scalar():
                return ()
            case Transpose(a):
                return self.shape(a)[::-1]
            case Product(a, b):
                left, right = self.shape(a), self.shape(b)
                return left[:-1] + (right[1:] if len(right) == 2 else ())
            case Outer(a, b):
                return self.shape(a) + self.shape(b)
            case Column(a):
                return (*self.shape(a), UNIT)
            case Power(a, _):
                return self.shape(a)
            case Total(_, a, axis, keep):
                inner = self.shape(a)
                if axis is None:
                    return ()
                kept = tuple(UNIT if k == axis else n for k, n in enumerate(inner))
                return kept if keep else tuple(n for k, n in enumerate(inner) if k != axis)
            case Times(parts) | Plus(parts) | Apply(_, parts):
                return self.joint(parts)
            case Bracket(_, left_tree, right_tree):
                return self.joint((left_tree, right_tree))
        raise NoNotation(f"there is no notation for the matrix node {type(tree).__name__}")

    def joint(self, parts: tuple[Matrix, ...]) -> Shape:
        """The shape that several arrays broadcast to."""
        result: list[Expr] = []
        for part in parts:
            own = list(self.shape(part))
            size = max(len(own), len(result))
            own = [UNIT] * (size - len(own)) + own
            result = [UNIT] * (size - len(result)) + result
            result = [b if a == 1 else a for a, b in zip(result, own, strict=True)]
        return tuple(result)

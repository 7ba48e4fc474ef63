"""From a matrix tree back to index form, by NumPy's rules of broadcasting and matrix product."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Abs, Expr, Integer, Pow, Symbol, cos, erf, exp, log, sign, sin
from sympy.core.relational import Relational
from sympy.core.symbol import Str

from derive.array import Array, elementwise, matmul, transpose
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
from derive.naming import substitute
from derive.nodes import Iverson, Maximum, Minimum, Reduce
from derive.program import Program
from derive.terms import Fresh

FUNCTIONS: dict[str, Callable[..., Expr]] = {
    "exp": exp, "log": log, "sin": sin, "cos": cos, "erf": erf, "Abs": Abs, "sign": sign,
    "max": lambda a, b: Maximum(a, b, Str("first")), "min": lambda a, b: Minimum(a, b, Str("first")),
}  # fmt: skip


def index_form(tree: Matrix, program: Program, layout: tuple[Symbol, ...]) -> Expr:
    """The element at ``layout`` of what the tree means; raises :class:`ValueError` where shapes do not fit."""
    array = _Back(program).array(tree)
    if len(array.shape) > len(layout):
        raise ValueError("the tree has more axes than the equation")
    positions = layout[len(layout) - len(array.shape) :]
    return array.element(list(positions))


class _Back:
    def __init__(self, program: Program) -> None:
        self.program, self.fresh = program, Fresh("_m")

    def array(self, tree: Matrix) -> Array:
        if isinstance(tree, Whole):
            tensor = self.program.tensors[tree.name]
            return Array(tensor.shape, lambda indices: tensor.at(*indices))
        if isinstance(tree, Scalar):
            return Array.scalar(tree.value)
        if isinstance(tree, Transpose):
            return transpose(self.array(tree.a))
        if isinstance(tree, Product):
            return matmul(self.array(tree.a), self.array(tree.b), self._contract)
        if isinstance(tree, Outer):
            a, b = self.array(tree.a), self.array(tree.b)
            return Array(a.shape + b.shape, lambda indices: a.element(indices[:1]) * b.element(indices[1:]))
        if isinstance(tree, (Times, Plus)):
            parts = [self.array(p) for p in (tree.factors if isinstance(tree, Times) else tree.terms)]
            result = parts[0]
            for part in parts[1:]:
                result = elementwise(
                    (lambda x, y: x * y) if isinstance(tree, Times) else (lambda x, y: x + y), result, part
                )
            return result
        if isinstance(tree, Power):
            return elementwise(lambda x: Pow(x, tree.exponent), self.array(tree.a))
        if isinstance(tree, Apply):
            return elementwise(
                self._function(tree.function, len(tree.arguments)), *(self.array(a) for a in tree.arguments)
            )
        if isinstance(tree, Bracket):
            relation = Relational.ValidRelationOperator[tree.relation]
            return elementwise(lambda x, y: Iverson(relation(x, y)), self.array(tree.left), self.array(tree.right))
        if isinstance(tree, Column):
            inner = self.array(tree.a)
            return Array((*inner.shape, Integer(1)), lambda indices: inner.element(list(indices[:-1])))
        if isinstance(tree, Total):
            return self._total(tree)
        raise ValueError(f"{type(tree).__name__} has no index form")

    def _contract(self, extent: Expr, body: Callable[[Expr], Expr]) -> Expr:
        k = self.fresh()
        return Reduce("sum", body(k), (k, extent))

    def _function(self, name: str, count: int) -> Callable[..., Expr]:
        if name in FUNCTIONS:
            return FUNCTIONS[name]
        from derive.named import named_functions

        for function in named_functions():
            if function.__name__ == name and len(function.parameters) == count:
                return function
        raise ValueError(f"no function {name}")

    def _total(self, tree: Total) -> Array:
        inner = self.array(tree.a)
        fresh = [self.fresh() for _ in inner.shape]
        axes = list(range(len(inner.shape))) if tree.axis is None else [tree.axis]
        op = "sum" if tree.op == "mean" else tree.op
        limits = [(fresh[a], inner.shape[a]) for a in axes]
        body = Reduce(op, inner.element(fresh), *limits, ties="first" if op in ("max", "min") else "")
        if tree.op == "mean":
            for _, extent in limits:
                body = body / extent
        kept = [a for a in range(len(inner.shape)) if a not in axes]
        if tree.keep:
            shape = tuple(Integer(1) if a in axes else inner.shape[a] for a in range(len(inner.shape)))
            return Array(shape, lambda indices: substitute(body, {fresh[a]: indices[a] for a in kept}))
        shape = tuple(inner.shape[a] for a in kept)
        return Array(shape, lambda indices: substitute(body, {fresh[a]: i for a, i in zip(kept, indices, strict=True)}))

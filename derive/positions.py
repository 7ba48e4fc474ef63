"""What may stand as an index: integer expressions of a declaration."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from sympy import Expr, Integer, Mod, floor

if TYPE_CHECKING:
    from derive.lower import Lowering


def position(lowering: Lowering, node: ast.expr) -> Expr:
    """An index or extent: names of indices and sizes, integers, integer tensors, and arithmetic of them."""
    builder = lowering.builder
    if isinstance(node, ast.Name):
        name = node.id
        if name in lowering.scope:
            return lowering.scope[name]
        if name in builder.dimensions:
            return builder.dimensions[name]
        if name in builder.integer_names:
            return builder.integer_names[name]
        tensor = builder.tensors.get(name)
        if tensor is not None and tensor.integer and tensor.rank == 0:
            return tensor.at()
        if tensor is not None:
            raise lowering.error(f"{name} is a real tensor and cannot stand as an index", node)
        raise lowering.error(
            f"the index {name} is free: it stands neither on the left-hand side "
            f"nor under a reduction such as sum(..., {name})",
            node,
        )
    if isinstance(node, ast.Subscript):
        value = lowering.lower(node).value
        if not value.is_integer:
            raise lowering.error("only a tensor declared with ': int' can stand as an index", node)
        return value
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return Integer(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = position(lowering, node.operand)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        a, b = position(lowering, node.left), position(lowering, node.right)
        if isinstance(node.op, ast.Add):
            return a + b
        if isinstance(node.op, ast.Sub):
            return a - b
        if isinstance(node.op, ast.Mult):
            return a * b
        if isinstance(node.op, ast.FloorDiv):
            return floor(a / b)
        if isinstance(node.op, ast.Mod):
            return Mod(a, b)
    raise lowering.error("expected an index: names, integers, +, -, *, // and %", node)

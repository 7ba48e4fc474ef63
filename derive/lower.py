"""From syntax trees to expressions: index form and matrix shorthand in one walk."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sympy import (
    And,
    Dummy,
    Eq,
    Expr,
    Integer,
    Ne,
    Not,
    Or,
    Rational,
    Symbol,
)
from sympy.core.symbol import Str

from derive.array import Array, ShapeError, elementwise, matmul, transpose
from derive.errors import ShapeMismatch
from derive.nodes import Access, Maximum, Minimum, Pad, Reduce, Where
from derive.positions import position
from derive.reductions import is_index_name, ranged, reduction
from derive.syntax import Source
from derive.vocabulary import CONSTANTS, FUNCTIONS, REDUCING, RESERVED

if TYPE_CHECKING:
    from derive.builder import Builder

MAX_POWER_BITS = 4096

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: Eq,
    ast.NotEq: Ne,
}


class Unshaped(Exception):
    """A whole tensor is used before its shape is known; the builder tries again later."""

    def __init__(self, name: str) -> None:
        self.name = name


class Lowering:
    """Lowers the right-hand side of one statement."""

    def __init__(self, builder: Builder, source: Source, left: dict[str, Symbol]) -> None:
        self.builder = builder
        self.source = source
        self.scope: dict[str, Symbol] = dict(left)
        self.names = {i: name for name, i in left.items()}

    def error(self, message: str, node: ast.AST) -> Exception:
        return self.source.error(message, node)

    # -- entry points -------------------------------------------------------------------------------------------------

    def expression(self, node: ast.expr) -> Array:
        try:
            return self.lower(node)
        except ShapeError as problem:
            raise self.source.error(str(problem), node, kind=ShapeMismatch) from None

    def position(self, node: ast.expr) -> Expr:
        """An index or extent: an integer expression."""
        value = position(self, node)
        if not value.is_integer:
            raise self.error(f"an index must be an integer expression, got {value}", node)
        return value

    # -- values -------------------------------------------------------------------------------------------------------

    def lower(self, node: ast.expr) -> Array:
        """The value of any expression, by the class of its syntax node."""
        handler = getattr(self, f"_lower_{type(node).__name__.lower()}", None)
        if handler is None:
            raise self.error(f"{type(node).__name__} cannot stand in a formula", node)
        result: Array = handler(node)
        return result

    def _lower_constant(self, node: ast.Constant) -> Array:
        if isinstance(node.value, int):
            return Array.scalar(Integer(node.value))
        if isinstance(node.value, float):
            if abs(node.value) == float("inf"):
                raise self.error("the number is too large for a float; write inf if infinity is meant", node)
            return Array.scalar(Rational(repr(node.value)))
        raise self.error(f"expected a number, got {node.value!r}", node)

    def _lower_name(self, node: ast.Name) -> Array:
        name = node.id
        builder = self.builder
        if name in self.scope:
            return Array.scalar(self.scope[name])
        tensor = builder.tensors.get(name)
        if tensor is not None:
            return Array(tensor.shape, lambda indices: tensor.at(*indices))
        if name in builder.dimensions:
            return Array.scalar(builder.dimensions[name])
        if name in builder.integer_names:
            return Array.scalar(builder.integer_names[name])
        if name in CONSTANTS:
            return Array.scalar(CONSTANTS[name])
        if name in builder.pending_targets:
            raise Unshaped(name)
        raise self.error(
            f"{name} is not declared; declare it ({name}[n] for a vector, {name} for a scalar) "
            "or define it by an equation",
            node,
        )

    def _lower_subscript(self, node: ast.Subscript) -> Array:
        if not isinstance(node.value, ast.Name):
            raise self.error("only a named tensor can be indexed", node)
        name = node.value.id
        if name not in self.builder.tensors and name not in self.builder.pending_targets:
            raise self.error(f"{name} is not declared; declare it (as {name}[n, d]) or define it by an equation", node)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        positions = []
        for part in parts:
            if isinstance(part, ast.Constant) and part.value is Ellipsis:
                positions.append(self.builder.ellipsis_index(self, part))
            else:
                positions.append(self.position(part))
        tensor = self.builder.tensors.get(name)
        if tensor is None:
            return Array.scalar(Access(name, *positions))
        if len(positions) != tensor.rank:
            raise self.error(f"{name} has {tensor.rank} axes, got {len(positions)} indices", node)
        return Array.scalar(tensor.at(*positions))

    def _lower_attribute(self, node: ast.Attribute) -> Array:
        return transpose(self.lower(node.value))

    def _lower_unaryop(self, node: ast.UnaryOp) -> Array:
        value = self.lower(node.operand)
        if isinstance(node.op, ast.Not):
            return elementwise(Not, value)
        return elementwise(lambda a: -a, value) if isinstance(node.op, ast.USub) else value

    def _lower_boolop(self, node: ast.BoolOp) -> Array:
        return elementwise(And if isinstance(node.op, ast.And) else Or, *(self.lower(v) for v in node.values))

    def _lower_compare(self, node: ast.Compare) -> Array:
        sides = [self.lower(side) for side in (node.left, *node.comparators)]
        parts = []
        for operator, a, b in zip(node.ops, sides, sides[1:], strict=False):
            if type(operator) not in _COMPARE:
                raise self.error("comparisons are <, <=, >, >=, == and !=", node)
            parts.append(elementwise(_COMPARE[type(operator)], a, b))
        return parts[0] if len(parts) == 1 else elementwise(And, *parts)

    def _lower_binop(self, node: ast.BinOp) -> Array:
        a, b = self.lower(node.left), self.lower(node.right)
        try:
            return self._binary(node, a, b)
        except ShapeError as problem:
            raise self.source.error(str(problem), node, kind=ShapeMismatch) from None

    def _binary(self, node: ast.BinOp, a: Array, b: Array) -> Array:
        operator = node.op
        if isinstance(operator, ast.Add):
            return elementwise(lambda x, y: x + y, a, b)
        if isinstance(operator, ast.Sub):
            return elementwise(lambda x, y: x - y, a, b)
        if isinstance(operator, ast.Mult):
            return elementwise(lambda x, y: x * y, a, b)
        if isinstance(operator, ast.Div):

            def divide(x: Expr, y: Expr) -> Expr:
                if y == 0:
                    raise self.error("division by the constant 0", node)
                return x / y

            return elementwise(divide, a, b)
        if isinstance(operator, ast.Pow):
            return elementwise(lambda x, y: self._power(node, x, y), a, b)
        if isinstance(operator, ast.MatMult):
            return matmul(a, b, self._contract)
        if isinstance(operator, (ast.FloorDiv, ast.Mod)):
            return Array.scalar(self.position(node))
        raise self.error(f"the operator {type(operator).__name__} is not part of the language", node)

    def _power(self, node: ast.AST, base: Expr, exponent: Expr) -> Expr:
        if base.is_Rational and exponent.is_Rational:
            size = max(abs(int(base.p)).bit_length(), int(base.q).bit_length())
            if abs(exponent) * size > MAX_POWER_BITS:
                raise self.error(f"the constant power needs more than {MAX_POWER_BITS} bits", node)
        return base**exponent

    def _contract(self, extent: Expr, body: Callable[[Expr], Expr]) -> Expr:
        k = Dummy("k", integer=True)
        return Reduce("sum", body(k), (k, extent))

    # -- calls --------------------------------------------------------------------------------------------------------

    def _lower_call(self, node: ast.Call) -> Array:
        assert isinstance(node.func, ast.Name)
        name = self.builder.function_names.get(node.func.id, node.func.id)
        reducing = name in REDUCING and not self._is_elementwise_extremum(name, node)
        if node.keywords and name in RESERVED and not reducing:
            raise self.error(f"{name} takes no keyword arguments here", node)
        if reducing:
            return reduction(self, name, node)
        if name in ("max", "maximum", "min", "minimum"):
            self._arity(name, node, 2)
            kind = Maximum if name.startswith("max") else Minimum
            ties = Str(self.builder.ties.get(name[:3], "first"))
            return elementwise(lambda a, b: kind(a, b, ties), *(self.lower(a) for a in node.args))
        if name == "where":
            self._arity(name, node, 3)
            return elementwise(Where, *(self.lower(a) for a in node.args))
        if name == "pad":
            self._arity(name, node, 1)
            return elementwise(Pad, self.lower(node.args[0]))
        if name in FUNCTIONS:
            self._arity(name, node, 1)
            return elementwise(FUNCTIONS[name], self.lower(node.args[0]))
        return self.builder.call(self, name, node)

    def _arity(self, name: str, node: ast.Call, count: int) -> None:
        if len(node.args) != count:
            raise self.error(f"{name} takes {count} argument{'s' * (count != 1)}, got {len(node.args)}", node)

    def _is_elementwise_extremum(self, name: str, node: ast.Call) -> bool:
        return name in ("max", "min") and len(node.args) == 2 and not is_index_name(self, ranged(node.args[1])[0])

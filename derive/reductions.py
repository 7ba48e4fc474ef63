"""Reductions of a declaration: which indices they bind."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sympy import Dummy, Expr, Integer, Symbol

from derive.array import Array, show
from derive.nodes import Reduce
from derive.vocabulary import CONSTANTS, REDUCING

if TYPE_CHECKING:
    from derive.lower import Lowering


def is_index_name(lowering: Lowering, node: ast.expr) -> bool:
    """A bare name that means nothing yet: the index that a reduction binds."""
    builder = lowering.builder
    return (
        isinstance(node, ast.Name)
        and node.id not in builder.tensors
        and node.id not in builder.pending_targets
        and node.id not in builder.integer_names
        and node.id not in CONSTANTS
    )


def ranged(node: ast.expr) -> tuple[ast.expr, ast.expr | None]:
    """An index with its stated range (``p < size``), or without one."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Lt):
        return node.left, node.comparators[0]
    return node, None


def reduction(lowering: Lowering, name: str, node: ast.Call) -> Array:
    """``sum(e, i)`` over named indices (``sum(e, i < m)`` with a stated range), ``sum(e)`` over everything.

    Of a whole array also along one axis, as NumPy has it: ``sum(A, axis=0)``, ``mean(A, axis=-1, keepdims=1)``.
    """
    if node.keywords:
        return _along(lowering, name, node)
    if not node.args:
        raise lowering.error(f"{name} needs what to reduce: {name}(e, i) or {name}(A)", node)
    body_node, index_nodes = node.args[0], node.args[1:]
    bound: list[Symbol] = []
    extents = [None if extent is None else lowering.position(extent) for _, extent in map(ranged, index_nodes)]
    for argument, extent in zip(index_nodes, extents, strict=True):
        index_node = ranged(argument)[0]
        if not isinstance(index_node, ast.Name) or not is_index_name(lowering, index_node):
            raise lowering.error(f"{name}(e, i, j < m) binds index names; expected a fresh name here", index_node)
        symbol = _bind(lowering, index_node.id, index_node)
        bound.append(symbol)
        if extent is not None:
            _state(lowering, symbol, extent, argument)
    if not index_nodes:
        for free in _free_indices(lowering, body_node):
            bound.append(_bind(lowering, free.id, free))
    body = lowering.lower(body_node)
    for i in bound:
        lowering.scope.pop(lowering.names[i])
    if body.shape and index_nodes:
        raise lowering.error(f"{name} over indices needs an element (A[i, j]), got a whole array", body_node)
    if body.shape:
        fresh = [Dummy("ijklpqrs"[axis % 8], integer=True) for axis in range(len(body.shape))]
        for i in fresh:
            lowering.names[i] = i.name
        limits = list(zip(fresh, body.shape, strict=True))
        return Array.scalar(_reduce(lowering, name, body.element(fresh), limits))
    if not bound:
        raise lowering.error(f"there is nothing to reduce over in {name}(...)", node)
    return Array.scalar(_reduce(lowering, name, body.value, [(i, lowering.builder.extent_of(i)) for i in bound]))


def _along(lowering: Lowering, name: str, node: ast.Call) -> Array:
    given = {each.arg: each.value for each in node.keywords}
    if len(node.args) != 1 or "axis" not in given or set(given) - {"axis", "keepdims"}:
        raise lowering.error(f"{name} of a whole array is written {name}(A), or {name}(A, axis=0, keepdims=1)", node)
    body, axis = lowering.lower(node.args[0]), lowering.position(given["axis"])
    kept = lowering.position(given["keepdims"]) if "keepdims" in given else Integer(0)
    rank = len(body.shape)
    if not isinstance(axis, Integer) or not -rank <= axis < rank:
        raise lowering.error(
            f"axis is a whole number from {-rank} to {rank - 1} here, where the shape is {show(body.shape)}", node
        )
    if kept not in (0, 1):
        raise lowering.error("keepdims is 0 or 1", given["keepdims"])
    at = int(axis) % rank
    extent = body.shape[at]

    def element(indices: Sequence[Expr]) -> Expr:
        others = [*indices[:at], *indices[at + int(kept) :]]
        bound = Dummy("k", integer=True)
        lowering.names[bound] = "k"
        return _reduce(lowering, name, body.element([*others[:at], bound, *others[at:]]), [(bound, extent)])

    middle = (Integer(1),) if kept else ()
    return Array((*body.shape[:at], *middle, *body.shape[at + 1 :]), element)


def _reduce(lowering: Lowering, name: str, body: Expr, limits: Sequence[tuple[Symbol, Expr]]) -> Expr:
    if name == "mean":
        count: Expr = Integer(1)
        for _, extent in limits:
            count *= extent
        return Reduce("sum", body, *limits) / count
    ties = lowering.builder.ties.get(name, "first") if name in ("max", "min") else ""
    return Reduce(name, body, *limits, ties=ties)


def _bind(lowering: Lowering, name: str, node: ast.AST) -> Symbol:
    if name in lowering.builder.dimensions:
        raise lowering.error(f"{name} is a dimension; an index needs a name of its own", node)
    if name in lowering.scope:
        raise lowering.error(f"the index {name} is already in use here; a bound index needs a name of its own", node)
    symbol = Dummy(name, integer=True)
    lowering.scope[name] = symbol
    lowering.names[symbol] = name
    return symbol


def _state(lowering: Lowering, symbol: Symbol, extent: Expr, node: ast.expr) -> None:
    if any(i in extent.free_symbols for i in lowering.names):
        raise lowering.error(
            "a range that depends on another index is no rectangle; sum over all, and use where(...) for the part", node
        )
    lowering.builder.stated[symbol] = extent


def _free_indices(lowering: Lowering, node: ast.expr) -> list[ast.Name]:
    """Index names that ``sum(e)`` without indices runs over: those in subscripts that mean nothing yet."""
    bound_inside = {
        argument.id
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in REDUCING
        for argument in (ranged(a)[0] for a in call.args[1:])
        if isinstance(argument, ast.Name)
    }
    found: dict[str, ast.Name] = {}
    for subscript in ast.walk(node):
        if isinstance(subscript, ast.Subscript):
            for name in ast.walk(subscript.slice):
                if (
                    isinstance(name, ast.Name)
                    and is_index_name(lowering, name)
                    and name.id not in lowering.scope
                    and name.id not in lowering.builder.dimensions
                    and name.id not in bound_inside
                ):
                    found.setdefault(name.id, name)
    return list(found.values())

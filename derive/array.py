"""Array values while a declaration is read: a shape and the element at any position (the matrix shorthand)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sympy import Expr, Integer

Extents = tuple[Expr, ...]


class ShapeError(ValueError):
    """Two shapes that do not go together; the caller adds the place."""


@dataclass(frozen=True)
class Array:
    """``element(indices)`` gives the expression at a position; rank 0 is a plain expression."""

    shape: Extents
    element: Callable[[Sequence[Expr]], Expr]

    @classmethod
    def scalar(cls, expression: Expr) -> Array:
        return cls((), lambda _: expression)

    @property
    def value(self) -> Expr:
        """The expression of a rank-0 array."""
        return self.element(())


def same(a: Expr, b: Expr) -> bool:
    """Whether two extents are equal for all sizes."""
    return bool(a == b or (a - b).expand() == 0)


def broadcast(shapes: Sequence[Extents]) -> Extents:
    """NumPy's rule on symbolic extents: align trailing axes; each pair is equal, or one of the two is 1."""
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[Expr] = []
    for axis in range(-rank, 0):
        chosen: Expr = Integer(1)
        for shape in shapes:
            if len(shape) < -axis or shape[axis] == 1:
                continue
            if chosen != 1 and not same(chosen, shape[axis]):
                raise ShapeError(
                    f"axis {axis} has the sizes {chosen} and {shape[axis]}: "
                    f"shapes {' and '.join(show(s) for s in shapes)} do not broadcast"
                )
            chosen = shape[axis]
        result.append(chosen)
    return tuple(result)


def show(shape: Extents) -> str:
    """A shape as the language writes it."""
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def at_broadcast(array: Array, shape: Extents, indices: Sequence[Expr]) -> Expr:
    """The element of an array that is broadcast to ``shape``."""
    own = len(array.shape)
    tail = list(indices[len(indices) - own :]) if own else []
    return array.element([Integer(0) if extent == 1 else i for extent, i in zip(array.shape, tail, strict=True)])


def elementwise(function: Callable[..., Expr], *arrays: Array) -> Array:
    """Apply a function of elements to arrays, with broadcasting."""
    shape = broadcast([a.shape for a in arrays])
    return Array(shape, lambda indices: function(*(at_broadcast(a, shape, indices) for a in arrays)))


def transpose(a: Array) -> Array:
    """``a.T`` of a vector or a matrix; raises :class:`ShapeError` for more axes."""
    if len(a.shape) > 2:
        raise ShapeError(f".T needs a vector or a matrix, got shape {show(a.shape)}")
    return Array(a.shape[::-1], lambda indices: a.element(list(indices)[::-1]))


def matmul(a: Array, b: Array, contract: Callable[[Expr, Callable[[Expr], Expr]], Expr]) -> Array:
    """``a @ b`` as in NumPy; ``contract(extent, body)`` makes the sum over a fresh index."""
    if not a.shape or not b.shape:
        raise ShapeError("@ needs vectors or matrices on both sides; use * for scalars")
    inner_b = b.shape[0] if len(b.shape) == 1 else b.shape[-2]
    if not same(a.shape[-1], inner_b):
        raise ShapeError(
            f"@ contracts the last axis of the left ({a.shape[-1]}) with the first of the right ({inner_b}); "
            f"shapes {show(a.shape)} and {show(b.shape)}"
        )
    batch = broadcast([a.shape[:-2], b.shape[:-2]])
    rows, columns = a.shape[-2:-1], b.shape[-1:] if len(b.shape) > 1 else ()

    def element(indices: Sequence[Expr]) -> Expr:
        lead = list(indices[: len(batch)])
        row = list(indices[len(batch) : len(batch) + len(rows)])
        column = list(indices[len(batch) + len(rows) :])

        def part(array: Array) -> list[Expr]:
            own = lead[len(lead) - max(len(array.shape) - 2, 0) :] if len(array.shape) > 2 else []
            return [Integer(0) if n == 1 else i for n, i in zip(array.shape[:-2], own, strict=True)]

        def body(k: Expr) -> Expr:
            right = [k, *column] if len(b.shape) > 1 else [k]
            return a.element([*part(a), *row, k]) * b.element([*part(b), *right])

        return contract(a.shape[-1], body)

    return Array(batch + rows + columns, element)

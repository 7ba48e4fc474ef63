"""Sizes of a program from the shapes of the arrays it is given: one unification, one kind of error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from sympy import Expr, Symbol
from sympy import solve as _solve

from derive.program import Program, Tensor
from numeric.errors import ShapeError
from numeric.integers import integer_value


def collapsed(program: Program, tensor: Tensor, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with the leading axes that an ellipsis dimension stands for made one axis."""
    if not takes_leading_axes(program, tensor):
        return shape
    own = tensor.rank - 1
    if len(shape) < own:
        raise ShapeError(_rank_message(program, tensor, shape))
    lead = shape[: len(shape) - own]
    return (math.prod(lead), *shape[len(lead) :])


def takes_leading_axes(program: Program, tensor: Tensor) -> bool:
    """Whether the first extent of a tensor is the program's ellipsis dimension."""
    return program.ellipsis is not None and tensor.rank > 0 and tensor.shape[0] == program.ellipsis


def _rank_message(program: Program, tensor: Tensor, shape: tuple[int, ...]) -> str:
    declared = ", ".join(
        "..." if position == 0 and takes_leading_axes(program, tensor) else str(extent)
        for position, extent in enumerate(tensor.shape)
    )
    return (
        f"{program.name}: {tensor.name} is declared {tensor.name}[{declared}] "
        f"({tensor.rank} {'axis' if tensor.rank == 1 else 'axes'}), "
        f"but an array of shape {shape} with {len(shape)} axes was given"
    )


def bind_sizes(
    program: Program, shapes: Mapping[str, tuple[int, ...]], integers: Mapping[str, int] | None = None
) -> dict[Symbol, int]:
    """Every size of ``program`` that the given shapes (collapsed ones) and integer hyper-parameters determine.

    Raises :class:`ShapeError` naming the dimension, the tensors and both sizes where they conflict.
    """
    sizes: dict[Symbol, int] = dict(program.integers)
    origin: dict[Symbol, str] = {symbol: f"the default {value}" for symbol, value in sizes.items()}
    for symbol in program.integers:
        if integers and symbol.name in integers:
            sizes[symbol] = int(integers[symbol.name])
            origin[symbol] = "the value given"
    compound: list[tuple[str, int, Expr, int]] = []
    for name, shape in shapes.items():
        tensor = program.tensors[name]
        if len(shape) != tensor.rank:
            raise ShapeError(_rank_message(program, tensor, shape))
        for axis, (extent, size) in enumerate(zip(tensor.shape, shape, strict=True)):
            here = f"{name} (axis {axis})"
            if not isinstance(extent, Symbol):
                compound.append((name, axis, extent, size))
            elif extent not in sizes:
                sizes[extent], origin[extent] = size, here
            elif sizes[extent] != size:
                raise ShapeError(
                    f"{program.name}: dimension {extent} must be the same everywhere: it is {sizes[extent]} from "
                    f"{origin[extent]}, but {size} in {here}"
                )
    for name, axis, extent, size in compound:
        unknown = [symbol for symbol in extent.free_symbols if symbol not in sizes]
        if len(unknown) == 1:
            roots = [root for root in _solve(extent - size, unknown[0]) if root.free_symbols <= sizes.keys()]
            value = integer_value(roots[0], sizes) if len(roots) == 1 else Fraction(1, 2)
            if value.denominator == 1 and value >= 0:
                sizes[unknown[0]], origin[unknown[0]] = int(value), f"{name} (axis {axis})"
        elif not unknown:
            expected = integer_value(extent, sizes)
            if expected != size:
                known = ", ".join(f"{s} = {sizes[s]}" for s in sorted(extent.free_symbols, key=str))
                raise ShapeError(
                    f"{program.name}: {name} (axis {axis}) must have {extent} = {expected} entries"
                    f"{' (with ' + known + ')' if known else ''}, but has {size}"
                )
    return sizes

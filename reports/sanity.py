"""Sanity checks as a lecturer makes them: shapes, sums that must vanish, size 1, the optimum; each computed, none taken on trust.

What holds is found by evaluating the derived gradients in ball arithmetic at points drawn from the declaration, and is said only
where every point confirms it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np
from sympy import Eq, Expr, Integer, Symbol

from derive.derivation import Derivation
from derive.errors import BackproofError
from derive.nodes import Reduce
from derive.notation import Box, Notation, condition_box, expression_box
from derive.notation.shapes import Shapes
from derive.operation import Operation
from derive.program import Tensor
from derive.symmetries import Symmetry
from numeric.exact import Exact
from reports.document import Block, Inline, Items, paragraph, text
from reports.limits import slope_items
from reports.settings import SEED
from reports.symbols import equals
from verify.errors import SamplingError
from verify.sampling import Case, sample

POINTS = 3
BITS = 160
SMALL = 2.0**-100  # relative to what is added up: far above rounding at that precision, far below any number drawn
BUDGET = 300

Said = tuple[Inline, ...]


@dataclass(frozen=True)
class Point:
    """One drawn case, and everything that is computed from it."""

    case: Case
    exact: Exact

    def array(self, name: str) -> Any:
        return self.exact.array(name)


def sanity_blocks(operation: Operation, derivation: Derivation, notation: Notation) -> list[Block]:
    """The section's blocks."""
    items: list[Said] = [_dimensions(derivation, notation)]
    points = list(_points(derivation, {}))
    if len(points) == POINTS:
        items += _vanishing_sums(derivation, notation, points)
        items += _homogeneous(operation, derivation, notation, points)
        items += _size_one(derivation, notation, points)
        items += _optimum(derivation, notation)
    items += slope_items(operation, derivation, notation)
    told = paragraph(
        f"Each was computed from the derived equations: in ball arithmetic at {POINTS} points drawn from the declaration "
        "(a limit by SymPy, and compared with balls far out). What some point contradicts is not listed."
    )
    return [told, Items(tuple(items))]


# -- points ------------------------------------------------------------------------------------------------------------


def _points(derivation: Derivation, held: dict[Symbol, int]) -> Iterator[Point]:
    for number in range(POINTS):
        case = _case(derivation, held, number)
        if case is None:
            return
        yield Point(case, Exact(derivation.combined, case.exact(derivation), bits=BITS))


def _case(derivation: Derivation, held: dict[Symbol, int], number: int) -> Case | None:
    """Inputs of sizes that differ and are above 1, or of whatever sizes go together."""
    program, seed = derivation.program, SEED + number
    sizes = {size: 2 + (number + position) % 3 for position, size in enumerate(program.dimensions)}
    for chosen, kept in (({**sizes, **held}, None), (None, held)):
        try:
            return sample(program, seed, sizes=chosen, held=kept, derivation=derivation, budget=BUDGET)
        except SamplingError:
            continue
    return None


def _balls(point: Point, name: str) -> Any:
    """The values of a tensor; ``None`` where one of them cannot be enclosed."""
    try:
        array = np.asarray(point.array(name), dtype=object)
    except (BackproofError, ArithmeticError):
        return None
    return array if all(ball.is_finite() for ball in array.flat) else None


def _vanishes(point: Point, name: str) -> bool:
    """Whether a tensor has elements and all are 0; none is computed behind the first that is not, or cannot be enclosed."""
    try:
        places = list(np.ndindex(*point.exact.shape(name)))
        return bool(places) and all(
            (ball := point.exact.value(name, place)).is_finite() and _is_zero(ball, flint.arb(1)) for place in places
        )
    except (BackproofError, ArithmeticError):
        return False


def _is_zero(balls: Any, scale: Any) -> bool:
    """Whether balls are 0 beside what was added up to get them."""
    with flint.ctx.workprec(BITS):
        return all(bool(abs(ball) <= SMALL * scale) for ball in np.asarray(balls, dtype=object).flat)


def _summed(balls: Any, axis: int) -> Any:
    with flint.ctx.workprec(BITS):
        return balls.sum(axis)


def _size(balls: Any) -> Any:
    with flint.ctx.workprec(BITS):
        return sum((abs(ball) for ball in balls.flat), flint.arb(0))


# -- checks ------------------------------------------------------------------------------------------------------------


def _dimensions(derivation: Derivation, notation: Notation) -> Said:
    """Every matrix form multiplies out to the shape of its tensor; every index form has its free indices."""
    shapes = Shapes(notation)
    tensors = derivation.combined.tensors
    fitting = [name for name, tree in derivation.matrix.items() if shapes.shape(tree) in ((), tensors[name].shape)]
    indices = [e for e in derivation.equations if _free(e.rhs) <= set(e.ranges)]
    pieces: list[str | Inline | Box] = ["Dimensions: "]
    if len(indices) == len(derivation.equations):
        pieces.append("no term has a free index that its left side lacks")
    if fitting and len(fitting) == len(derivation.matrix):
        pieces += ["; " if len(pieces) > 1 else "", "each matrix form has the shape of its tensor"]
    gradients = [tensors[g].shape == derivation.program.tensors[n].shape for n, g in derivation.gradients.items()]
    if all(gradients):
        pieces += ["; " if len(pieces) > 1 else "", "each gradient has the shape of its input"]
    return text(*pieces, ".")


def _free(expression: Expr) -> set[Symbol]:
    return {s for s in expression.free_symbols if isinstance(s, Symbol) and s.is_integer and not s.is_nonnegative}


def _vanishing_sums(derivation: Derivation, notation: Notation, points: list[Point]) -> list[Said]:
    """Sums of a gradient along an axis that are 0 whatever the inputs: ``sum_j dz_ij = 0``."""
    said = []
    for name, gradient in derivation.gradients.items():
        tensor = derivation.combined.tensors[gradient]
        axes = list(range(tensor.rank))
        for point in points:  # an axis that one point speaks against is not looked at in the next
            axes = _zero_along(point, gradient, axes) if axes else axes
        for axis in axes:
            formula = _sum_box(derivation, tensor, axis, tensor.shape[axis], notation)
            moved = text(
                "; adding a constant to ", notation.name(name), " along that axis changes nothing to first order"
            )
            said.append((*text("Vanishing sums: ", formula), *moved, *text(".")))
    return said


def _zero_along(point: Point, gradient: str, axes: list[int]) -> list[int]:
    """Those of the axes along which the sums of a gradient are 0; none where the gradient itself is."""
    balls = _balls(point, gradient)
    if balls is None or balls.size == 0 or _is_zero(balls, flint.arb(1)):
        return []
    size = _size(balls)
    return [axis for axis in axes if balls.shape[axis] > 1 and _is_zero(_summed(balls, axis), size)]


def _sum_box(derivation: Derivation, tensor: Tensor, axis: int, extent: Expr, notation: Notation) -> Box:
    equation = derivation.adjoint.equations_of(tensor.name)[-1]
    k = equation.indices[axis]
    total = Reduce("sum", tensor.at(*equation.indices), (k, extent))
    return equals(expression_box(total, notation.at(equation)), expression_box(Integer(0), notation))


def _homogeneous(operation: Operation, derivation: Derivation, notation: Notation, points: list[Point]) -> list[Said]:
    """Euler's theorem for the homogeneity that a declaration claims: ``<x, dx> = p <y, dy>``."""
    said = []
    for symmetry in operation.symmetries:
        known = symmetry.kind == "homogeneous" and set(symmetry.inputs) <= set(derivation.gradients)
        if known and all(_euler(derivation, symmetry, point) for point in points):
            said.append(_euler_words(derivation, symmetry, notation))
    return said


def _euler(derivation: Derivation, symmetry: Symmetry, point: Point) -> bool:
    pairs = [(n, derivation.gradients[n], 1) for n in symmetry.inputs]
    pairs += [(y, derivation.cotangents.get(y, ""), -symmetry.degree) for y in derivation.of]
    with flint.ctx.workprec(BITS):
        total, size = flint.arb(0), flint.arb(0)
        for name, other, factor in pairs:
            values = _balls(point, name)
            weights = _balls(point, other) if other else None
            if values is None or (other and weights is None):
                return False
            if weights is not None and values.shape != weights.shape:
                return False  # a tensor with start values, of which some are no output
            for k, value in enumerate(values.flat):
                part = factor * value * (weights.flat[k] if weights is not None else 1)
                total, size = total + part, size + abs(part)
        return _is_zero([total], size)


def _euler_words(derivation: Derivation, symmetry: Symmetry, notation: Notation) -> Said:
    pieces: list[str | Inline | Box] = ["Euler's theorem for a function that is homogeneous of degree "]
    pieces += [str(symmetry.degree), " in "]
    for number, name in enumerate(symmetry.inputs):
        pieces += [", " if number else "", notation.name(name)]
    pieces.append(": the products of these inputs with their gradients add up to ")
    pieces.append({0: "0", 1: "", -1: "minus "}.get(symmetry.degree, f"{symmetry.degree} times "))
    if symmetry.degree:
        pieces.append("the output" if not derivation.cotangents else "those of the outputs with their cotangents")
    return text(*pieces, ".")


def _size_one(derivation: Derivation, notation: Notation, points: list[Point]) -> list[Said]:
    """Gradients that vanish when one of the sizes is 1, and not otherwise."""
    said = []
    for size in derivation.program.dimensions:
        left, drawn = dict(derivation.gradients), 0
        for single in _points(derivation, {size: 1}):
            left = {name: gradient for name, gradient in left.items() if _vanishes(single, gradient)}
            drawn += 1
            if not left:
                break
        if drawn < POINTS:
            continue
        gone = []
        for gradient in left.values():
            usual = [_balls(point, gradient) for point in points]
            if not any(b is None or b.size == 0 or _is_zero(b, flint.arb(1)) for b in usual):
                gone.append(equals(notation.name(gradient), expression_box(Integer(0), notation)))
        if gone:
            listed = [piece for box in gone for piece in (", ", box)][1:]
            said.append(text("Size 1: for ", condition_box(Eq(size, 1, evaluate=False), notation), ", ", *listed, "."))
    return said


def _optimum(derivation: Derivation, notation: Notation) -> list[Said]:
    """Where an input equals the data of its shape, a loss that compares them is stationary."""
    program = derivation.program
    if derivation.cotangents:
        return []
    said = []
    for name, gradient in derivation.gradients.items():
        tensor = program.tensors[name]
        targets = [t for t in program.inputs if t.data and t.shape == tensor.shape and not t.integer]
        for target in targets:
            found = [_balls(point, gradient) for point in _meeting(derivation, name, target.name)]
            if len(found) == POINTS and all(b is not None and _is_zero(b, flint.arb(1)) for b in found):
                where = equals(notation.name(name), notation.name(target.name))
                what = equals(notation.name(gradient), expression_box(Integer(0), notation))
                said.append(text("Optimum: at ", where, " the loss is stationary, ", what, "."))
    return said


def _meeting(derivation: Derivation, name: str, target: str) -> Iterator[Point]:
    for point in _points(derivation, {}):
        case = point.case
        met = replace(case, inputs={**case.inputs, name: case.inputs[target]})
        try:
            yield Point(met, Exact(derivation.combined, met.exact(derivation), bits=BITS))
        except BackproofError:
            return


__all__ = ["sanity_blocks"]

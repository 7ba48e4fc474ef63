"""A function of one variable and its derivative, both from the generated code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sympy import Float

from derive.derivation import Derivation
from derive.nodes import Access, Reduce
from derive.notation import Box, Notation
from derive.notation.tree import Letter, Sign, row
from derive.operation import Operation
from derive.program import Tensor
from reports.document import Figure
from reports.example import Example
from reports.pictures.axes import AXIS, Entry, key, label, name_axes
from reports.pictures.letters import typeset
from reports.pictures.style import BLUE, RED, SERIES, TEXT, Drawing, listed, margins, number
from reports.pictures.tracing import Pair, frame, kink_words, line, traced, value_words
from reports.spoken import box_words
from reports.symbols import notation_of

if TYPE_CHECKING:
    from numeric import Function

Array = NDArray[Any]
PARTIAL = Letter("d", "upright")


def function_figure(
    operation: Operation, derivation: Derivation, function: Function, example: Example | None
) -> Figure | None:
    """An elementwise function and its derivative; ``None`` for what is not one (see :func:`elementwise_input`)."""
    given = elementwise_input(operation, derivation)
    if given is None:
        return None
    (result,) = operation.outputs
    others = _others(operation, example, {given.name})
    curve = traced(_elementwise(derivation, function, given, result, others), domain=given)
    if curve is None:
        return None
    notation = notation_of(derivation)
    x, y = notation.name(given.name), notation.name(result.name)
    entries = [Entry(BLUE, "-", label(y)), Entry(RED, SERIES[1][1], label(quotient(y, x)))]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        margins(figure, top=0.3, left=0.42)
        for part, entry in zip(("values", "slopes"), entries, strict=True):
            line(axes, curve, part, entry.colour, entry.dashes)
        frame(axes, curve.x, [curve.values, curve.slopes])
        key(figure, axes, entries)
        name_axes(figure, axes, typeset(x, AXIS))

    name = operation.title or operation.name
    where = f"for {box_words(x)} from {number(curve.x[0])} to {number(curve.x[-1])}"
    with_ = _with(others, notation)
    caption = f"{name} (solid) and its derivative (dashed){with_}.{kink_words(curve, x, 'The')}"
    return Figure(
        f"{operation.name}_function", Drawing(draw, (0.6 * TEXT, 2.45)), caption,
        f"Plot of {box_words(y)} (solid) and of its derivative (dashed) {where}{with_}. {value_words(curve, x)}"
        + kink_words(curve, x, "The"),
        0.6, "statement",
    )  # fmt: skip


def elementwise_input(operation: Operation, derivation: Derivation) -> Tensor | None:
    """The one input that the one equation reads at its own place only, beside parameters of lower rank.

    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> [getattr(elementwise_input(get(n), derive(get(n))), "name", None) for n in ("sigmoid", "swish", "softmax", "dense")]
    ['z', 'z', None, None]
    """
    program = operation.program
    if len(program.equations) != 1 or program.equations[0].rhs.has(Reduce) or None in program.equations[0].extents:
        return None
    (equation,) = program.equations
    full = [t for t in operation.inputs if t.shape == equation.extents and t.rank]
    if len(full) != 1 or full[0].name not in derivation.gradients or any(t.integer for t in operation.inputs):
        return None
    for access in equation.rhs.atoms(Access):
        if access.tensor == full[0].name and access.indices != equation.indices:
            return None
    free = {
        i for e in equation.rhs.xreplace({a: Float(1) for a in equation.rhs.atoms(Access)}).free_symbols for i in (e,)
    }
    return None if free & set(equation.indices) else full[0]


def _elementwise(
    derivation: Derivation, function: Function, given: Tensor, result: Tensor, others: Mapping[str, Any]
) -> Pair:
    rank, reduced = given.rank, derivation.program.tensors

    def pair(x: Array) -> tuple[Array, Array]:
        shape = (x.size, *[1] * (rank - 1))
        inputs: dict[str, Any] = {given.name: x.reshape(shape)}
        inputs |= {
            n: np.full([1] * reduced[n].rank, v) if reduced[n].rank else np.float64(v) for n, v in others.items()
        }
        with np.errstate(all="ignore"):
            value = function.forward(**inputs)[result.name].reshape(-1)
            slope = function.vjp(inputs, {result.name: np.ones(shape)})[given.name].reshape(-1)
        return np.asarray(value, dtype=float), np.asarray(slope, dtype=float)

    return pair


def _others(operation: Operation, example: Example | None, known: set[str]) -> dict[str, float]:
    """Learnable parameters: the first value of the worked example; hyper-parameters keep their defaults."""
    found = {}
    for tensor in operation.inputs:
        if tensor.name not in known:
            values = np.asarray(example.inputs[tensor.name]).ravel() if example is not None else np.ones(1)
            found[tensor.name] = float(values[0]) if values.size else 1.0
    return found


def _with(others: Mapping[str, float], notation: Notation) -> str:
    return (
        f" with {listed([f'{box_words(notation.name(n))} = {number(v)}' for n, v in others.items()])}" if others else ""
    )


def quotient(y: Box, x: Box) -> Box:
    """The derivative as a quotient of differentials, in one line."""
    return row(PARTIAL, y, Sign("slash"), PARTIAL, x)


__all__ = ["elementwise_input", "function_figure", "quotient"]

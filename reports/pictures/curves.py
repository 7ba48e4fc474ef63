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
from derive.notation.tree import ONE, Letter, Script, Sign, row
from derive.operation import Operation
from derive.program import Tensor
from reports.document import Figure
from reports.example import Example
from reports.pictures.axes import AXIS, Entry, key, label, name_axes
from reports.pictures.letters import typeset
from reports.pictures.style import BLUE, RED, SERIES, TEXT, Drawing, listed, margins, name_words, number
from reports.pictures.tracing import Pair, frame, kink_words, line, traced, value_words
from reports.symbols import notation_of

if TYPE_CHECKING:
    from numeric import Function

Array = NDArray[Any]
PARTIAL = Letter("d", "upright")
REST = "0 and 1"


def function_figure(
    operation: Operation, derivation: Derivation, function: Function, example: Example | None
) -> Figure | None:
    """An elementwise function and its derivative; of a function of rows, one entry of a row of three.

    ``None`` for anything else (see :func:`elementwise_input` and :func:`row_input`).
    """
    row_of = row_input(operation, derivation)
    given = elementwise_input(operation, derivation) or row_of
    if given is None:
        return None
    (result,) = operation.outputs
    others = _others(operation, example, {given.name})
    pair = _row(function, given, result) if row_of else _elementwise(derivation, function, given, result, others)
    curve = traced(pair, domain=given)
    if curve is None:
        return None
    notation = notation_of(derivation)
    x, y = notation.name(given.name), notation.name(result.name)
    if row_of is not None:
        x, y = Script(x, ONE), Script(y, ONE) if result.rank == given.rank else y
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
    where = f"for {name_words(x)} from {number(curve.x[0])} to {number(curve.x[-1])}"
    with_ = _with(others, notation)
    if row_of is not None:
        name, with_ = f"{name} of a row of three, whose first entry varies beside {REST}", ""
    caption = f"{name} (solid) and its derivative (dashed){with_}.{kink_words(curve, x, 'The')}"
    return Figure(
        f"{operation.name}_function", Drawing(draw, (0.6 * TEXT, 2.45)), caption,
        f"Plot of {name_words(y)} (solid) and of its derivative (dashed) {where}{with_}. {value_words(curve, x)}"
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


def row_input(operation: Operation, derivation: Derivation) -> Tensor | None:
    """The only input, where each row of it is mapped to a row or to a number: of such a one a row of three is shown.

    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> [getattr(row_input(get(n), derive(get(n))), "name", None) for n in ("softmax", "logsumexp", "sigmoid", "layer_norm")]
    ['z', 'z', None, None]
    """
    if (
        len(operation.inputs) != 1
        or len(operation.outputs) != 1
        or elementwise_input(operation, derivation) is not None
    ):
        return None
    (given,), (result,), leading = operation.inputs, operation.outputs, operation.program.ellipsis
    along = given.rank == 2 and given.shape[0] == leading and given.shape[1].is_Symbol and not given.integer
    return given if along and result.shape in (given.shape, given.shape[:1]) else None


def _row(function: Function, given: Tensor, result: Tensor) -> Pair:
    def pair(x: Array) -> tuple[Array, Array]:
        rows = np.stack([x, *(np.full_like(x, each) for each in (0.0, 1.0))], axis=-1)
        seed = np.ones(x.shape)
        if result.rank == given.rank:
            seed = np.zeros(rows.shape)
            seed[..., 0] = 1.0
        with np.errstate(all="ignore"):
            value = function.forward(**{given.name: rows})[result.name]
            slope = function.vjp({given.name: rows}, {result.name: seed})[given.name][..., 0]
        return np.asarray(value[..., 0] if result.rank == given.rank else value, dtype=float), np.asarray(
            slope, dtype=float
        )

    return pair


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
        f" with {listed([f'{name_words(notation.name(n))} = {number(v)}' for n, v in others.items()])}"
        if others
        else ""
    )


def quotient(y: Box, x: Box) -> Box:
    """The derivative as a quotient of differentials, in one line."""
    return row(PARTIAL, y, Sign("slash"), PARTIAL, x)


__all__ = ["elementwise_input", "function_figure", "quotient", "row_input"]

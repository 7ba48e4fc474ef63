"""A worked example: numbers put in, the generated function run forward and backward, ball arithmetic beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from derive.errors import BackproofError
from derive.notation import Notation
from derive.operation import Operation
from derive.program import Program
from numeric.exact import Exact
from reports.document import Block, Code, Note, Paragraph, Table, text
from reports.settings import SEED
from reports.shapes import shape_box
from verify.errors import SamplingError
from verify.sampling import sample

if TYPE_CHECKING:
    from numeric import Function

Array = NDArray[Any]
SMALL = (2, 3)
DIGITS = 5
LONGEST = 40  # numbers of an array that are shown
CLOSE = 1e-12  # what rounding of a few dozen float64 operations may leave


@dataclass(frozen=True)
class Example:
    """Inputs, cotangents, outputs, gradients and intermediates of one evaluation, and how far balls are away."""

    inputs: Mapping[str, Array]
    cotangents: Mapping[str, Array]
    outputs: Mapping[str, Array]
    gradients: Mapping[str, Array]
    deviation: float | None
    given: bool


def worked(operation: Operation, derivation: Derivation, function: Function) -> Example:
    """Run the operation's own example, or a small seeded one.

    Raises :class:`verify.errors.SamplingError` where no inputs can be drawn.
    """
    program = operation.program
    if operation.example:
        values = {name: np.asarray(value, dtype=float) for name, value in operation.example.items()}
        inputs: dict[str, Any] = dict(values)
        cotangents = {
            n: _steps(np.shape(v)) for n, v in function.forward(**inputs).items() if n in derivation.cotangents
        }
    else:
        sizes = {size: SMALL[number % 2] for number, size in enumerate(program.dimensions)}
        case = _sample(program, sizes, derivation)
        inputs = {n: _rounded(v) for n, v in case.arguments().items() if not _has_default(program, n)}
        cotangents = {n: _rounded(v) for n, v in case.seeds().items()}
    outputs = function.forward(**inputs)
    gradients = function.vjp(inputs, cotangents or None)
    deviation = _deviation(derivation, inputs, cotangents, gradients)
    return Example(inputs, cotangents, outputs, gradients, deviation, bool(operation.example))


def _sample(program: Program, sizes: Mapping[Any, int], derivation: Derivation) -> Any:
    falling = {size: max(2, 4 - number // 2) for number, size in enumerate(program.dimensions)}
    for chosen in (sizes, falling):  # sizes may not go together: a window has to fit into its image
        try:
            return sample(program, SEED, sizes=chosen, derivation=derivation)
        except SamplingError:
            continue
    return sample(program, SEED, derivation=derivation)


def _has_default(program: Program, name: str) -> bool:
    return name not in program.tensors or program.tensors[name].default is not None


def _steps(shape: tuple[int, ...]) -> Array:
    """A cotangent that is not uniform: 1, 1/2, 1/3, ..."""
    return 1.0 / np.arange(1, math.prod(shape) + 1, dtype=float).reshape(shape)


def _rounded(value: Any) -> Any:
    """Numbers of two decimals, which a reader can copy, where that keeps them inside the domain (above 0, below 1)."""
    array = np.asarray(value)
    if array.dtype.kind != "f":
        return value
    near = np.round(array, 2)
    sums = array.ndim and np.allclose(array.sum(-1), 1.0)
    return array if sums or np.any((near == 0) | (near == 1)) else near


def _deviation(
    derivation: Derivation, inputs: Mapping[str, Any], cotangents: Mapping[str, Any], gradients: Mapping[str, Array]
) -> float | None:
    """The largest relative distance of a gradient from its enclosure; ``None`` where balls cannot decide."""
    given = {**inputs, **{derivation.cotangents[n]: v for n, v in cotangents.items()}}
    worst = 0.0
    try:
        exact = Exact(derivation.combined, given)
        for name, target in derivation.gradients.items():
            truth = np.vectorize(lambda ball: float(ball.mid()), otypes=[float])(exact.array(target))
            scale = float(np.max(np.abs(truth), initial=0.0)) or 1.0
            got = np.asarray(gradients[name], dtype=float).reshape(truth.shape)
            worst = max(worst, float(np.max(np.abs(got - truth), initial=0.0)) / scale)
    except (BackproofError, ArithmeticError):
        return None
    return worst


def example_blocks(example: Example, derivation: Derivation, notation: Notation) -> list[Block]:
    """The example as a table, with where the numbers come from."""
    origin = (
        "The inputs are the operation's own example." if example.given else f"The inputs are drawn with seed {SEED}."
    )
    rows = []
    tensors = derivation.combined.tensors
    groups = [
        ("input", {n: n for n in example.inputs if n in tensors}, example.inputs),
        ("cotangent", {n: derivation.cotangents[n] for n in example.cotangents}, example.cotangents),
        ("output", {n: n for n in example.outputs}, example.outputs),
        ("gradient", dict(derivation.gradients), example.gradients),
    ]
    for kind, names, values in groups:
        for name, shown in names.items():
            shape = shape_box(tensors[name].shape, notation)
            rows.append(
                (
                    text(kind),
                    text(notation.name(shown)),
                    text(shape) if shape else text("scalar"),
                    text(Code(array_text(values[name]))),
                )
            )
    blocks: list[Block] = [
        Paragraph(
            text(
                f"{origin} Outputs and gradients are computed by the generated function in float64", _agreement(example)
            )
        ),
        Table(("", "Symbol", "Shape", "Value"), tuple(rows), weights=(1.0, 0.8, 1.4, 6.5)),
    ]
    if example.deviation is not None and example.deviation > CLOSE:
        words = f"Ball arithmetic disagrees with the generated function by {example.deviation:.2g} (relative)."
        blocks.append(Note(text(words), "warning"))
    return blocks


def _agreement(example: Example) -> str:
    if example.deviation is None:
        return "; ball arithmetic could not decide every value of this example."
    if example.deviation > CLOSE:
        return "."
    return "; ball arithmetic agrees."


def array_text(value: Any) -> str:
    """An array as nested lists of numbers with five significant digits; long ones are cut.

    >>> import numpy as np
    >>> array_text(np.array([[1.0, 0.333333333], [-0.0, 1e-9]]))
    '[[1, 0.33333], [0, 1e-09]]'
    """
    array = np.asarray(value)
    if array.size > LONGEST:
        first = ", ".join(_number(x) for x in array.ravel()[:8])
        return f"{first}, ... ({array.size} numbers)"
    return _nested(array)


def _nested(array: Array) -> str:
    if array.ndim == 0:
        return _number(array[()])
    return f"[{', '.join(_nested(part) for part in array)}]"


def _number(value: Any) -> str:
    """Five significant digits; negative zero is zero."""
    if isinstance(value, int | np.integer):
        return str(int(value))
    return f"{float(value) + 0.0:.{DIGITS}g}"

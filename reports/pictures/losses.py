"""A loss in one prediction: the loss and its derivative against the prediction, for two targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sympy import Float

from derive.derivation import Derivation
from derive.nodes import Access, Reduce
from derive.notation.tree import EQUALS, row
from derive.operation import Operation
from derive.program import Program, Tensor
from reports.document import Figure
from reports.pictures.axes import AXIS, Entry, key, label, name_axes
from reports.pictures.curves import quotient
from reports.pictures.letters import typeset
from reports.pictures.style import BLUE, RED, SERIES, TEXT, Drawing, listed, margins, name_words, number
from reports.pictures.tracing import FEW, Curve, Pair, frame, inside, kink_words, line, sampled, traced, value_words
from reports.symbols import notation_of

if TYPE_CHECKING:
    from numeric import Function

Array = NDArray[Any]


def loss_figure(operation: Operation, derivation: Derivation, function: Function) -> Figure | None:
    """A loss that is a sum over predictions, for one of them: against the prediction, for two targets."""
    found = prediction(operation)
    if found is None:
        return None
    given, target = found
    (loss,) = operation.outputs
    targets = _targets(target) if target is not None else (None,)
    notation = notation_of(derivation)
    curves = []
    for value in targets:
        fixed = {} if target is None else {target.name: np.full([1] * target.rank, value)}
        curves.append(traced(_summand(function, given, loss, fixed), domain=given, slow=True))
    if any(curve is None for curve in curves):
        return None
    shown = _together([curve for curve in curves if curve is not None])
    if not any(np.ptp(curve.values[np.isfinite(curve.values)]) > 0 for curve in shown):
        return None
    x, y = notation.name(given.name), notation.name(loss.name)
    looks = [(BLUE, "-"), (RED, SERIES[1][1])]
    entries = [
        Entry(*look, label(row(notation.name(target.name), EQUALS), number(value)))
        for value, look in zip(targets, looks, strict=False)
        if target is not None and value is not None
    ]
    heights = label(y, size=AXIS), label(quotient(y, x), size=AXIS)

    def draw(figure: Any) -> None:
        panels = figure.subplots(1, 2)
        margins(figure, top=0.3 if entries else 0.12, left=0.6, gap=0.36)
        for panel, height, part in zip(panels, heights, ("values", "slopes"), strict=True):
            for curve, look in zip(shown, looks, strict=False):
                line(panel, curve, part, *look)
            frame(panel, shown[0].x, [getattr(curve, part) for curve in shown])
            name_axes(figure, panel, typeset(x, AXIS), height)
        key(figure, panels[0], entries)

    name = operation.title or operation.name
    of = (
        ""
        if target is None
        else f" for the target{'s' * (len(targets) > 1)} {listed([number(float(v or 0)) for v in targets])}"
    )
    words = [
        f"{'' if v is None else f'target {number(float(v))}: '}{value_words(curve, x)}{kink_words(curve, x, 'the')}"
        for v, curve in zip(targets, shown, strict=True)
    ]
    kinks = kink_words(shown[0], x, "The") if len(targets) == 1 else ""
    return Figure(
        f"{operation.name}_function", Drawing(draw, (0.92 * TEXT, 2.2)),
        f"{name} of one element (all sizes 1), left, and its derivative, right{of}.{kinks}",
        f"Plot of {name_words(y)} and its derivative for {name_words(x)} from {number(shown[0].x[0])} to "
        f"{number(shown[0].x[-1])}{of}. "
        + " ".join(w[0].upper() + w[1:] for w in words), 0.92, "statement",
    )  # fmt: skip


def prediction(operation: Operation) -> tuple[Tensor, Tensor | None] | None:
    """The prediction and the target of a loss that is a sum (or mean) over elements of a function of both.

    >>> from derive.registry import get
    >>> [(p[0].name, p[1].name) if (p := prediction(get(n))) and p[1] else p for n in ("huber", "softmax_cross_entropy")]
    [('yhat', 'y'), None]
    """
    program = operation.program
    if len(operation.outputs) != 1 or operation.outputs[0].rank or any(t.integer for t in operation.inputs):
        return None
    given = [t for t in operation.inputs if t.name in operation.wrt]
    data = [t for t in operation.inputs if t.name not in operation.wrt]
    if len(given) != 1 or len(data) > 1 or not given[0].rank or any(t.shape != given[0].shape for t in data):
        return None
    *before, last = program.equations
    if any(e.rhs.has(Reduce) or any(not _own(a, e.indices, program) for a in e.rhs.atoms(Access)) for e in before):
        return None
    rhs = last.rhs
    outer = [r for r in rhs.atoms(Reduce) if not any(r is not s and s.has(r) for s in rhs.atoms(Reduce))]
    if not outer or any(r.op != "sum" for r in rhs.atoms(Reduce)):
        return None
    if any(a for a in rhs.xreplace({r: Float(1) for r in outer}).atoms(Access) if program.tensors[a.tensor].rank):
        return None
    if not _is_linear(rhs, outer) or any(not _nested(r, program) for r in outer):
        return None
    return given[0], data[0] if data else None


def _own(access: Access, indices: Sequence[Any], program: Program) -> bool:
    return not program.tensors[access.tensor].rank or access.indices == tuple(indices)


def _is_linear(rhs: Any, outer: Sequence[Reduce]) -> bool:
    """Whether the outermost sums stand in the first power, in sums and products with numbers and sizes."""
    if rhs in outer:
        return True
    if rhs.is_Add or rhs.is_Mul:
        parts = [part for part in rhs.args if part.has(Reduce)]
        return all(_is_linear(part, outer) for part in parts) and (rhs.is_Add or len(parts) == 1)
    return not rhs.has(Reduce)


def _nested(reduce: Reduce, program: Program) -> bool:
    """Sums over sums of one element: nothing inside mixes elements."""
    body = reduce.body
    if isinstance(body, Reduce):
        return _nested(body, program)
    if not body.has(Reduce):
        return True
    inner = list(body.atoms(Reduce))
    return (
        len(inner) == 1
        and _is_linear(body, inner)
        and not body.xreplace({inner[0]: Float(1)}).atoms(Access)
        and _nested(inner[0], program)
    )


def _summand(function: Function, given: Tensor, loss: Tensor, fixed: Mapping[str, Array]) -> Pair:
    def pair(x: Array) -> tuple[Array, Array]:
        values, slopes = np.empty(x.size), np.empty(x.size)
        with np.errstate(all="ignore"):
            for k, at in enumerate(x.ravel()):
                inputs = {given.name: np.full([1] * given.rank, at), **fixed}
                out, back = function.forward(**inputs), function.vjp(inputs, None)
                values[k], slopes[k] = float(out[loss.name]), float(back[given.name].reshape(()))
        return values, slopes

    return pair


def _targets(target: Tensor) -> tuple[float, ...]:
    """The ends of the target's domain where that is bounded below, else 0 and 1."""
    if inside(target, -1.0) and not inside(target, -2.0):
        return (-1.0, 1.0)
    return tuple(v for v in (0.0, 1.0) if inside(target, v)) or (1.0,)


def _together(curves: Sequence[Curve]) -> list[Curve]:
    """All on the grid from the least to the greatest place that one of them shows."""
    low, high = min(c.x[0] for c in curves), max(c.x[-1] for c in curves)
    if all(c.x[0] == low and c.x[-1] == high for c in curves):
        return list(curves)
    return [sampled(c.pair, float(low), float(high), c.kinks, FEW, c.poles) for c in curves]


__all__ = ["loss_figure", "prediction"]

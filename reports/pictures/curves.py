"""A function of one variable and its derivative, both from the generated code, where something happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sympy import Float

from derive.derivation import Derivation
from derive.nodes import Access, Reduce
from derive.notation import Box, Notation
from derive.notation.tree import EQUALS, Letter, Sign, row
from derive.operation import Operation
from derive.program import Program, Tensor
from reports.document import Figure
from reports.example import Example
from reports.pictures.axes import AXIS, KEY, Entry, dot, key, label, name_axes
from reports.pictures.letters import typeset
from reports.pictures.style import BLUE, INK, RED, SERIES, TEXT, Drawing, listed, margins, number
from reports.spoken import box_words
from reports.symbols import notation_of

if TYPE_CHECKING:
    from numeric import Function

Array = NDArray[Any]
Pair = Callable[[Array], tuple[Array, Array]]  # places -> values, derivatives

WIDE = 8.0  # how far is looked for where something happens
LEAST = 2.0  # what is shown on both sides of it at least
POINTS = 481
STEEP = 3.0  # a derivative that is larger at the ends belongs to a function that grows without bound
MOST = 6  # kinks that are looked for
PARTIAL = Letter("d", "upright")


@dataclass(frozen=True)
class Kink:
    """A place where the derivative, or the function itself, jumps: the limits on both sides, and what is agreed on."""

    x: float
    values: tuple[float, float, float]  # from below, at the place, from above
    slopes: tuple[float, float, float]


@dataclass(frozen=True)
class Curve:
    """A function and its derivative on a grid, with a gap at every jump, and its kinks."""

    x: Array
    values: Array
    slopes: Array
    kinks: tuple[Kink, ...]
    pair: Pair

    def at(self, x: float) -> tuple[float, float]:
        value, slope = self.pair(np.array([x]))
        return float(value[0]), float(slope[0])


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
    entries = [Entry(BLUE, "-", label(y)), Entry(RED, SERIES[1][1], label(_quotient(y, x)))]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        margins(figure, top=0.3, left=0.42)
        for part, entry in zip(("values", "slopes"), entries, strict=True):
            _line(axes, curve, part, entry.colour, entry.dashes)
        _frame(axes, curve.x, [curve.values, curve.slopes])
        key(figure, axes, entries)
        name_axes(figure, axes, typeset(x, AXIS))

    name = operation.title or operation.name
    where = f"for {box_words(x)} from {number(curve.x[0])} to {number(curve.x[-1])}"
    with_ = _with(others, notation)
    caption = f"{name} (solid) and its derivative (dashed){with_}.{_kink_words(curve, x, 'The')}"
    return Figure(
        f"{operation.name}_function", Drawing(draw, (0.6 * TEXT, 2.45)), caption,
        f"Plot of {box_words(y)} (solid) and of its derivative (dashed) {where}{with_}. {_values(curve, x)}{_kink_words(curve, x, 'The')}",
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
    free = {i for e in equation.rhs.xreplace({a: Float(1) for a in equation.rhs.atoms(Access)}).free_symbols for i in (e,)}
    return None if free & set(equation.indices) else full[0]


def _elementwise(
    derivation: Derivation, function: Function, given: Tensor, result: Tensor, others: Mapping[str, Any]
) -> Pair:
    rank, reduced = given.rank, derivation.program.tensors

    def pair(x: Array) -> tuple[Array, Array]:
        shape = (x.size, *[1] * (rank - 1))
        inputs = {given.name: x.reshape(shape)}
        inputs |= {n: np.full([1] * reduced[n].rank, v) if reduced[n].rank else np.float64(v) for n, v in others.items()}
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
    return f" with {listed([f'{box_words(notation.name(n))} = {number(v)}' for n, v in others.items()])}" if others else ""


def _quotient(y: Box, x: Box) -> Box:
    return row(PARTIAL, y, Sign("slash"), PARTIAL, x)


# -- a loss in one prediction -------------------------------------------------------------------------------------------------


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
    heights = label(y, size=AXIS), label(_quotient(y, x), size=AXIS)

    def draw(figure: Any) -> None:
        panels = figure.subplots(1, 2)
        margins(figure, top=0.3 if entries else 0.12, left=0.6, gap=0.36)
        for panel, height, part in zip(panels, heights, ("values", "slopes"), strict=True):
            for curve, look in zip(shown, looks, strict=False):
                _line(panel, curve, part, *look)
            _frame(panel, shown[0].x, [getattr(curve, part) for curve in shown])
            name_axes(figure, panel, typeset(x, AXIS), height)
        key(figure, panels[0], entries)

    name = operation.title or operation.name
    of = "" if target is None else f" for the target{'s' * (len(targets) > 1)} {listed([number(float(v or 0)) for v in targets])}"
    words = [
        f"{'' if v is None else f'target {number(float(v))}: '}{_values(curve, x)}{_kink_words(curve, x, 'the')}"
        for v, curve in zip(targets, shown, strict=True)
    ]
    kinks = _kink_words(shown[0], x, "The") if len(targets) == 1 else ""
    return Figure(
        f"{operation.name}_function", Drawing(draw, (0.92 * TEXT, 2.2)),
        f"{name} of one element (all sizes 1), left, and its derivative, right{of}.{kinks}",
        f"Plot of {box_words(y)} and its derivative for {box_words(x)} from {number(shown[0].x[0])} to {number(shown[0].x[-1])}{of}. "
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
    return len(inner) == 1 and _is_linear(body, inner) and not body.xreplace({inner[0]: Float(1)}).atoms(Access) and _nested(inner[0], program)


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
    if _inside(target, -1.0) and not _inside(target, -2.0):
        return (-1.0, 1.0)
    return tuple(v for v in (0.0, 1.0) if _inside(target, v)) or (1.0,)


def _inside(tensor: Tensor, value: float) -> bool:
    return all(
        bool(condition.xreplace({a: Float(value) for a in condition.atoms(Access) if a.tensor == tensor.name}))
        for condition in tensor.domain
        if {a.tensor for a in condition.atoms(Access)} == {tensor.name}
    )


def _together(curves: Sequence[Curve]) -> list[Curve]:
    """All on the grid from the least to the greatest place that one of them shows."""
    low, high = min(c.x[0] for c in curves), max(c.x[-1] for c in curves)
    if all(c.x[0] == low and c.x[-1] == high for c in curves):
        return list(curves)
    return [_sampled(c.pair, float(low), float(high), c.kinks, 161) for c in curves]


# -- tracing ------------------------------------------------------------------------------------------------------------------


def traced(pair: Pair, domain: Tensor | None = None, slow: bool = False) -> Curve | None:
    """The curve of a function where something happens: where its slope changes, and around 0.

    A ``slow`` one is looked at in fewer places.  ``None`` where no value is finite.

    >>> curve = traced(lambda x: (np.maximum(x, 0), (x > 0) * 1.0))
    >>> [(k.x, k.slopes) for k in curve.kinks], round(float(curve.x[0])), round(float(curve.x[-1]))
    ([(0.0, (0.0, 0.0, 1.0))], -3, 3)
    """
    low, high = _limits(domain)
    scan = np.linspace(low, high, 81 if slow else 321)
    values, slopes = pair(scan)
    if not np.isfinite(values).any():
        return None
    kinks = _kinks(pair, scan, values, slopes)
    first, last = _window(scan, values, slopes, [k.x for k in kinks], bounded=(low > -WIDE, high < WIDE))
    return _sampled(pair, first, last, kinks, 161 if slow else POINTS)


def _limits(domain: Tensor | None) -> tuple[float, float]:
    """The part of [-8, 8] that lies in the domain; an open end is left by a little."""
    if domain is None or not domain.domain:
        return -WIDE, WIDE
    places = [x for x in np.arange(-WIDE, WIDE + 0.01, 0.5) if _inside(domain, float(x) + 1e-3 * (x <= 0) - 1e-3 * (x > 0))]
    if not places:
        places = [x for x in np.arange(-WIDE, WIDE + 0.01, 0.1) if _inside(domain, float(x))]
    low, high = (float(places[0]), float(places[-1])) if places else (-WIDE, WIDE)
    while low > -WIDE and _inside(domain, low - 0.05):
        low -= 0.05
    while high < WIDE and _inside(domain, high + 0.05):
        high += 0.05
    room = min(0.02 * (high - low), 0.02)
    return (low if _inside(domain, low) else low + room), (high if _inside(domain, high) else high - room)


def _window(
    x: Array, values: Array, slopes: Array, kinks: Sequence[float], bounded: tuple[bool, bool]
) -> tuple[float, float]:
    low, high = float(x[0]), float(x[-1])
    if all(bounded):
        return low, high
    turns = x[1:][np.diff(np.sign(slopes)) != 0]
    if len(turns) > 6:  # a wave: two periods on each side
        near = sorted(turns, key=abs)[:8]
        return min(near), max(near)
    ends = [abs(slopes[k]) for k in (0, -1) if np.isfinite(slopes[k])]
    change = np.abs(np.diff(slopes))
    change[~np.isfinite(change)] = 0.0
    even = change.max(initial=0.0) < 1.5 * change.mean()  # a parabola bends everywhere alike
    if len(ends) < 2 or max(ends) > STEEP or change.sum() < 1e-9 or even:
        first, last = -LEAST, LEAST
    else:
        share = np.cumsum(change) / change.sum()
        first, last = float(x[np.searchsorted(share, 0.01)]), float(x[min(np.searchsorted(share, 0.99) + 1, len(x) - 1)])
    first, last = min([first, 0.0, *kinks]), max([last, 0.0, *kinks])
    room = max(0.3 * (last - first), 1.0)
    first, last = min(first - room, -LEAST - 1.0), max(last + room, LEAST + 1.0)
    first, last = np.floor(2 * first) / 2, np.ceil(2 * last) / 2
    return max(float(first), low), min(float(last), high)


def _kinks(pair: Pair, x: Array, values: Array, slopes: Array) -> tuple[Kink, ...]:
    """Where the slope or the value changes by as much, however near one looks: found by halving intervals."""
    scale = max(float(np.nanmax(np.abs(slopes[np.isfinite(slopes)]), initial=0.0)), 1e-12)
    size = max(float(np.ptp(values[np.isfinite(values)])), 1e-12)
    jumps = np.maximum(np.abs(np.diff(slopes)) / scale, np.abs(np.diff(values)) / size * 0.2)
    jumps[~np.isfinite(jumps)] = 1.0
    found: dict[float, Kink] = {}
    for k in np.argsort(-jumps, kind="stable")[: 2 * MOST]:
        if jumps[k] < 0.02:
            break
        low, high = _halved(pair, float(x[k]), float(x[k + 1]), scale, size)
        if low is None or high is None:
            continue
        place = round((low + high) / 2, 9) + 0.0
        (v0, v, v1), (s0, s, s1) = pair(np.array([place - 1e-7, place, place + 1e-7]))
        if all(map(np.isfinite, (v0, v1, s0, s1))) and max(abs(s1 - s0) / scale, abs(v1 - v0) / size) > 0.01:
            tidy = [float(f"{each:.5g}") + 0.0 for each in (v0, v, v1, s0, s, s1)]
            found[place] = Kink(place, tuple(tidy[:3]), tuple(tidy[3:]))  # type: ignore[arg-type]
    return tuple(found[place] for place in sorted(found)[:MOST])


def _halved(pair: Pair, low: float, high: float, scale: float, size: float) -> tuple[float | None, float | None]:
    """The interval around a jump, a millionth of what it was; nothing where the change fades away with the width."""
    first: float | None = None
    for _ in range(34):
        places = np.array([low, (low + high) / 2, high])
        values, slopes = pair(places)
        steps = np.maximum(np.abs(np.diff(slopes)) / scale, np.abs(np.diff(values)) / size * 0.2)
        if not np.isfinite(steps).all():
            return None, None
        first = float(steps.max()) if first is None else first
        if steps.max() < 0.25 * first:
            return None, None
        low, high = (places[0], places[1]) if steps[0] >= steps[1] else (places[1], places[2])
    return low, high


def _sampled(pair: Pair, first: float, last: float, kinks: Sequence[Kink], points: int) -> Curve:
    """On a fine grid, with a gap wherever the value or the slope jumps."""
    x = np.linspace(first, last, points)
    for kink in kinks:
        if first < kink.x < last:
            x = np.concatenate([x, [kink.x - 1e-7, kink.x, kink.x + 1e-7]])
    x = np.unique(x)
    values, slopes = pair(x)
    for kink in kinks:
        at = np.argmin(np.abs(x - kink.x))
        if kink.values[0] != kink.values[2]:
            values[at] = np.nan
        if kink.slopes[0] != kink.slopes[2]:
            slopes[at] = np.nan
    return Curve(x, values, slopes, tuple(k for k in kinks if first < k.x < last), pair)


# -- drawing and words --------------------------------------------------------------------------------------------------------


def _line(axes: Any, curve: Curve, part: str, colour: str, dashes: Any) -> None:
    """The values or the slopes, with dots where they jump: open where they are only approached."""
    axes.plot(curve.x, getattr(curve, part), color=colour, linestyle=dashes)
    for kink in curve.kinks:
        below, at, above = getattr(kink, part)
        if below != above:
            for side in (below, above):
                if side != at:
                    dot(axes, kink.x, side, colour, False)
            dot(axes, kink.x, at, colour)


def _frame(axes: Any, x: Array, lines: Sequence[Array]) -> None:
    """The axes: from end to end, and no farther up than most of the lines go."""
    axes.set_xlim(float(x[0]), float(x[-1]))
    heights = np.concatenate(lines)
    heights = heights[np.isfinite(heights)]
    low, high = float(heights.min()), float(heights.max())
    inner = np.quantile(heights, [0.04, 0.96])
    room = max(float(inner[1] - inner[0]), 1e-3)
    low, high = max(low, float(inner[0]) - 1.0 * room), min(high, float(inner[1]) + 1.0 * room)
    axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    axes.axhline(0.0, color=INK, linewidth=0.5, zorder=1)
    if x[0] < 0 < x[-1]:
        axes.axvline(0.0, color=INK, linewidth=0.5, zorder=1)


def _values(curve: Curve, x: Box) -> str:
    """Where it begins and ends, and its derivative's extremes, in numbers."""
    values, slopes = (each[np.isfinite(each)] for each in (curve.values, curve.slopes))
    low, high = float(slopes.min()), float(slopes.max())
    ends = f"the function goes from {number(values[0])} to {number(values[-1])}"
    if high - low < 1e-9:
        return f"{ends[0].upper()}{ends[1:]}, the derivative is {number(low)} everywhere."
    at = [round(float(curve.x[k]), 3) for k in (np.nanargmin(curve.slopes), np.nanargmax(curve.slopes))]
    return (
        f"{ends[0].upper()}{ends[1:]}, the derivative is least, {number(low)}, at {box_words(x)} = {number(at[0], 2)} and "
        f"greatest, {number(high)}, at {number(at[1], 2)}."
    )


def _kink_words(curve: Curve, x: Box, the: str) -> str:
    parts = []
    for kink in curve.kinks:
        if kink.slopes[0] != kink.slopes[2]:
            jump = f"from {number(kink.slopes[0])} to {number(kink.slopes[2])}"
            parts.append(f"{the} derivative jumps {jump} at {box_words(x)} = {number(kink.x)}, where {number(kink.slopes[1])} is agreed on (dot).")
        elif kink.values[0] != kink.values[2]:
            jump = f"from {number(kink.values[0])} to {number(kink.values[2])}"
            parts.append(f"{the} function jumps {jump} at {box_words(x)} = {number(kink.x)}, where it is {number(kink.values[1])} (dot).")
    return "".join(f" {part[0].upper()}{part[1:]}" for part in parts)


__all__ = ["KEY", "Curve", "Kink", "elementwise_input", "function_figure", "loss_figure", "prediction", "traced"]

"""Pictures, drawn by matplotlib without a display, the same bytes in every run."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from derive.derivation import Derivation
from derive.operation import Operation
from reports.document import Figure
from reports.errors import extra
from reports.example import Example

if TYPE_CHECKING:
    from numeric import Function

SALT = "backproof"
SETTINGS: dict[str, Any] = {
    "svg.hashsalt": SALT, "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 9, "axes.grid": True,
    "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False, "lines.linewidth": 1.6,
}  # fmt: skip
UNDATED: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None},
}
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Drawing(Mapping[str, bytes]):
    """A picture's vector forms, each drawn when it is first asked for."""

    def __init__(self, draw: Callable[[Any], None], size: tuple[float, float]) -> None:
        self._draw, self._size = draw, size
        self._drawn: dict[str, bytes] = {}

    def __getitem__(self, suffix: str) -> bytes:
        if suffix not in UNDATED:
            raise KeyError(suffix)
        if suffix not in self._drawn:
            self._drawn[suffix] = self._save(suffix)
        return self._drawn[suffix]

    def __iter__(self) -> Iterator[str]:
        return iter(UNDATED)

    def __len__(self) -> int:
        return len(UNDATED)

    def _save(self, suffix: str) -> bytes:
        """Draw on a figure of its own: matplotlib's global state is neither used nor changed."""
        with extra("matplotlib"):
            import matplotlib
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure as Canvas
        with matplotlib.rc_context(cast(Any, SETTINGS)):
            figure = Canvas(figsize=self._size)
            FigureCanvasAgg(figure)
            figure.subplots_adjust(left=0.15, right=0.98, bottom=0.19, top=0.96)
            self._draw(figure)
            stream = io.BytesIO()
            figure.savefig(stream, format=suffix, metadata=UNDATED[suffix])
        return stream.getvalue()


def function_figure(operation: Operation, derivation: Derivation, function: Function) -> Figure | None:
    """An elementwise function of one variable and its derivative, both from the generated code."""
    if operation.function is None or len(operation.inputs) != 1:
        return None
    (given,), (result,) = operation.inputs, operation.outputs
    grid = np.linspace(-6.0, 6.0, 601)
    values = function.forward(**{given.name: grid})[result.name]
    ones = {result.name: np.ones_like(grid)}
    slopes = function.vjp({given.name: grid}, ones if derivation.cotangents else None)[given.name]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.plot(grid, _broken(values), label=operation.name)
        axes.plot(grid, _broken(slopes), linestyle="--", label="derivative")
        axes.set_xlabel(given.name)
        axes.legend(frameon=False)

    title = operation.title or operation.name
    return Figure(
        f"{operation.name}_function", Drawing(draw, (4.8, 2.9)), f"{title} and its derivative.",
        f"Plot of {operation.name} (solid) and of its derivative (dashed) for {given.name} between -6 and 6; "
        f"the function runs from {values[0]:.3g} to {values[-1]:.3g}, the derivative is {slopes[300]:.3g} at 0.", 0.62,
    )  # fmt: skip


def _broken(values: Any) -> Any:
    """A jump is no line: the curve is interrupted there."""
    values = np.asarray(values, dtype=float)
    span = float(np.ptp(values)) or 1.0
    jumps = np.abs(np.diff(values)) > 0.3 * span
    if not jumps.any():
        return values
    shown = values.copy()
    shown[:-1][jumps] = np.nan
    return shown


def step_figure(operation: Operation, derivation: Derivation, function: Function, example: Example) -> Figure | None:
    """The error of a central difference along a fixed direction against its step, at the point of the worked example."""
    steps = 10.0 ** np.arange(-13.0, 0.5, 0.25)
    direction = _direction(derivation, example.inputs)
    slope = sum(float(np.sum(example.gradients[name] * part)) for name, part in direction.items())
    errors = np.array([abs(_quotient(function, example, direction, step) - slope) for step in steps])
    if not direction or not np.all(np.isfinite(errors)) or not np.any(errors > 0):
        return None
    scale = max(abs(slope), float(np.finfo(float).tiny))
    relative = errors / scale if slope else errors

    def draw(figure: Any) -> None:
        from matplotlib.ticker import NullLocator

        axes = figure.subplots()
        axes.loglog(steps, np.maximum(relative, 1e-18), marker="o", markersize=2.5)
        for axis in (axes.xaxis, axes.yaxis):  # Unicode exponents: matplotlib's own formula parser is slow
            axis.set_major_formatter(lambda value, _: "10" + f"{math.log10(value):.0f}".translate(RAISED))
            axis.set_minor_locator(NullLocator())
        axes.set_xlabel("step")
        axes.set_ylabel("relative error" if slope else "error")

    best = int(np.argmin(relative))
    return Figure(
        f"{operation.name}_steps", Drawing(draw, (4.8, 2.6)),
        "Central difference against the derived gradient: rounding on the left, curvature (or a kink) on the right.",
        f"Error of a central difference against its step on logarithmic axes; it is smallest, {relative[best]:.1g}, "
        f"at a step near {steps[best]:.1g}.", 0.58,
    )  # fmt: skip


def _direction(derivation: Derivation, inputs: Mapping[str, Any]) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    return {
        name: np.round(rng.standard_normal(np.shape(inputs[name])), 2)
        for name in derivation.gradients
        if name in inputs
    }


def _quotient(function: Function, example: Example, direction: Mapping[str, Any], step: float) -> float:
    def value(sign: float) -> float:
        moved = {
            n: np.asarray(v) + sign * step * direction[n] if n in direction else v for n, v in example.inputs.items()
        }
        outputs = function.forward(**moved)
        return sum(float(np.sum(outputs[n] * example.cotangents.get(n, 1.0))) for n in function.derivation.of)

    return (value(1.0) - value(-1.0)) / (2.0 * step)

"""The error of a central difference against its step: rounding on the left, truncation on the right.

With ``f(x + h) - f(x - h)`` over ``2 h`` the truncation error is ``h**2 f'''/6`` and the rounding error about ``eps |f|/h``, so
that on logarithmic axes the error falls with slope -1 and rises with slope +2 (Higham, Accuracy and Stability of Numerical
Algorithms, 2002, section 1.14; Press et al., Numerical Recipes, 2007, section 5.7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from derive.operation import Operation
from reports.document import Figure
from reports.example import Example
from reports.pictures.axes import AXIS, Entry, key, label, name_axes
from reports.pictures.style import BLUE, GREEN, RED, SERIES, TEXT, Drawing, margins, number, powers

if TYPE_CHECKING:
    from numeric import Function

Array = NDArray[Any]

STEPS = 10.0 ** np.arange(-13.0, 0.25, 0.25)
LEAST = 1e-18  # in logarithms, for an error of 0
NEAR = 0.3  # how far a local slope may be from the order of the truncation
RUN = 4  # points that make a line


@dataclass(frozen=True)
class Line:
    """A straight piece on logarithmic axes: the slope that is due, its height at step 1, and the slope fitted freely."""

    due: float
    height: float
    fitted: float
    first: float
    last: float

    def at(self, step: float) -> float:
        return float(self.height * step**self.due)


@dataclass(frozen=True)
class StepErrors:
    """Relative errors by step, with the lines on both sides where there are such."""

    steps: Array
    errors: Array
    relative: bool
    rounding: Line | None
    truncation: Line | None

    @property
    def best(self) -> int:
        return int(np.argmin(self.errors))


def step_errors(derivation: Derivation, function: Function, example: Example) -> StepErrors | None:
    """Central differences along one fixed direction at the worked example, for steps from 1e-13 to 1.

    ``None`` where there is nothing to differentiate by, a value is not finite, or no difference has any error.

    >>> import numeric
    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> from reports.example import worked
    >>> found = derive(get("sigmoid"))
    >>> function = numeric.compile(found)
    >>> errors = step_errors(found, function, worked(get("sigmoid"), found, function))
    >>> round(errors.truncation.fitted, 1), -1.2 < errors.rounding.fitted < -0.8
    (2.0, True)
    """
    direction = _direction(derivation, example.inputs)
    if not direction:
        return None
    slope = sum(float(np.sum(example.gradients[name] * part)) for name, part in direction.items())
    with np.errstate(all="ignore"):
        quotients = np.array([_quotient(function, example, direction, float(step)) for step in STEPS])
    errors = np.abs(quotients - slope)
    if not np.all(np.isfinite(errors)) or np.sum(errors > 0) < RUN:
        return None
    scale = abs(slope) if abs(slope) > np.finfo(float).tiny else 1.0
    errors = errors / scale
    return StepErrors(STEPS, errors, scale != 1.0 or abs(slope) == 1.0, _rounding(errors), _truncation(errors))


def _rounding(errors: Array) -> Line | None:
    """The left side: scattered, so that a line is fitted to all of it."""
    best = int(np.argmin(errors))
    left = [k for k in range(best) if errors[k] > 0 and STEPS[k] < 0.5 * STEPS[best]]
    if len(left) < RUN:
        return None
    return _fitted(left, errors, -1.0)


def _truncation(errors: Array) -> Line | None:
    """The right side: the longest run of steps over which the error grows with the square of the step."""
    logs, steps = np.log10(np.maximum(errors, LEAST)), np.log10(STEPS)
    local = np.diff(logs) / np.diff(steps)
    runs: list[list[int]] = [[]]
    for k, slope in enumerate(local):
        if abs(slope - 2.0) < NEAR and errors[k] > 0:
            runs[-1].append(k)
        elif runs[-1]:
            runs.append([])
    longest = max(runs, key=len)
    return _fitted([*longest, longest[-1] + 1], errors, 2.0) if len(longest) >= RUN else None


def _fitted(points: list[int], errors: Array, due: float) -> Line:
    x, y = np.log10(STEPS[points]), np.log10(errors[points])
    fitted = float(np.polyfit(x, y, 1)[0])
    height = float(10.0 ** np.median(y - due * x))
    return Line(due, height, fitted, float(STEPS[points[0]]), float(STEPS[points[-1]]))


def _direction(derivation: Derivation, inputs: Mapping[str, Any]) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    return {
        name: np.round(rng.standard_normal(np.shape(inputs[name])), 2)
        for name in derivation.gradients
        if name in inputs and np.size(inputs[name])
    }


def _quotient(function: Function, example: Example, direction: Mapping[str, Any], step: float) -> float:
    def value(sign: float) -> float:
        moved = {
            n: np.asarray(v) + sign * step * direction[n] if n in direction else v for n, v in example.inputs.items()
        }
        outputs = function.forward(**moved)
        return sum(float(np.sum(outputs[n] * example.cotangents.get(n, 1.0))) for n in function.derivation.of)

    return (value(1.0) - value(-1.0)) / (2.0 * step)


def step_figure(operation: Operation, derivation: Derivation, function: Function, example: Example) -> Figure | None:
    """The V of rounding and truncation, with both slopes; see :func:`step_errors`."""
    found = step_errors(derivation, function, example)
    if found is None:
        return None
    heights = np.where(found.errors > 0, found.errors, np.nan)  # an error of 0 has no place on a logarithmic axis

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        margins(figure, left=0.72, top=0.3)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.plot(found.steps, heights, marker="o", markersize=2.6, color=BLUE, linewidth=1.0)
        entries = [Entry(BLUE, "-", label("error"), "o")]
        low, high = float(np.nanmin(heights)) / 4, float(np.nanmax(heights)) * 4
        for line, colour, dashes, name in (
            (found.rounding, RED, SERIES[1][1], "slope −1"),
            (found.truncation, GREEN, SERIES[2][1], "slope +2"),
        ):
            if line is not None:
                ends = np.array([found.steps[0], found.steps[-1]])
                axes.plot(ends, [line.at(float(h)) for h in ends], color=colour, linestyle=dashes, linewidth=1.3)
                entries.append(Entry(colour, dashes, label(name)))
        axes.set_ylim(low, high)
        axes.set_xlim(found.steps[0] / 2, found.steps[-1] * 2)
        powers(axes.xaxis)
        powers(axes.yaxis)
        key(figure, axes, entries)
        name_axes(
            figure,
            axes,
            label("step ", _h(), size=AXIS),
            label("relative error" if found.relative else "error", size=10.0),
            42.0,
        )

    return Figure(
        f"{operation.name}_steps",
        Drawing(draw, (0.58 * TEXT, 2.4)),
        _caption(found, operation),
        _words(found),
        0.58,
        "evidence",
    )


def _h() -> Any:
    from derive.notation.tree import Letter

    return Letter("h")


def _caption(found: StepErrors, operation: Operation) -> str:
    parts = ["Error of a central difference against the derived gradient, along one direction at the worked example."]
    if found.rounding is not None:
        parts.append(f"Rounding: fitted slope {number(found.rounding.fitted)} (−1 expected).")
    if found.truncation is not None:
        parts.append(f"Truncation: fitted slope {number(found.truncation.fitted)} (2 expected).")
    else:
        parts.append(_no_truncation(found, operation))
    step, error = number(float(found.steps[found.best]), 2), number(float(found.errors[found.best]), 2)
    return " ".join([*parts, f"The least error, {error}, is at the step {step}."])


def _no_truncation(found: StepErrors, operation: Operation) -> str:
    """Why nothing grows with the square of the step."""
    last = float(found.errors[-1])
    if last < 1e-9:
        return "No truncation error is seen, as for a polynomial of degree 2 at most."
    if operation.program.conventions:
        return "No part grows with the square of the step: a kink of the function lies within the larger steps."
    return "No part grows with the square of the step here."


def _words(found: StepErrors) -> str:
    (first, last), (begin, end) = (each[[0, -1]].tolist() for each in (found.steps, found.errors))
    best = found.best
    words = (
        f"Error of a central difference against its step on logarithmic axes: {number(begin, 2)} at the step {number(first, 2)}, "
        f"least, {number(float(found.errors[best]), 2)}, at {number(float(found.steps[best]), 2)}, and {number(end, 2)} at the "
        f"step {number(last, 2)}."
    )
    if found.rounding is not None:
        words += f" A dashed line of slope −1 lies on the left part (fitted {number(found.rounding.fitted)})."
    if found.truncation is not None:
        words += f" A dotted line of slope 2 lies on the right part (fitted {number(found.truncation.fitted)})."
    return words


__all__ = ["Line", "StepErrors", "step_errors", "step_figure"]

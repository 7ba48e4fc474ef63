"""Plots of a page, as SVG text: a function with its derivative, and the error of differences against the step."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from numeric import Function

if TYPE_CHECKING:
    from derive.operation import Operation

BLUE, RED, GREY = "#1f4e8c", "#b3341f", "#777777"


def _figure(width: float, height: float) -> tuple[Any, Any]:
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError("plots need matplotlib; install it with: pip install 'backproof[reports]'") from None
    mpl.rcParams["svg.hashsalt"] = "backproof"  # identical text in every run
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Any) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def function_plot(operation: Operation, function: Function) -> str | None:
    """The function and its derivative over -6 ... 6, by the generated code; ``None`` if there is no such curve."""
    if operation.function is None or len(operation.inputs) != 1:
        return None
    (source,), (output,) = operation.inputs, operation.outputs
    x = np.linspace(-6.0, 6.0, 601)
    value = function.forward(**{source.name: x})[output.name]
    slope = function.vjp({source.name: x}, np.ones_like(x))[source.name]
    figure, axes = _figure(4.6, 2.6)
    axes.axhline(0, color=GREY, linewidth=0.5)
    axes.axvline(0, color=GREY, linewidth=0.5)
    axes.plot(x, value, color=BLUE, label=f"{operation.name}({source.name})")
    axes.plot(x, slope, color=RED, linestyle="--", label="derivative")
    axes.set_xlabel(source.name)
    axes.legend(frameon=False, fontsize=8)
    return _svg(figure)


def step_errors(
    function: Function, inputs: dict[str, Any], argument: str, steps: Sequence[float], seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Relative errors of one-sided and central differences of a scalar against the generated gradient.

    The scalar is <c, output> with random cotangents c, along a random direction in one argument.
    """
    rng = np.random.default_rng(seed)
    outputs = function.forward(**inputs)
    scalar = not function.derivation.cotangents
    cotangents = None if scalar else {n: rng.standard_normal(o.shape) for n, o in outputs.items()}
    direction = rng.standard_normal(np.shape(inputs[argument]))
    exact = float(np.vdot(function.vjp(inputs, cotangents)[argument], direction))

    def along(h: float) -> float:
        moved = {**inputs, argument: np.asarray(inputs[argument], dtype=float) + h * direction}
        result = function.forward(**moved)
        weights = cotangents or {n: np.ones(o.shape) for n, o in result.items()}
        return float(sum(np.vdot(weights[n], o) for n, o in result.items() if n in weights))

    here = along(0.0)
    scale = abs(exact) or 1.0
    one_sided = np.array([abs((along(h) - here) / h - exact) / scale for h in steps])
    central = np.array([abs((along(h) - along(-h)) / (2 * h) - exact) / scale for h in steps])
    return one_sided, central


def step_plot(function: Function, inputs: dict[str, Any], argument: str, seed: int = 0) -> str:
    """Error of differences against the step: truncation falls with its order until rounding takes over."""
    steps = np.logspace(-12, -1, 34)
    one_sided, central = step_errors(function, inputs, argument, [float(h) for h in steps], seed)
    figure, axes = _figure(4.6, 2.6)
    floor = 1e-17
    axes.loglog(steps, np.maximum(one_sided, floor), color=BLUE, marker=".", label="one-sided: order 1")
    axes.loglog(steps, np.maximum(central, floor), color=RED, marker=".", label="central: order 2")
    axes.set_xlabel("step")
    axes.set_ylabel("relative error")
    axes.legend(frameon=False, fontsize=8)
    return _svg(figure)

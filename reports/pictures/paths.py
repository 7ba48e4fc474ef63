"""Optimizers on loss surfaces: the path of one beside plain gradient descent's, and of all beside one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.nodes import Access
from derive.notation import Box, Notation, expression_box
from derive.notation.tree import EQUALS, Letter
from derive.operation import Operation
from derive.registry import declarations, get
from reports.document import Figure
from reports.pictures.axes import AXIS, Entry, key, label, name_axes
from reports.pictures.letters import Set, put, typeset, words
from reports.pictures.style import BLUE, FAINT, INK, RED, SERIES, SOFT, TEXT, Drawing, margins, number
from reports.pictures.surfaces import STEPS, SURFACES, Surface, Walk, Walker, best_walk

Array = NDArray[Any]
GRID = 90
LEVELS = 14


def path_figure(operation: Operation) -> Figure | None:
    """The path of an optimizer on each surface, with that of the simplest one of the catalog; ``None`` for no optimizer."""
    if Walker.of(operation) is None:
        return None
    plain = simplest()
    other = plain if plain is not None and plain.program is not operation.program else None
    walks = [(surface, best_walk(operation, surface)) for surface in SURFACES]
    beside = [best_walk(other, surface) if other is not None else None for surface in SURFACES]
    title = operation.title or operation.name
    entries = [Entry(RED, "-", words(title, 9.0), "o")]
    if other is not None:
        entries.append(Entry(BLUE, SERIES[1][1], words(other.title or other.name, 9.0)))

    def draw(figure: Any) -> None:
        panels = figure.subplots(1, len(SURFACES))
        margins(figure, top=0.5, left=0.5, gap=0.24)
        for panel, (surface, found), plainly in zip(panels, walks, beside, strict=True):
            _contours(panel, surface)
            if plainly is not None:
                _path(panel, plainly, BLUE, SERIES[1][1], "")
            _path(panel, found, RED, "-", "o")
            _ends(panel, surface)
            name_axes(figure, panel, typeset(Letter("x"), AXIS), typeset(Letter("y"), AXIS), 26.0)
            _above(figure, panel, label(Letter("L"), EQUALS, _formula(surface)))
        key(figure, panels[0], entries, 21.0)

    told = [_told(surface, found, plainly, other) for (surface, found), plainly in zip(walks, beside, strict=True)]
    walker = Walker.of(operation)
    noisy = " Each of its gradients is the mean over samples with seeded noise." if walker and walker.samples else ""
    rates = " at the learning rate that ends lowest" if any(found.rate is not None for _, found in walks) else ""
    return Figure(
        f"{operation.name}_path", Drawing(draw, (0.98 * TEXT, 2.75)),
        f"{STEPS} steps of {title} (circles){rates}{_beside(other)}, run by the generated code. {' '.join(told)}{noisy}",
        f"Contour lines of two loss surfaces with paths from the same start (ring) to the minimum (cross). {' '.join(told)}",
        0.98, "statement",
    )  # fmt: skip


def comparison_figure(operations: Sequence[Operation] | None = None) -> Figure | None:
    """The paths of all optimizers in the curved valley, one panel each, with the loss that each ends at.

    >>> comparison_figure(()) is None
    True
    """
    chosen = [o for o in (optimizers() if operations is None else operations) if Walker.of(o) is not None]
    if not chosen:
        return None
    surface = SURFACES[-1]
    walks = [best_walk(operation, surface) for operation in chosen]
    columns = min(6, len(chosen))
    rows = -(-len(chosen) // columns)
    size = TEXT, 1.22 * rows + 0.1

    def draw(figure: Any) -> None:
        panels = figure.subplots(rows, columns, squeeze=False)
        width, height = figure.get_size_inches()
        figure.subplots_adjust(
            left=0.04 / width,
            right=1 - 0.04 / width,
            bottom=0.05 / height,
            top=1 - 0.2 / height,
            wspace=0.06,
            hspace=0.36,
        )
        for panel in panels.ravel()[len(chosen) :]:
            panel.set_axis_off()
        for panel, operation, found in zip(panels.ravel(), chosen, walks, strict=False):
            _contours(panel, surface, 40, 8)
            _path(panel, found, RED, "-", "")
            _ends(panel, surface)
            panel.set_xticks([])
            panel.set_yticks([])
            panel.spines[["top", "right"]].set_visible(True)
            for spine in panel.spines.values():
                spine.set_color(FAINT)
            _above(figure, panel, _fitting(f"{operation.name}  {number(float(found.losses[-1]), 2)}", 7.2, 70.0))

    order = sorted(zip(chosen, walks, strict=True), key=lambda pair: float(pair[1].losses[-1]))
    ends = "; ".join(f"{o.name} {number(float(w.losses[-1]), 2)}" for o, w in order)
    return Figure(
        "optimizer_paths", Drawing(draw, size),
        f"{STEPS} steps of every optimizer in {surface.words}, from the same start (ring) towards the minimum (cross), each at "
        f"the learning rate that ends lowest; above each panel the loss at its end. {order[0][0].name} ends lowest.",
        f"{len(chosen)} panels with contour lines of {surface.words} and a path each. Losses at the end, from the lowest: {ends}.",
        1.0, "optimizer",
    )  # fmt: skip


def simplest() -> Operation | None:
    """The optimizer of the catalog with the fewest equations, axes and hyper-parameters: plain gradient descent.

    >>> simplest().title
    'Gradient descent'
    """
    return min(filter(Walker.of, optimizers()), key=_parts, default=None)


def optimizers() -> tuple[Operation, ...]:
    """The catalog's optimizers; no other operation is read for that."""
    return tuple(get(each.name) for each in declarations() if each.details["category"] == "optimizer")


def _parts(operation: Operation) -> tuple[int, int, int]:
    program = operation.program
    return len(program.equations), sum(t.rank for t in operation.inputs), len(operation.hypers)


def _beside(other: Operation | None) -> str:
    return f", beside {(other.title or other.name).lower()} (dashed)" if other is not None else ""


def _told(surface: Surface, found: Walk, plainly: Walk | None, other: Operation | None) -> str:
    text = f"On {surface.words} the loss goes from {number(float(found.losses[0]))} to {_end_words(found)}"
    if plainly is not None and other is not None:
        text += f", with {(other.title or other.name).lower()} to {_end_words(plainly)}"
    return f"{text}."


def _end_words(found: Walk) -> str:
    rate = f" (rate {number(found.rate, 2)})" if found.rate is not None else ""
    return f"{number(float(found.losses[-1]), 2)}{rate}"


def _formula(surface: Surface) -> Box:
    """The declared loss of one point, without the index of the leading axes."""
    derivation, _ = surface.function
    (equation,) = derivation.program.equations
    plain = equation.rhs.xreplace({a: Access(a.tensor) for a in equation.rhs.atoms(Access)})
    return expression_box(plain, Notation())


def _contours(axes: Any, surface: Surface, grid: int = GRID, count: int = LEVELS) -> None:
    """Lines of equal loss, closer to one another near the minimum: the levels grow as squares do."""
    left, right, bottom, top = surface.window
    x, y = np.meshgrid(np.linspace(left, right, grid), np.linspace(bottom, top, grid))
    losses = surface.loss(np.stack([x, y], axis=-1))
    levels = float(losses.max()) * (np.arange(1, count + 1) / count) ** 3
    axes.contour(x, y, losses, levels=levels, colors=[SOFT], linewidths=0.5, alpha=0.55)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.grid(visible=False)


def _path(axes: Any, found: Walk, colour: str, dashes: Any, marker: str) -> None:
    axes.plot(found.points[:, 0], found.points[:, 1], color=colour, linestyle=dashes, linewidth=1.1, marker=marker or None,
              markersize=2.2, zorder=3)  # fmt: skip


def _ends(axes: Any, surface: Surface) -> None:
    axes.plot(
        *surface.start,
        marker="o",
        markersize=6,
        markerfacecolor="white",
        markeredgecolor=INK,
        markeredgewidth=1.1,
        zorder=4,
    )
    axes.plot(*surface.least, marker="x", markersize=6, markeredgecolor=INK, markeredgewidth=1.5, zorder=4)


def _above(figure: Any, axes: Any, text: Set) -> None:
    from matplotlib.transforms import ScaledTranslation

    put(figure, text, 0, 1, INK, axes.transAxes + ScaledTranslation(0, 4.0 / 72, figure.dpi_scale_trans))


def _fitting(text: str, size: float, width: float) -> Set:
    """Words at a size, or smaller where they are wider than that."""
    drawn = words(text, size)
    return drawn if drawn.width <= width else words(text, size * width / drawn.width)


__all__ = ["comparison_figure", "path_figure", "simplest"]

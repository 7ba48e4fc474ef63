"""What the drawings with axes share: names on the axes, and a key of line samples above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from derive.notation import Box
from reports.pictures.letters import Set, beside, put, typeset, words
from reports.pictures.style import INK, SOFT

KEY = 9.0
AXIS = 11.0
SAMPLE = 21.0


@dataclass(frozen=True)
class Entry:
    """A line of the key: how it looks, and its name."""

    colour: str
    dashes: Any
    label: Set
    marker: str = ""
    width: float = 1.5


def label(*pieces: str | Box, size: float = KEY) -> Set:
    """Words and formulas in a row."""
    return beside([words(piece, size) if isinstance(piece, str) else typeset(piece, size) for piece in pieces])


def key(figure: Any, axes: Any, entries: Sequence[Entry], rise: float = 7.0) -> None:
    """Line samples with their names in one row above the axes: no curve is ever hidden behind a legend."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import ScaledTranslation

    x = 0.0
    for entry in entries:
        shift = ScaledTranslation(x / 72, rise / 72, figure.dpi_scale_trans)
        line = Line2D([0, SAMPLE / 72], [1 / 72 * 2.6, 1 / 72 * 2.6], color=entry.colour, linestyle=entry.dashes,
                      linewidth=entry.width, marker=entry.marker or None, markersize=3.4, markevery=[0, 1],
                      transform=figure.dpi_scale_trans + ScaledTranslation(0, 1, axes.transAxes) + shift)  # fmt: skip
        line.set_clip_on(False)
        figure.add_artist(line)
        place = axes.transAxes + ScaledTranslation((x + SAMPLE + 4.0) / 72, rise / 72, figure.dpi_scale_trans)
        put(figure, entry.label, 0, 1, INK, place)
        x += SAMPLE + 4.0 + entry.label.width + 11.0


def name_axes(figure: Any, axes: Any, horizontal: Set | None, vertical: Set | None = None, away: float = 34.0) -> None:
    """Names below and beside the axes, formulas included."""
    from matplotlib.transforms import ScaledTranslation

    if horizontal is not None:
        place = axes.transAxes + ScaledTranslation(-horizontal.width / 144, -26.0 / 72, figure.dpi_scale_trans)
        put(figure, horizontal, 0.5, 0, INK, place)
    if vertical is not None:
        place = axes.transAxes + ScaledTranslation(-away / 72, -vertical.width / 144, figure.dpi_scale_trans)
        put(figure, vertical, 0, 0.5, INK, place, turned=True)


def dot(axes: Any, x: float, y: float, colour: str, filled: bool = True) -> None:
    """A value that is taken (filled) or only approached."""
    axes.plot([x], [y], marker="o", markersize=4.6, color=colour, markerfacecolor=colour if filled else "white",
              linestyle="none", markeredgewidth=1.1, zorder=4)  # fmt: skip


def note(
    figure: Any, axes: Any, x: float, y: float, text: Set, colour: str = SOFT, dx: float = 4.0, dy: float = 3.0
) -> None:
    """Words at a point of the data."""
    from matplotlib.transforms import ScaledTranslation

    put(figure, text, x, y, colour, axes.transData + ScaledTranslation(dx / 72, dy / 72, figure.dpi_scale_trans))


__all__ = ["AXIS", "KEY", "Entry", "dot", "key", "label", "name_axes", "note"]

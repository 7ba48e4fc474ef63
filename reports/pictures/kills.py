"""Kill tables as a heat map: for every kind of mistake, which share each checker notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reports.document import Figure
from reports.pictures.letters import put, words
from reports.pictures.style import INK, SOFT, TEXT, Drawing, listed
from verify.mutants.table import EQUIVALENT, KILLED, KillTable, Outcome

OURS = "backproof"
MAP, TOP = "Blues_r", 1.18  # from dark to light: the lightness alone says it, and what is missed stands out
ROW, COLUMN, SIZE = 0.235, 0.62, 8.6
DARK = 0.6  # shares below have white numbers on them


@dataclass(frozen=True)
class Cell:
    """Of ``of`` mutants that are not equivalent, ``noticed`` were noticed."""

    noticed: int
    of: int

    @property
    def share(self) -> float:
        return self.noticed / self.of if self.of else float("nan")


@dataclass(frozen=True)
class HeatMap:
    """Rows by kind of mistake, the last for all of them; columns by checker, then by operation where there are several."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    checkers: int


def heat_map(tables: Sequence[KillTable]) -> HeatMap:
    """Count what was noticed of the mutants that are not equivalent.

    >>> from verify.mutants import kill_table
    >>> found = heat_map([kill_table("relu", seed=1, beside=())])
    >>> found.columns, found.rows[-1], found.cells[-1][0].share
    (('backproof',), 'all', 1.0)
    """
    wrong = {t.operation: [o for o in t.outcomes if o.status != EQUIVALENT] for t in tables}
    everything = [o for outcomes in wrong.values() for o in outcomes]
    checkers = [OURS, *dict.fromkeys(name for table in tables for name in table.beside)]
    kinds = list(dict.fromkeys(o.mutant.kind for o in everything))
    several = list(wrong) if len(wrong) > 1 else []
    cells = []
    for kind in (*kinds, None):
        chosen = [o for o in everything if kind is None or o.mutant.kind == kind]
        line = [_cell(chosen, checker) for checker in checkers]
        line += [_cell([o for o in wrong[name] if kind is None or o.mutant.kind == kind], OURS) for name in several]
        cells.append(tuple(line))
    return HeatMap((*kinds, "all"), (*checkers, *several), tuple(cells), len(checkers))


def _cell(outcomes: Sequence[Outcome], checker: str) -> Cell:
    """One that did not run on a mutant says nothing about it."""
    if checker == OURS:
        return Cell(sum(o.status == KILLED for o in outcomes), len(outcomes))
    asked = [o for o in outcomes if checker in o.rejected]
    return Cell(sum(o.rejected[checker] for o in asked), len(asked))


def kill_figure(tables: Sequence[KillTable]) -> Figure | None:
    """The heat map of some kill tables; ``None`` where no mutant is wrong."""
    found = heat_map(tables)
    if not any(cell.of for cell in found.cells[-1]):
        return None
    names = [words(column, SIZE) for column in found.columns]
    upright = max(name.width for name in names) < COLUMN * 72 * 1.1
    left = max(words(row, SIZE).width for row in found.rows) / 72 + 0.25
    top = 0.3 if upright else max(name.width for name in names) / 72 + 0.15
    size = left + COLUMN * len(names) + 0.2, top + ROW * len(found.rows) + 0.45

    def draw(figure: Any) -> None:
        from matplotlib import colormaps

        width, height = figure.get_size_inches()
        axes = figure.add_axes(
            (left / width, 0.45 / height, COLUMN * len(names) / width, ROW * len(found.rows) / height)
        )
        shares = np.array([[cell.share for cell in line] for line in found.cells])
        colours = colormaps[MAP].with_extremes(bad="#f0f0f0")
        axes.pcolormesh(
            np.ma.masked_invalid(shares), cmap=colours, vmin=0.0, vmax=TOP, edgecolors="white", linewidth=1.0
        )
        axes.invert_yaxis()
        axes.set_axis_off()
        for k, line in enumerate(found.cells):
            name = words(found.rows[k], SIZE)
            put(figure, name, 72 * (left - 0.08) - name.width, 72 * (height - top - ROW * (k + 0.5)) - 2.6, INK)
            for j, cell in enumerate(line):
                text = words(f"{cell.noticed}/{cell.of}" if cell.of else "–", SIZE - 1.2)
                x, y = 72 * (left + COLUMN * (j + 0.5)) - text.width / 2, 72 * (height - top - ROW * (k + 0.5)) - 2.4
                put(figure, text, x, y, SOFT if not cell.of else "white" if cell.share < DARK else INK)
        for j, name in enumerate(names):
            x, y = 72 * (left + COLUMN * (j + 0.5)), 72 * (height - top) + 5.0
            put(figure, name, x - (name.width / 2 if upright else -3.0), y, INK, turned=not upright)
        axes.axhline(len(found.rows) - 1, color="white", linewidth=3.0)
        if found.checkers < len(names):
            axes.axvline(found.checkers, color="white", linewidth=4.0)
        _scale(figure, colours, left, width, height)

    subject = listed([table.operation for table in tables]) if len(tables) < 4 else f"{len(tables)} operations"
    total = found.cells[-1]
    shares = listed(
        [f"{c} {cell.noticed} of {cell.of}" for c, cell in zip(found.columns[: found.checkers], total, strict=False)]
    )
    lines = [
        f"{row}: "
        + ", ".join(f"{c} {cell.noticed} of {cell.of}" for c, cell in zip(found.columns, line, strict=True) if cell.of)
        for row, line in zip(found.rows, found.cells, strict=True)
    ]
    note = (
        " The columns behind the gap are single operations, judged by backproof." if found.checkers < len(names) else ""
    )
    return Figure(
        "mutants", Drawing(draw, size),
        f"Wrong gradients of {subject} by kind of mistake, and how many of them are noticed by {shares}.{note}",
        f"Heat map of the share of wrong gradients noticed. {'; '.join(lines)}.", min(1.0, round(size[0] / TEXT, 2)), "evidence",
    )  # fmt: skip


def _scale(figure: Any, colours: Any, left: float, width: float, height: float) -> None:
    """What the colours mean: the share that is noticed, from none to all."""
    axes = figure.add_axes((left / width, 0.2 / height, 1.2 / width, 0.09 / height))
    axes.pcolormesh(np.linspace(0.0, 1.0, 25).reshape(1, -1), cmap=colours, vmin=0.0, vmax=TOP)
    axes.set_axis_off()
    for text, x in (("none", 0.0), ("noticed", 0.5), ("all", 1.0)):
        name = words(text, SIZE - 1.6)
        put(figure, name, 72 * (left + 1.2 * x) - name.width * x, 72 * 0.2 - 9.0, SOFT)


__all__ = ["Cell", "HeatMap", "heat_map", "kill_figure"]

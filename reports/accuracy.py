"""The picture of an accuracy measurement: ULP over the condition number against the magnitude of the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reports.plots import Drawing
from verify.accuracy import Accuracy

FLOOR, CEILING = 0.1, 1e17  # of the axis: an exact result, and one without a right digit


def drawing(results: Sequence[Accuracy]) -> Drawing:
    """One panel for each float type, one line for each implementation."""

    def draw(figure: Any) -> None:
        panels = figure.subplots(1, len(results), sharey=True, squeeze=False)[0]
        for panel, result in zip(panels, results, strict=True):
            for who, mark in zip(result.implementations, "osd^v", strict=False):
                heights = [min(max(band.errors[who].excess, FLOOR), CEILING) for band in result.bands]
                panel.plot(range(len(heights)), heights, marker=mark, markersize=3, label=who)
            panel.set_yscale("log")
            places = range(0, len(result.bands), 3)
            panel.set_xticks(list(places), [f"$2^{{{result.bands[k].exponent}}}$" for k in places])
            panel.set_xlabel(f"magnitude of the inputs, {result.dtype}")
        panels[0].set_ylabel("error in ULP over the condition number")
        panels[0].legend(frameon=False)

    return Drawing(draw, (3.4 * len(results) + 0.8, 3.0))


__all__ = ["drawing"]

"""The picture of an accuracy measurement: ULP over the condition number against the magnitude of the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from derive.errors import BackproofError
from derive.operation import Operation
from reports.document import Figure
from reports.pictures.axes import Entry, key, label, name_axes
from reports.pictures.style import RAISED, SERIES, SOFT, TEXT, Drawing, listed, margins, number, powers
from reports.settings import SEED
from verify.accuracy import Accuracy, accuracy

FLOOR, CEILING = 0.1, 1e17  # of the axis: an exact result, and one without a right digit
DIGITS = {"float64": 2.0**52, "float32": 2.0**23}  # ULP in a number: as many as that, and no digit is right
BANDS = (-60, -8, -1, 1, 3, 5, 7, 60)  # on a page, which has a third of a second for it
NAMES = {"jax": "JAX", "torch": "PyTorch"}


def measured(operation: Operation, beside: bool = True) -> Accuracy | None:
    """A short measurement in float64, the same in every run; ``None`` where no inputs can be drawn.

    ``beside`` measures JAX and PyTorch as well, where they have the operation.
    """
    try:
        return accuracy(operation, seed=SEED, exponents=BANDS, beside=None if beside else {})
    except BackproofError:
        return None


def accuracy_figure(results: Sequence[Accuracy]) -> Figure | None:
    """One panel for each float type, one line for each implementation; ``None`` where nothing was measured."""
    if not results or not all(result.bands for result in results):
        return None
    names = list(dict.fromkeys(who for result in results for who in result.implementations))
    looks = {who: SERIES[k % len(SERIES)] for k, who in enumerate(names)}
    size = TEXT * (0.62 if len(results) == 1 else 0.98), 2.55

    def draw(figure: Any) -> None:
        panels = figure.subplots(1, len(results), sharey=True, squeeze=False)[0]
        margins(figure, left=0.78, top=0.3, gap=0.1)
        top = max(min(band.errors[w].excess, CEILING) for r in results for band in r.bands for w in band.errors)
        for panel, result in zip(panels, results, strict=True):
            panel.set_yscale("log")
            for who in result.implementations:
                heights = [min(max(band.errors[who].excess, FLOOR), CEILING) for band in result.bands]
                colour, dashes, marker = looks[who]
                panel.plot(range(len(heights)), heights, color=colour, linestyle=dashes, marker=marker, markersize=3.2)
            panel.axhline(1.0, color=SOFT, linewidth=0.6)
            if top > 1e6:
                panel.axhline(DIGITS[result.dtype], color=SOFT, linewidth=0.8, linestyle=(0, (1, 2)))
            places = range(0, len(result.bands), max(1, -(-len(result.bands) // 8)))
            panel.set_xticks(list(places), ["2" + str(result.bands[k].exponent).translate(RAISED) for k in places])
            panel.set_ylim(FLOOR / 2, max(top * 4, 100.0))
            name_axes(figure, panel, label(f"magnitude of the inputs, {result.dtype}", size=10.0))
        powers(panels[0].yaxis)
        name_axes(figure, panels[0], None, label("error in ULP / condition", size=10.0), 42.0)
        key(figure, panels[0], [Entry(*looks[w][:2], label(NAMES.get(w, w)), looks[w][2]) for w in names])

    subject = results[0].operation
    return Figure(
        f"{subject}_accuracy",
        Drawing(draw, size),
        _caption(results, names),
        _words(results),
        round(size[0] / TEXT, 2),
        "evidence",
    )


def _caption(results: Sequence[Accuracy], names: Sequence[str]) -> str:
    parts = []
    for result in results:
        who = listed([_worst(result, name) for name in names if name in result.implementations])
        parts.append(f"in {result.dtype} {who}")
    return (
        f"Largest errors of gradients against rigorous enclosures, over the condition number, by the magnitude of the inputs: "
        f"{'; '.join(parts)}. The thin line is one unit in the last place; errors below {FLOOR} are shown there."
    )


def _worst(result: Accuracy, who: str) -> str:
    worst = result.worst(who)
    zeros = f" ({worst.false_zeros} false zeros)" if worst.false_zeros else ""
    size = "no right digit" if worst.excess >= DIGITS[result.dtype] else f"{number(worst.excess, 2)} ULP"
    return f"{NAMES.get(who, who)} {size}{zeros}"


def _words(results: Sequence[Accuracy]) -> str:
    lines = []
    for result in results:
        for who in result.implementations:
            errors = [f"2^{band.exponent}: {number(band.errors[who].excess, 2)}" for band in result.bands]
            lines.append(f"{NAMES.get(who, who)}, {result.dtype}: {', '.join(errors)}")
    return f"Errors in ULP over the condition number by the magnitude of the inputs. {'. '.join(lines)}."


__all__ = ["accuracy_figure", "measured"]

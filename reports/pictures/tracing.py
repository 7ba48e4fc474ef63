"""A curve where something happens: the window, the kinks with the values agreed on, and what words say about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Float

from derive.nodes import Access
from derive.notation import Box
from derive.program import Tensor
from reports.pictures.axes import dot
from reports.pictures.style import INK, name_words, number

Array = NDArray[Any]
Pair = Callable[[Array], tuple[Array, Array]]  # places -> values, derivatives

WIDE = 8.0  # how far is looked for where something happens
LEAST = 2.0  # what is shown on both sides of it at least
POINTS, FEW = 481, 161
STEEP = 3.0  # a derivative that is larger at the ends belongs to a function that grows without bound
MOST = 6  # kinks that are looked for


@dataclass(frozen=True)
class Kink:
    """A place where the derivative, or the function itself, jumps: the limits on both sides, and what is agreed on."""

    x: float
    values: tuple[float, float, float]  # from below, at the place, from above
    slopes: tuple[float, float, float]


@dataclass(frozen=True)
class Curve:
    """A function and its derivative on a grid, with a gap at every jump and every pole, and its kinks."""

    x: Array
    values: Array
    slopes: Array
    kinks: tuple[Kink, ...]
    pair: Pair
    poles: tuple[float, ...] = ()

    def at(self, x: float) -> tuple[float, float]:
        value, slope = self.pair(np.array([x]))
        return float(value[0]), float(slope[0])


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
    kinks, poles = _special(pair, scan, values, slopes)
    first, last = _window(scan, values, slopes, [k.x for k in kinks], bounded=(low > -WIDE, high < WIDE))
    return sampled(pair, first, last, kinks, FEW if slow else POINTS, poles)


def inside(tensor: Tensor, value: float) -> bool:
    """Whether a number obeys the conditions that are declared of each element of a tensor alone."""
    return all(
        bool(condition.xreplace({a: Float(value) for a in condition.atoms(Access) if a.tensor == tensor.name}))
        for condition in tensor.domain
        if {a.tensor for a in condition.atoms(Access)} == {tensor.name}
    )


def _limits(domain: Tensor | None) -> tuple[float, float]:
    """The part of [-8, 8] that lies in the domain; an open end is left by a little."""
    if domain is None or not domain.domain:
        return -WIDE, WIDE
    places = [
        x for x in np.arange(-WIDE, WIDE + 0.01, 0.5) if inside(domain, float(x) + 1e-3 * (x <= 0) - 1e-3 * (x > 0))
    ]
    if not places:
        places = [x for x in np.arange(-WIDE, WIDE + 0.01, 0.1) if inside(domain, float(x))]
    low, high = (float(places[0]), float(places[-1])) if places else (-WIDE, WIDE)
    while low > -WIDE and inside(domain, low - 0.05):
        low -= 0.05
    while high < WIDE and inside(domain, high + 0.05):
        high += 0.05
    room = min(0.02 * (high - low), 0.02)
    return (low if inside(domain, low) else low + room), (high if inside(domain, high) else high - room)


def _window(
    x: Array, values: Array, slopes: Array, kinks: Sequence[float], bounded: tuple[bool, bool]
) -> tuple[float, float]:
    low, high = float(x[0]), float(x[-1])
    if all(bounded):
        return low, high
    turns = x[1:][np.diff(np.sign(slopes)) != 0]
    if len(turns) > 6:  # a wave: two periods on each side
        near = sorted((float(turn) for turn in turns), key=abs)[:8]
        return min(near), max(near)
    ends = [abs(slopes[k]) for k in (0, -1) if np.isfinite(slopes[k])]
    change = np.abs(np.diff(slopes))
    change[~np.isfinite(change)] = 0.0
    for place in kinks:  # they are shown anyway
        k = int(np.searchsorted(x, place))
        change[max(k - 2, 0) : k + 2] = 0.0
    even = change.max(initial=0.0) < 1.5 * change.mean()  # a parabola bends everywhere alike
    if len(ends) < 2 or max(ends) > STEEP or change.sum() < 1e-9 or even:
        first, last = -LEAST, LEAST
    else:
        share = np.cumsum(change) / change.sum()
        few, most = int(np.searchsorted(share, 0.01)), int(np.searchsorted(share, 0.99))
        first, last = float(x[few]), float(x[min(most + 1, len(x) - 1)])
    first, last = min([first, 0.0, *kinks]), max([last, 0.0, *kinks])
    room = max(0.25 * (last - first), 1.0)
    first, last = min(first - room, -LEAST - 1.0), max(last + room, LEAST + 1.0)
    first, last = np.floor(2 * first) / 2, np.ceil(2 * last) / 2
    return max(float(first), low), min(float(last), high)


def _special(pair: Pair, x: Array, values: Array, slopes: Array) -> tuple[tuple[Kink, ...], tuple[float, ...]]:
    """Where the slope or the value changes by as much, however near one looks, and where it grows without bound."""
    sound = np.isfinite(values) & np.isfinite(slopes)
    scale, size = _usual(slopes[sound]), _usual(values[sound])
    jumps = np.maximum(np.abs(np.diff(slopes)) / scale, np.abs(np.diff(values)) / size * 0.2)
    jumps[~(sound[1:] & sound[:-1])] = 0.0
    found: dict[float, Kink] = {}
    alone = ~sound[1:-1] & sound[:-2] & sound[2:]  # the rest of what is not finite is no part of the domain
    poles = {float(place) for place in x[1:-1][alone]}
    for k in [int(k) for k in np.argsort(-jumps, kind="stable")[: 2 * MOST]]:
        if jumps[k] < 0.02:
            break
        low, high, grown = _halved(pair, float(x[k]), float(x[k + 1]), scale, size)
        place = round((low + high) / 2, 9) + 0.0
        if grown < 0.25:
            continue
        (v0, v, v1), (s0, s, s1) = pair(np.array([place - 1e-7, place, place + 1e-7]))
        if grown > 4.0 or max(abs(v0), abs(v1)) > 1e3 * size or max(abs(s0), abs(s1)) > 1e3 * scale:
            poles.add(place)
            continue
        if all(map(np.isfinite, (v0, v1, s0, s1))) and max(abs(s1 - s0) / scale, abs(v1 - v0) / size) > 0.01:
            found[place] = Kink(place, _tidy((v0, v, v1), size), _tidy((s0, s, s1), scale))
    return tuple(found[place] for place in sorted(found)[:MOST]), tuple(sorted(poles))


def _usual(numbers: Array) -> float:
    """The largest absolute number, those near a pole left out."""
    sizes = np.abs(numbers[numbers != 0])
    return max(float(np.max(sizes[sizes <= 50 * np.median(sizes)])), 1e-12) if sizes.size else 1e-12


def _tidy(limits: tuple[float, float, float], scale: float) -> tuple[float, float, float]:
    """Limits that were taken at a small distance, without what the distance adds."""
    if abs(limits[2] - limits[0]) < 1e-5 * scale:
        return (float(limits[1]),) * 3
    before, at, after = (float(f"{each:.5g}") + 0.0 for each in limits)
    return before, at, after


def _halved(pair: Pair, low: float, high: float, scale: float, size: float) -> tuple[float, float, float]:
    """The part of an interval in which most changes, and by how much that is more than in the whole at first.

    A jump keeps its size, a smooth change fades away with the width, at a pole it grows.
    """
    first = grown = 1.0
    for halving in range(34):
        places = np.array([low, (low + high) / 2, high])
        values, slopes = pair(places)
        rises = np.abs(np.diff(values)) / size
        steps = np.maximum(np.abs(np.diff(slopes)) / scale, rises * 0.2) if rises.max() < 1.0 else rises  # near a pole
        if not np.isfinite(steps).all():
            return low, high, np.inf
        first = float(steps.max()) if halving == 0 else first
        grown = float(steps.max()) / first if first else 0.0
        if grown < 0.25:
            break
        low, high = map(float, places[:2] if steps[0] >= steps[1] else places[1:])
    return low, high, grown


def sampled(
    pair: Pair, first: float, last: float, kinks: Sequence[Kink], points: int, poles: Sequence[float] = ()
) -> Curve:
    """On a fine grid, with a gap wherever the value or the slope jumps or grows without bound."""
    x = np.linspace(first, last, points)
    for place in (*(kink.x for kink in kinks), *poles):
        if first < place < last:
            x = np.concatenate([x, [place - 1e-7, place, place + 1e-7]])
    x = np.unique(x)
    values, slopes = pair(x)
    for kink in kinks:
        at = np.argmin(np.abs(x - kink.x))
        if kink.values[0] != kink.values[2]:
            values[at] = np.nan
        if kink.slopes[0] != kink.slopes[2]:
            slopes[at] = np.nan
    for pole in poles:
        at = np.argmin(np.abs(x - pole))
        values[at] = slopes[at] = np.nan
    values[~np.isfinite(values)] = slopes[~np.isfinite(slopes)] = np.nan
    return Curve(x, values, slopes, tuple(k for k in kinks if first < k.x < last), pair, tuple(poles))


def line(axes: Any, curve: Curve, part: str, colour: str, dashes: Any) -> None:
    """The values or the slopes, with dots where they jump: open where they are only approached."""
    axes.plot(curve.x, getattr(curve, part), color=colour, linestyle=dashes)
    for kink in curve.kinks:
        below, at, above = getattr(kink, part)
        if below != above:
            for side in (below, above):
                if side != at:
                    dot(axes, kink.x, side, colour, False)
            dot(axes, kink.x, at, colour)


def frame(axes: Any, x: Array, lines: Sequence[Array]) -> None:
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


def value_words(curve: Curve, x: Box) -> str:
    """Where it begins and ends, and its derivative's extremes, in numbers."""
    values, slopes = (each[np.isfinite(each)] for each in (curve.values, curve.slopes))
    low, high = float(slopes.min()), float(slopes.max())
    ends = f"the function goes from {number(values[0])} to {number(values[-1])}"
    if high - low < 1e-9:
        return f"{ends[0].upper()}{ends[1:]}, the derivative is {number(low)} everywhere."
    at = [round(float(curve.x[k]), 3) for k in (np.nanargmin(curve.slopes), np.nanargmax(curve.slopes))]
    return (
        f"{ends[0].upper()}{ends[1:]}, the derivative is least, {number(low)}, at {name_words(x)} = {number(at[0], 2)} and "
        f"greatest, {number(high)}, at {number(at[1], 2)}."
    )


def kink_words(curve: Curve, x: Box, the: str) -> str:
    """Each kink in a sentence: what jumps there, and the value agreed on."""
    parts = []
    for kink in curve.kinks:
        jumps = kink.slopes[0] != kink.slopes[2]
        below, at, above = kink.slopes if jumps else kink.values
        if below == above:
            continue
        what = "derivative" if jumps else "function"
        agreed = f"where {number(at)} is agreed on" if jumps else f"where it is {number(at)}"
        parts.append(
            f"{the} {what} jumps from {number(below)} to {number(above)} at {name_words(x)} = {number(kink.x)}, {agreed} (dot)."
        )
    return "".join(f" {part[0].upper()}{part[1:]}" for part in parts)


__all__ = ["Curve", "Kink", "frame", "inside", "kink_words", "line", "sampled", "traced", "value_words"]

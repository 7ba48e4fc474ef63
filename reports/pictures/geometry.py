"""Boxes and lines in points, from the top left corner."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

ROUND = 5.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Rect:
    """A box: left, top, right, bottom, in points from the top left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def centre(self) -> Point:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def moved(self, x: float, y: float) -> Rect:
        """The same box somewhere else."""
        return Rect(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def meets(self, other: Rect) -> bool:
        """Whether two boxes have points in common."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def has(self, point: Point) -> bool:
        """Whether a point lies inside."""
        return self.left < point[0] < self.right and self.top < point[1] < self.bottom


def bend(start: Point, end: Point, pieces: int = 16) -> list[Point]:
    """An S between two layers, along the flow at both ends."""
    (a0, c0), (a1, c1) = start, end
    if abs(c0 - c1) < 0.2:
        return [start, end]
    found = []
    for k in range(pieces + 1):
        u = k / pieces
        v = 1 - u
        middle = (a0 + a1) / 2
        a = v**3 * a0 + 3 * v * u * middle + u**3 * a1
        c = c0 * (v**3 + 3 * v * v * u) + c1 * (u**3 + 3 * v * u * u)
        found.append((a, c))
    return found


def rounded(corners: Sequence[Point], radius: float = ROUND, pieces: int = 6) -> list[Point]:
    """A line of straight pieces with rounded corners."""
    found = [corners[0]]
    for before, here, after in zip(corners, corners[1:], corners[2:], strict=False):
        one, two = math.dist(before, here), math.dist(here, after)
        r = min(radius, one / 2, two / 2)
        if not r:
            continue
        first = tuple(h + (b - h) * r / one for h, b in zip(here, before, strict=True))
        last = tuple(h + (a - h) * r / two for h, a in zip(here, after, strict=True))
        for k in range(pieces + 1):
            u = k / pieces
            x, y = (
                (1 - u) ** 2 * f + 2 * u * (1 - u) * h + u * u * e for f, h, e in zip(first, here, last, strict=True)
            )
            found.append((x, y))
    return [*found, corners[-1]]


def beside(line: Sequence[Point], shift: float) -> list[Point]:
    """The line at a distance: every point moved along the normal there."""
    kept = [line[0]]
    for point in line[1:]:
        if math.dist(point, kept[-1]) > 1e-6:
            kept.append(point)
    if len(kept) < 2 or not shift:
        return list(kept)
    found = []
    for k, (x, y) in enumerate(kept):
        before, after = kept[max(k - 1, 0)], kept[min(k + 1, len(kept) - 1)]
        length = math.dist(before, after) or 1.0
        dx, dy = (after[0] - before[0]) / length, (after[1] - before[1]) / length
        if k in (0, len(kept) - 1):  # ends stand upright on the boxes
            dx, dy = (math.copysign(1.0, dx), 0.0) if abs(dx) >= abs(dy) else (0.0, math.copysign(1.0, dy))
        found.append((x - dy * shift, y + dx * shift))
    return found


__all__ = ["Point", "Rect", "bend", "beside", "rounded"]

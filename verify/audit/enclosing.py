"""A sign on a whole range of numbers, by enclosing boxes that are halved until every one of them tells."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from numeric.errors import Undecidable
from verify.audit.quantities import Quantities

MOST = 4000  # boxes

Box = Mapping[str, tuple[Fraction, Fraction]]


def on_box(quantities: Quantities, name: str, box: Box, strict: bool) -> int:
    """On how many boxes a quantity was shown to be positive (not negative, if not ``strict``); 0 where that is not shown.

    >>> from verify.quantities import Setting
    >>> square = Quantities(Setting("x"), {"q": "x**2 - x + 1"})
    >>> on_box(square, "q", {"x": (Fraction(-3), Fraction(3))}, True) > 0
    True
    >>> on_box(square, "q", {"x": (Fraction(-3), Fraction(3))}, True) > MOST
    False
    """
    todo, done = [dict(box)], 0
    while todo:
        if done + len(todo) > MOST:
            return 0
        current = todo.pop()
        sure = _sure(quantities, name, current, strict)
        if sure is False:
            return 0
        if sure:
            done += 1
            continue
        widest = max(current, key=lambda n: current[n][1] - current[n][0])
        low, high = current[widest]
        middle = (low + high) / 2
        todo += [{**current, widest: (low, middle)}, {**current, widest: (middle, high)}]
    return done


def _sure(quantities: Quantities, name: str, box: Box, strict: bool) -> bool | None:
    """Whether the sign is right, or certainly wrong, on the whole box; ``None`` where that is open."""
    given = {key: np.array(_ball(low, high), dtype=object) for key, (low, high) in box.items()}
    try:
        values = quantities.at(given, 128)(name)
    except (Undecidable, ZeroDivisionError):
        return None
    balls = [flint.arb(v) for v in np.ravel(values)]
    if any(bool(v < 0) for v in balls):
        return False
    return all(bool(v > 0) if strict else bool(v >= 0) for v in balls) or None


def _ball(low: Fraction, high: Fraction) -> Any:
    """A ball that contains the interval."""
    with flint.ctx.workprec(128):
        ends = [flint.arb(flint.fmpq(end.numerator, end.denominator)) for end in (low, high)]
        return ends[0].union(ends[1])

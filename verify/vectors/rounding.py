"""From a ball to the nearest float: exact integers all the way, so that nothing is rounded twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flint
import ml_dtypes
import numpy as np


@dataclass(frozen=True)
class Format:
    """A binary floating-point format: its digits, and the exponents of its smallest and largest numbers."""

    name: str
    dtype: Any
    digits: int
    smallest: int  # the least positive number is 2**smallest
    largest: int  # numbers from 2**largest on overflow


FORMATS = {
    "float64": Format("float64", np.float64, 53, -1074, 1024),
    "float32": Format("float32", np.float32, 24, -149, 128),
    "bfloat16": Format("bfloat16", ml_dtypes.bfloat16, 8, -133, 128),
}

_EXACT = 4000  # bits in which the ends of a ball are taken: more than any ball has


def nearest(mantissa: int, exponent: int, form: Format) -> float:
    """``mantissa*2**exponent`` rounded to the nearest number of a format, ties to even.

    Example:
        >>> nearest(2**24 + 1, 0, FORMATS["float32"]), nearest(3, -150, FORMATS["float32"]) == 2.0**-148
        (16777216.0, True)
        >>> nearest(1, 128, FORMATS["bfloat16"]), nearest(-1, -1076, FORMATS["float64"])
        (inf, -0.0)
    """
    sign, magnitude = (-1.0, -mantissa) if mantissa < 0 else (1.0, mantissa)
    length = magnitude.bit_length()
    if length + exponent > form.largest + 1:
        return sign * float("inf")
    if magnitude == 0 or length + exponent < form.smallest - 1:
        return sign * 0.0
    step = max(length + exponent - form.digits, form.smallest)  # the exponent of the last digit kept
    drop = step - exponent
    if drop > 0:
        kept, rest, half = magnitude >> drop, magnitude & ((1 << drop) - 1), 1 << (drop - 1)
        kept += rest > half or (rest == half and kept & 1)
    else:
        kept = magnitude << -drop
    if kept.bit_length() + step > form.largest:
        return sign * float("inf")
    # kept has at most 53 digits, and the result is a number of float64: neither step rounds
    return sign * float(np.ldexp(float(kept), step))


def rounded(ball: Any, form: Format) -> float | None:
    """The number nearest to all of a ball; ``None`` where its ends have different ones, NaN where it is not finite.

    Example:
        >>> with flint.ctx.workprec(100):
        ...     third = flint.arb(1)/3
        >>> rounded(third, FORMATS["float64"]) == 1/3, rounded(flint.arb(1, 0.1), FORMATS["float64"])
        (True, None)
    """
    if not ball.is_finite():
        return float("nan")
    with flint.ctx.workprec(_EXACT):
        ends = {_nearest(end, form) for end in (ball.lower(), ball.upper())}
    return ends.pop() if len(ends) == 1 else None


def middle(ball: Any, form: Format) -> float:
    """The number nearest to the middle of a ball whose ends have different ones: the truth is halfway to all known digits."""
    return _nearest(ball.mid(), form)


def radius(ball: Any) -> float:
    """The half width of a ball as a float64; infinite where it is not finite."""
    return _nearest(ball.rad(), FORMATS["float64"]) if ball.is_finite() else float("inf")


def _nearest(end: Any, form: Format) -> float:
    mantissa, exponent = end.man_exp()
    return nearest(int(mantissa), int(exponent), form)

"""``analyse NAME saturation``: how large the slope of an activation gets, and where it vanishes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sympy import Expr, N, Rational, oo

from derive.analyses.slope import Piece, Slope, crossings, rationalised, slope_of, supremum
from derive.operation import Operation
from derive.text import expression_text
from verify.analyses.bands import REACH, largest, on_interval, small_from

LEVELS = (24, 53)  # bits of a float32 and of a float64


@dataclass(frozen=True)
class Small:
    """Where ``|f'|`` is below ``2**-bits`` of its supremum, as intervals."""

    bits: int
    intervals: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class SaturationReport:
    """The slope of an activation; ``exact`` says whether supremum and intervals were solved for or enclosed by balls.

    ``bounds`` enclose the supremum (over ``|x| <= 128`` where not exact).  ``checked``: balls confirm all of it.
    """

    slope: Slope
    exact: tuple[Expr, Expr] | None
    bounds: tuple[float, float]
    small: tuple[Small, ...]
    checked: bool

    @property
    def agrees(self) -> bool:
        """Whether ball arithmetic confirms the supremum and the intervals."""
        return self.checked

    def __str__(self) -> str:
        lines = [f"slope of {self.slope.name}: {self.slope.derived}"]
        if self.exact is not None:
            value, place = self.exact
            lines += [f"  sup |f'| = {_number(value)}, attained or approached at x = {_number(place)} (exact)"]
        else:
            lines += [
                f"  sup |f'| in [{self.bounds[0]:.9g}, {self.bounds[1]:.9g}] over |x| <= {REACH:g} (enclosed by balls"
                + (")" if self.bounds[1] <= self.bounds[0] * (1 + 1e-5) else ", not closely)")
            ]
        dead = " and ".join(f"{_number(a)} < x < {_number(b)}" for a, b in self.slope.dead)
        lines += [f"  exactly 0: {dead or 'on no interval'}"]
        for small in self.small:
            where = " and ".join(map(_interval, small.intervals)) or "nowhere"
            lines += [f"  below 2^-{small.bits} of that: {where}" + ("" if self.exact else " (enclosed)")]
        if self.exact is not None:
            lines += [f"confirmed in ball arithmetic: {'yes' if self.checked else 'NO'}"]
        return "\n".join(lines)

    def plain(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "slope": self.slope.derived,
            "exact": self.exact is not None,
            "supremum": list(self.bounds),
            "dead": [[float(a), float(b)] for a, b in self.slope.dead],
            "small": {str(s.bits): [list(i) for i in s.intervals] for s in self.small},
            "agrees": self.agrees,
        }


def _interval(ends: tuple[float, float]) -> str:
    low, high = (f"{e:.6g}" for e in ends)
    return f"next to x = {low}" if low == high else f"{low} < x < {high}"


def _number(e: Expr) -> str:
    return expression_text(e) if len(str(e)) < 20 or not e.is_number else f"{float(e):.9g}"


def saturation(operation: Operation) -> SaturationReport:
    """The supremum of ``|f'|`` of an activation, where ``f'`` is 0, and where it is below 2^-24 and 2^-53 of that.

    Hyper-parameters have their defaults.  Where the derived slope is rational in ``x`` or in ``exp(c*x)``, in pieces, all
    of it is exact (roots of polynomials) and then confirmed in ball arithmetic; otherwise it is enclosed by ball
    arithmetic over ``|x| <= 128``.  Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward
    neural networks, 2010, section 3; Moore, Interval Analysis, 1966, chapter 4.  Raises
    :class:`derive.errors.DerivationError` for what is no function of one number.

    >>> from derive.registry import get
    >>> print(saturation(get("sigmoid")))
    slope of sigmoid: dz[i] = a[i]*da[i]*(1 - a[i])
      sup |f'| = 1/4, attained or approached at x = 0 (exact)
      exactly 0: on no interval
      below 2^-24 of that: -inf < x < -18.0218 and 18.0218 < x < inf
      below 2^-53 of that: -inf < x < -38.1231 and 38.1231 < x < inf
    confirmed in ball arithmetic: yes
    """
    slope = slope_of(operation)
    pieces = [_clipped(p) for p in slope.pieces]
    functions = [on_interval(p.slope) for p in slope.pieces]
    exact = supremum(slope.pieces)
    found = [largest(f, a, b) if a < b else (0.0, 0.0) for f, (a, b) in zip(functions, pieces, strict=True)]
    bounds = max(low for low, _ in found), max(high for _, high in found)
    if exact is None:
        small = tuple(_enclosed(bits, bounds[0], functions, pieces) for bits in LEVELS)
        return SaturationReport(slope, None, bounds, small, bounds[0] <= bounds[1])
    small = tuple(Small(bits, _solved(slope.pieces, exact[0] / Rational(2) ** bits)) for bits in LEVELS)
    value = float(exact[0])
    checked = value * (1 - 1e-5) <= bounds[1] * (1 + 1e-5) and bounds[0] <= value * (1 + 1e-12)
    checked = checked and all(_confirmed(s, value, slope.pieces) for s in small)
    return SaturationReport(slope, exact, (value, value), small, checked)


def _clipped(piece: Piece) -> tuple[float, float]:
    low, high = (float(e) if e.is_finite else (REACH if e == oo else -REACH) for e in (piece.low, piece.high))
    return max(low, -REACH), min(high, REACH)


def _solved(pieces: tuple[Piece, ...], level: Expr) -> tuple[tuple[float, float], ...]:
    """The intervals between exact crossings on which the slope is below the level, neighbours joined."""
    found: list[tuple[float, float]] = []
    for piece in pieces:
        form = rationalised(piece)
        assert form is not None
        ends = [float(piece.low), *(float(N(e, 30)) for e in crossings(form, level)), float(piece.high)]
        for a, b in pairwise(ends):
            middle = _between(a, b)
            if _at(piece, middle) < float(level):
                joined = found and found[-1][1] == a
                found[-1:] = [(found[-1][0], b)] if joined else [*found[-1:], (a, b)]
    return tuple(found)


def _between(a: float, b: float) -> float:
    if a == float("-inf"):
        return 0.0 if b == float("inf") else b - 1
    return a + 1 if b == float("inf") else (a + b) / 2


def _at(piece: Piece, x: float) -> float:
    return float(on_interval(piece.slope)(x, x).upper())


def _confirmed(small: Small, value: float, pieces: tuple[Piece, ...]) -> bool:
    """Whether balls see the slope below the level just inside each end, and above it just outside."""
    level = value * 2.0**-small.bits
    for a, b in small.intervals:
        if b - a < 1e-5 * abs(a):  # around a root, too narrow for floats beside its ends
            continue
        for end, inwards in ((a, 1), (b, -1)):
            if abs(end) == float("inf"):
                continue
            shift = 1e-6 * max(abs(end), 1e-9)
            inside, outside = end + inwards * shift, end - inwards * shift
            if not _value(pieces, inside) <= level or not _value(pieces, outside) >= level:
                return False
    return True


def _value(pieces: tuple[Piece, ...], x: float) -> float:
    return next(_at(p, x) for p in pieces if float(p.low) < x <= float(p.high))


def _enclosed(bits: int, value: float, functions: list[Any], pieces: list[tuple[float, float]]) -> Small:
    level, found = value * 2.0**-bits, []
    for function, (low, high) in zip(functions, pieces, strict=True):
        left, right = small_from(function, low, high, level), small_from(function, high, low, level)
        if left is not None:
            found.append((low, left))
        if right is not None and left != high:
            found.append((right, high))
    return Small(bits, tuple(found))

"""``analyse NAME stability``: the stable learning rates of an optimizer, checked in balls and measured in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from sympy import Expr, Float, Poly, Rational, Symbol, oo

from derive.analyses.stability import CURVATURE, Stability, Z
from derive.analyses.stability import stability as derived
from derive.operation import Operation
from derive.text import expression_text
from numeric import compile
from numeric.exact import Exact
from verify.analyses.eigenvalues import precision

STEPS = 600
_MARGIN = Fraction(1, 100)  # how far below and above the bound the optimizer is run
_STEPS_EXACT = 9


@dataclass(frozen=True)
class Run:
    """One run of the compiled optimizer: the rate, the spectral radius there, and the factor per step measured."""

    label: str
    rate: float
    radius: float
    measured: float

    @property
    def agrees(self) -> bool:
        """Whether the second half of the run shrank or grew by the spectral radius per step, to 2 %."""
        return abs(self.measured - self.radius) <= 0.02 * abs(self.radius)


@dataclass(frozen=True)
class StabilityReport:
    """The stable learning rates, what was proven at drawn points, and the runs."""

    name: str
    found: Stability
    values: Mapping[str, float]
    exact: bool  # the trajectory satisfies the characteristic polynomial, in fractions
    enclosed: bool  # roots in balls: all inside the circle below the bound, one outside above it
    runs: tuple[Run, ...]

    @property
    def agrees(self) -> bool:
        """Whether every check and every run says what the derivation says."""
        return self.exact and self.enclosed and all(run.agrees for run in self.runs)

    @property
    def range(self) -> str:
        """The stable rates as text."""
        interval, rate = self.found.interval, self.found.rate.name
        if interval is None:
            return " and ".join(f"{expression_text(c)} > 0" for c in self.found.conditions)
        if interval.empty:
            return f"no {rate} at all"
        if interval.high == oo:
            return f"{rate} > {expression_text(interval.low)}"
        return f"{expression_text(interval.low)} < {rate} < {expression_text(interval.high)}"

    def __str__(self) -> str:
        found, rate = self.found, self.found.rate.name
        rows = "; ".join(", ".join(expression_text(e) for e in found.matrix.row(k)) for k in range(len(found.states)))
        lines = [
            f"{self.name} on lambda*{found.loop.point}**2/2, lambda > 0 (take the largest eigenvalue of the Hessian)",
            f"  states         {', '.join(found.states)}",
            f"  matrix         [{rows}]",
            f"  characteristic {expression_text(Poly(found.polynomial, Z).as_expr())}",
            f"  stable         {self.range}",
        ]
        if found.slow is not None:
            lines += [f"  small {rate:<9}{expression_text(found.slow)} per step, to first order"]
        if found.best is not None:
            best, factor = (expression_text(e) for e in found.best)
            lines += [f"  best           {rate} = {best} for lambda from mu to L: {factor} per step"]
        given = ", ".join(f"{n} = {v:.4g}" for n, v in self.values.items())
        lines += [f"measured over {STEPS} steps at {given}"]
        for run in self.runs:
            verb = "shrinks" if run.measured < 1 else "grows"
            lines += [
                f"  {run.label:<14} {rate} = {run.rate:<12.6g} {verb} by {run.measured:.6f} a step, "
                f"spectral radius {run.radius:.6f}"
            ]
        lines += [
            f"trajectory satisfies the characteristic polynomial in fractions: {'yes' if self.exact else 'NO'}",
            f"roots in balls inside the circle below the bound, one outside above it: {'yes' if self.enclosed else 'NO'}",
        ]
        return "\n".join(lines)

    def plain(self) -> dict[str, Any]:
        """The report as plain data."""
        found = self.found
        size = range(len(found.states))
        return {
            "states": list(found.states),
            "matrix": [[expression_text(found.matrix[i, j]) for j in size] for i in size],
            "characteristic": expression_text(found.polynomial),
            "stable": self.range,
            "slow": None if found.slow is None else expression_text(found.slow),
            "best": None if found.best is None else [expression_text(e) for e in found.best],
            "at": dict(self.values),
            "runs": [{"label": r.label, "rate": r.rate, "radius": r.radius, "measured": r.measured} for r in self.runs],
            "agrees": self.agrees,
        }


def stability(
    operation: Operation, at: str | None = None, rate: str | None = None, *, seed: int = 0
) -> StabilityReport:
    """For which learning rates an optimizer contracts on a quadratic: derived, checked, and measured.

    The compiled optimizer is run 1 % below and 1 % above the bound and far below it, and its factor per step compared
    with the spectral radius; at drawn points the trajectory, in fractions, satisfies the characteristic polynomial, and
    its roots are enclosed in balls.  ``at`` and ``rate`` as in :func:`derive.analyses.stability.stability`, with its
    errors and sources.

    >>> from derive.registry import get
    >>> report = stability(get("momentum"))
    >>> report.range, report.agrees
    ('0 < alpha < 2*(1 + beta)/(lambda*(1 - beta))', True)
    """
    found = derived(operation, at, rate)
    rng = np.random.default_rng(seed)
    values = {str(t.name): t.default for t in operation.program.inputs if not t.rank and t.default is not None}
    point = {s: Rational(str(values.get(s.name, 0))) for s in found.ranges if s not in (CURVATURE, found.rate)}
    point[CURVATURE] = Rational(4)
    draws = [_drawn(found, rng) for _ in range(3)]
    exact = all(_satisfied(found, draw, rng) for draw in draws)
    enclosed = all(_enclosed(found, draw) for draw in [point, *draws])
    runs = _runs(found, point)
    shown = {("lambda" if s == CURVATURE else s.name): float(v) for s, v in point.items()}
    return StabilityReport(operation.name, found, shown, exact, enclosed, runs)


def _drawn(found: Stability, rng: np.random.Generator) -> dict[Symbol, Expr]:
    """Rational numbers inside the ranges of all symbols but the rate."""
    values = {}
    for symbol, within in found.ranges.items():
        if symbol == found.rate:
            continue
        share = Rational(int(rng.integers(1, 16)), 16)
        low = within.low if within.low.is_finite else Rational(0)
        values[symbol] = low + share * ((within.high - low) if within.high.is_finite else 8)
    return values


def _bounds(found: Stability, point: Mapping[Symbol, Expr]) -> tuple[Expr, Expr] | None:
    if found.interval is None or found.interval.empty:
        return None
    return found.interval.low.subs(point), found.interval.high.subs(point)


def _enclosed(found: Stability, point: Mapping[Symbol, Expr]) -> bool:
    """Whether the roots, as balls, are where the interval says."""
    ends = _bounds(found, point)
    if ends is None:
        return True
    low, high = ends
    width = high - low if high.is_finite else Rational(8)
    inside = [low + width * Rational(k, 100) for k in (1, 25, 50, 75, 99)]
    outside = [high * Rational(k, 100) for k in (101, 150, 400)] if high.is_finite else []
    return all(_radius(found, point, a)[1] < 1 for a in inside) and all(
        _radius(found, point, a)[0] > 1 for a in outside
    )


def _radius(found: Stability, point: Mapping[Symbol, Expr], rate: Expr) -> tuple[float, float]:
    """An enclosure of the largest absolute value of a root."""
    poly = Poly(found.polynomial.subs({**point, found.rate: rate}), Z)
    with precision():
        coefficients = [flint.fmpq(int(c.p), int(c.q)) for c in reversed(poly.all_coeffs())]
        roots: Any = flint.fmpq_poly(coefficients).complex_roots()  # pairs of a root and its multiplicity
        sizes = [abs(pair[0]) for pair in roots]
        lows = [float(a.mid() - a.rad()) for a in map(flint.arb, sizes)]
        highs = [float(a.mid() + a.rad()) for a in map(flint.arb, sizes)]
    return max(lows), max(highs)


def _inputs(found: Stability, point: Mapping[Symbol, Expr], rate: Expr, steps: int, kind: Any) -> dict[str, Any]:
    """The optimizer on one coordinate that starts at 1, with no gradient but that of the quadratic."""
    program = found.loop.program
    named = {s.name: v for s, v in point.items() if s != CURVATURE} | {found.rate.name: rate}
    inputs: dict[str, Any] = {}
    for tensor in program.inputs:
        if tensor.name == found.loop.curvature:
            inputs[tensor.name] = [kind(point[CURVATURE])]
        elif tensor.name == found.loop.gradient:
            shape = [steps if n == found.loop.step.extent else 1 for n in tensor.shape]
            inputs[tensor.name] = np.full(shape, kind(Rational(0)), dtype=object if kind is _fraction else float)
        elif not tensor.rank:
            inputs[tensor.name] = kind(named.get(tensor.name, Rational(str(tensor.default or 0))))
        else:
            inputs[tensor.name] = np.full(
                [1] * tensor.rank, kind(Rational(1)), dtype=object if kind is _fraction else float
            )
    return inputs


def _fraction(value: Expr) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _satisfied(found: Stability, point: Mapping[Symbol, Expr], rng: np.random.Generator) -> bool:
    """Whether the trajectory of the declared recurrence satisfies ``p(shift) point = 0`` exactly."""
    rate = Rational(int(rng.integers(1, 64)), 64)
    exact = Exact(found.loop.program, _inputs(found, point, rate, _STEPS_EXACT, _fraction), field="rational")
    values = list(exact.array(found.loop.point).flat)
    poly = Poly(found.polynomial.subs({**point, found.rate: rate}), Z)
    weights = [_fraction(c) for c in reversed(poly.all_coeffs())]
    sums = [sum(w * values[k + i] for i, w in enumerate(weights)) for k in range(len(values) - len(weights) + 1)]
    return len(sums) > 1 and not any(sums) and any(values)


def _runs(found: Stability, point: Mapping[Symbol, Expr]) -> tuple[Run, ...]:
    ends = _bounds(found, point)
    if ends is None or not ends[1].is_finite:
        return ()
    low, high = ends
    rates = {
        "too low": low + (high - low) / 10000,
        "just below": high * (1 - Rational(1, 100)),
        "just above": high * (1 + Rational(1, 100)),
    }
    forward = compile(found.loop.program).forward
    runs = []
    for label, rate in rates.items():
        inputs = _inputs(found, point, Rational(rate), STEPS, lambda v: float(Float(v)))
        path = np.abs(forward(**inputs)[found.loop.point]).reshape(-1)
        # Peaks, since a complex pair of roots goes round as it shrinks.
        half, window = STEPS // 2, STEPS // 6
        measured = float((path[-window:].max() / path[half - window : half].max()) ** (1.0 / half))
        runs.append(Run(label, float(rate), _radius(found, point, Rational(rate))[1], measured))
    return tuple(runs)

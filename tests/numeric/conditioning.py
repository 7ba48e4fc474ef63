"""How far a computed array may be off: enclosures of the true values and their componentwise condition numbers.

The condition number of an element ``y`` is ``sum(|x * dy/dx|) / |y|`` over all real inputs ``x``: a relative error of
``u`` in every input moves ``y`` by that many times ``u``.  It is taken from high-precision differences of the exact
evaluator, never from a derivative rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from flint import arb, fmpq

from derive.program import Program
from numeric.exact import Exact, enclosures

_RELATIVE_STEP = Fraction(1, 2**70)
_ACCURACY = 230  # relative bits: the difference over the step keeps about 160


@dataclass(frozen=True)
class Conditioned:
    """Elements of one array: balls, and the condition number of each (``inf`` where the true value is 0)."""

    balls: np.ndarray
    conditions: np.ndarray


def conditioned(program: Program, inputs: Mapping[str, Any], names: list[str]) -> dict[str, Conditioned]:
    """Enclosures and condition numbers of the named tensors of a program at these inputs."""
    exact = {name: _fractions(value) for name, value in inputs.items()}
    real = [t.name for t in program.inputs if not t.integer and t.name in exact]
    base = enclosures(program, exact, names, accuracy=_ACCURACY)
    moved = {name: np.zeros(base[name].shape, dtype=object) for name in names}
    with flint.ctx.workprec(4 * _ACCURACY):
        step = arb(fmpq(_RELATIVE_STEP.numerator, _RELATIVE_STEP.denominator))
        for name in real:
            for position in np.ndindex(exact[name].shape):
                if exact[name][position] == 0:
                    continue
                near = exact[name].copy()
                near[position] *= 1 + _RELATIVE_STEP
                there = enclosures(program, {**exact, name: near}, names, accuracy=_ACCURACY)
                for target in names:
                    for place in np.ndindex(base[target].shape):
                        moved[target][place] += abs((there[target][place] - base[target][place]) / step).mid()
        result = {}
        for name in names:
            condition = np.full(base[name].shape, np.inf)
            for place in np.ndindex(base[name].shape):
                if not base[name][place].is_zero():
                    condition[place] = float((arb(moved[name][place]) / abs(base[name][place])).mid())
            result[name] = Conditioned(base[name], condition)
    return result


def _fractions(value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind in "iu" or array.dtype == object:
        return np.array(array, dtype=object)
    return np.array([Fraction(float(v)) for v in array.flat] or None, dtype=object).reshape(array.shape)


def ulps(got: np.ndarray, balls: np.ndarray) -> np.ndarray:
    """The largest possible error of each computed element, in units in the last place of the true value."""
    errors = np.zeros(got.shape)
    with flint.ctx.workprec(4 * _ACCURACY):
        for place in np.ndindex(got.shape):
            true = balls[place]
            nearest = got.dtype.type(float(true.mid()))
            if not np.isfinite(got[place]):
                errors[place] = 0.0 if got[place] == nearest else np.inf
                continue
            unit = abs(float(np.spacing(nearest))) if np.isfinite(nearest) else float(np.finfo(got.dtype).max)
            errors[place] = float(abs(arb(float(got[place])) - true).upper()) / unit
    return errors


def excess(got: np.ndarray, wanted: Conditioned) -> float:
    """The worst error in ULP, divided by the condition number (at least 1) of its element."""
    if got.size == 0:
        return 0.0
    allowed = np.maximum(1.0, wanted.conditions)
    errors = ulps(got, wanted.balls)
    with np.errstate(invalid="ignore"):
        return float(np.max(np.where(errors == 0, 0.0, errors / allowed)))


def gradient_excess(derivation: Any, got: Mapping[str, np.ndarray], inputs: Mapping[str, Any]) -> dict[str, float]:
    """:func:`excess` of each gradient that a generated function gave for ``inputs`` (cotangents included)."""
    names = {source: target for source, target in derivation.gradients.items() if source in got}
    wanted = conditioned(derivation.combined, inputs, list(names.values()))
    return {
        source: excess(np.asarray(got[source]).reshape(wanted[target].balls.shape), wanted[target])
        for source, target in names.items()
    }


__all__ = ["Conditioned", "Exact", "conditioned", "excess", "gradient_excess", "ulps"]

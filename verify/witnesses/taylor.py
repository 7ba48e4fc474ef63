"""The Taylor remainder ``phi(x + h v) - phi(x) - h <g, v>``: of the order ``h**2`` where ``g`` is the gradient, else ``h``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.verdicts import Verdict
from verify.witnesses.differences import Objective

Array = NDArray[Any]

EXPECTED = 2.0
STEPS = 16
_LEAST = 1.7  # orders of right gradients are above, those of wrong ones below
_SHARE = 1e-7  # of the slope: a smaller remainder is none
_FINER = (4, 8)  # binary orders by which steps are made smaller for a second look
_DIRECTIONS = 3


@dataclass(frozen=True)
class Remainder:
    """The verdict, the order that it rests on, and the largest remainder relative to the slope."""

    verdict: Verdict
    order: float
    size: float
    detail: str


def remainder(phi: Objective, inputs: Mapping[str, Array], gradients: Mapping[str, Array], seed: int) -> Remainder:
    """Judge all gradients at once by the order of the remainder along random directions.

    A wrong gradient has the order 1 at all steps and along all directions, or a remainder that is a share of the slope.
    For a right one the steps may pass a kink, and along some direction the terms of second and third order cancel at
    the smallest steps: before it is called wrong, smaller steps and two other directions are looked at.

    Example:
        >>> phi = lambda v: float(np.sum(np.exp(v["x"])))
        >>> x = np.array([0.5, -1.0])
        >>> found = remainder(phi, {"x": x}, {"x": np.exp(x)}, 0)
        >>> str(found.verdict), found.detail
        ('agrees', 'order 2.000')
        >>> found = remainder(phi, {"x": x}, {"x": 1.01 * np.exp(x)}, 0)
        >>> str(found.verdict), found.detail
        ('wrong formula', 'order 1.000')
    """

    def order_along(direction: int) -> tuple[float, float]:
        def slope(finer: int) -> tuple[float, float]:
            return taylor_slope(phi, inputs, gradients, np.random.default_rng([seed, direction]), finer)

        usual = slope(0)
        finer = (
            found for found in map(slope, _FINER) if found[0] > _LEAST and (found[0] < np.inf or found[1] < _SHARE)
        )
        return usual if usual[0] > _LEAST else next(finer, usual)

    order, size = order_along(0)
    if order <= _LEAST:
        others = [order_along(direction) for direction in range(1, _DIRECTIONS)]
        if all(found > _LEAST for found, _ in others):
            order, size = min(others)
    if np.isnan(order):
        return Remainder(Verdict.OUTSIDE, order, size, "an output is not finite here: there is no remainder")
    detail = "remainder at rounding level: linear" if np.isinf(order) else f"order {order:.3f}"
    return Remainder(Verdict.AGREES if order > _LEAST else Verdict.WRONG_FORMULA, order, size, detail)


def taylor_slope(
    phi: Objective,
    inputs: Mapping[str, Array],
    gradients: Mapping[str, Array],
    rng: np.random.Generator,
    finer: int = 0,
) -> tuple[float, float]:
    """The order at which ``phi(x + h v) - phi(x) - h <g, v>`` vanishes, and its size relative to ``h <g, v>``.

    The order is 2 for a right gradient of a smooth function (or more, where the curvature along ``v`` vanishes:
    infinite for a linear function) and 1 for a wrong one; NaN where ``phi`` is not
    finite along ``v``.  Steps begin ``2**finer`` times smaller: a kink that usual
    steps pass gives an order in between.

    Example:
        >>> phi = lambda v: float(np.sum(np.exp(v["x"])))
        >>> x = np.array([0.5, -1.0])
        >>> order, _ = taylor_slope(phi, {"x": x}, {"x": np.exp(x)}, np.random.default_rng(0))
        >>> 1.9 < order < 2.1
        True
        >>> order, _ = taylor_slope(phi, {"x": x}, {"x": 1.01 * np.exp(x)}, np.random.default_rng(0))
        >>> order < 1.5
        True
    """
    directions = {}
    for name, gradient in gradients.items():
        unit = rng.standard_normal(np.shape(gradient)) + 0.1
        directions[name] = unit * (float(np.max(np.abs(inputs[name]), initial=0.0)) or 1.0)
    slope = sum(float(np.sum(gradients[name] * directions[name])) for name in gradients)
    base = phi(inputs)
    steps, remainders = [], []
    size, lost = 0.0, 0
    for level in range(4 + finer, 4 + STEPS + finer):
        h = 2.0**-level
        moved = {**inputs, **{name: inputs[name] + h * directions[name] for name in directions}}
        value = phi(moved)
        remainder = abs(value - base - h * slope)
        rounding = 256 * np.finfo(float).eps * (abs(value) + abs(base) + h * abs(slope))
        if not np.isfinite(remainder):
            lost += 1
            continue
        size = max(size, remainder / (h * abs(slope)) if slope else 0.0)
        if remainder <= rounding:
            break
        steps.append(np.log(h))
        remainders.append(np.log(remainder))
    if len(steps) < 3:
        return (np.nan if lost else np.inf), size
    # the smallest steps that rounding has not reached show the asymptotic order
    order = np.polyfit(steps[-4:], remainders[-4:], 1)[0]
    return float(order), size


__all__ = ["EXPECTED", "STEPS", "Remainder", "remainder", "taylor_slope"]

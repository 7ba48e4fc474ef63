"""Exact rational identity: where a program is rational, its derived gradient is compared without any rounding.

The derivative of a polynomial along one element follows exactly from finitely many of its values (Newton's divided
differences, until they vanish), so the derived equations and this witness must agree as fractions, digit for digit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from derive.derivation import Derivation
from numeric.errors import NotRational
from numeric.exact import Exact, Plans
from verify.sampling import Case, fractions
from verify.verdicts import Verdict

_DEGREE = 8


@dataclass(frozen=True)
class Identity:
    """The outcome for one argument: elements compared as fractions, and the first that differs."""

    verdict: Verdict
    points: int
    detail: str = ""


def applies(derivation: Derivation, case: Case) -> bool:
    """Whether the forward program and its gradient can be evaluated in fractions at this case."""
    try:
        exact = Exact(derivation.combined, case.exact(derivation), field="rational")
        for name in (*derivation.of, *derivation.gradients.values()):
            exact.array(name)
    except NotRational:
        return False
    return True


def identity(derivation: Derivation, case: Case, argument: str, rng: np.random.Generator, count: int = 4) -> Identity:
    """Compare ``count`` random elements of one gradient with the exact derivative of the forward program.

    An element along which the program is no polynomial of degree 8 or less is left undecided.
    """
    exact = Exact(derivation.combined, case.exact(derivation), field="rational")
    gradient = exact.array(derivation.gradients[argument])
    plans = Plans(derivation.program)
    positions = list(np.ndindex(*gradient.shape))
    if len(positions) > count:
        positions = [positions[k] for k in sorted(rng.choice(len(positions), size=count, replace=False))]
    points = 0
    for position in positions:
        slope = polynomial_slope(_line(derivation, case, argument, position, plans))
        if slope is None:
            continue
        points += 1
        if slope != gradient[position]:
            detail = f"{argument}{list(position)}: derived {gradient[position]}, exactly {slope}"
            return Identity(Verdict.WRONG_FORMULA, points, detail)
    if points or not positions:
        return Identity(Verdict.AGREES, points)
    return Identity(Verdict.CANNOT_DECIDE, 0, f"no polynomial of degree <= {_DEGREE} in {argument}")


def _line(
    derivation: Derivation, case: Case, argument: str, position: tuple[int, ...], plans: Plans
) -> Callable[[Fraction], Fraction]:
    """``<cotangents, outputs>`` as a function of a shift of one input element."""
    seeds = {name: fractions(value) for name, value in case.cotangents.items()}

    def value(shift: Fraction) -> Fraction:
        perturb: dict[Any, Any] = {(argument, position): shift}
        exact = Exact(derivation.program, case.arguments(), field="rational", perturb=perturb, plans=plans)
        total = Fraction(0)
        for name in derivation.of:
            for at, output in np.ndenumerate(exact.array(name)):
                total += output * (seeds[name][at] if name in seeds else 1)
        return total

    return value


def polynomial_slope(line: Callable[[Fraction], Fraction]) -> Fraction | None:
    """The exact derivative at 0 of a polynomial of degree 8 or less; ``None`` if the function is not one.

    Small nodes (multiples of 2^-30) keep the line on one side of any kink nearby.

    Example:
        >>> polynomial_slope(lambda t: (t + 3)**3)
        Fraction(27, 1)
        >>> polynomial_slope(lambda t: 1/(t + 3)) is None
        True
    """
    unit = Fraction(1, 2**30)
    nodes = [Fraction(0)] + [unit * (k // 2 + 1) * (-1) ** k for k in range(_DEGREE + 2)]
    diagonal: list[Fraction] = []  # the last diagonal of the table of divided differences
    coefficients: list[Fraction] = []
    for count, node in enumerate(nodes):
        above = [line(node)]
        for order, previous in enumerate(diagonal, start=1):
            above.append((above[-1] - previous) / (node - nodes[count - order]))
        diagonal = above
        coefficients.append(diagonal[-1])
        if count >= 3 and not any(coefficients[-2:]):
            break  # two vanishing orders in a row: the rest vanishes as well
    else:
        return None
    # p(t) = sum_k c_k prod_{i<k} (t - x_i); with x_0 = 0 its slope at 0 is sum_{k>0} c_k prod_{0<i<k} (0 - x_i)
    slope, product = Fraction(0), Fraction(1)
    for order in range(1, len(coefficients)):
        slope += coefficients[order] * product
        product *= -nodes[order]
    return slope

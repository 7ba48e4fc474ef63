"""Numbers as decimals: every printed digit is right, or nothing is printed.

A ball is rounded where all that it encloses rounds alike; a tie of an exact number goes to the even digit (IEEE 754).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from derive.program import Program
from numeric.errors import NotRational, OutOfBounds, Undecidable, UnsupportedExpression
from numeric.exact import Exact

T = TypeVar("T")
BITS = (128, 512, 2048, 8192)
NEARLY = Fraction(1, 10**1000)
NEARLY_ZERO = "~0"
_FLAT = (-5, 12)  # powers of ten between which a number is written without an exponent


@dataclass(frozen=True)
class Rounding:
    """How many ``decimals`` behind the point, or how many significant ``digits``; exactly one of the two is given.

    Raises :class:`ValueError` for both, and for neither.

    >>> Rounding(decimals=3).text(Fraction(1, 3)), Rounding(digits=3).text(Fraction(-2, 30000))
    ('0.333', '-6.67e-5')
    """

    decimals: int | None = None
    digits: int | None = None

    def __post_init__(self) -> None:
        if (self.decimals is None) == (self.digits is None):
            given = "neither" if self.decimals is None else "both"
            raise ValueError(f"give either decimals or digits, not both, such as Rounding(digits=5); got {given}")

    def text(self, value: Any) -> str | None:
        """The number correctly rounded, as text; ``None`` where the ball is too wide to tell."""
        ends = bounds(value)
        if ends is None:
            return None
        low, high = (self._exact(end) for end in ends)
        return low if low == high else None

    def _exact(self, value: Fraction) -> str:
        if self.decimals is not None:
            return fixed(value, self.decimals)
        digits = self.digits or 1
        if value == 0:
            return "0"
        power = _power_of_ten(abs(value))
        scaled = round(value / Fraction(10) ** (power - digits + 1))
        if abs(scaled) == 10**digits:  # 9.996 becomes 10.0
            power, scaled = power + 1, scaled // 10
        if _FLAT[0] < power < _FLAT[1]:
            exact = Fraction(scaled) * Fraction(10) ** (power - digits + 1)
            return fixed(exact, max(digits - 1 - power, 0))
        mantissa = str(abs(scaled))
        point = f"{mantissa[0]}.{mantissa[1:]}" if digits > 1 else mantissa
        return f"{'-' if scaled < 0 else ''}{point}e{power}"


def fixed(value: Fraction, decimals: int) -> str:
    """A fraction with so many decimals, half to even; zero has no sign.

    >>> fixed(Fraction(1, 8), 2), fixed(Fraction(-1, 1000), 2), fixed(Fraction(-3, 2), 1)
    ('0.12', '0.00', '-1.5')
    """
    scaled = round(value * 10**decimals)
    whole = str(abs(scaled)).rjust(decimals + 1, "0")
    body = f"{whole[:-decimals]}.{whole[-decimals:]}" if decimals else whole
    return f"-{body}" if scaled < 0 else body


def bounds(value: Any) -> tuple[Fraction, Fraction] | None:
    """The ends of a ball as fractions; both the same for an exact number, ``None`` for one that is not finite."""
    if isinstance(value, int | Fraction):
        return Fraction(value), Fraction(value)
    if not value.is_finite():
        return None
    middle, radius = _dyadic(value.mid()), _dyadic(value.rad())  # exact, whatever precision is set
    return middle - radius, middle + radius


def _dyadic(exact: Any) -> Fraction:
    mantissa, exponent = exact.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _power_of_ten(value: Fraction) -> int:
    """The largest ``e`` with ``10**e <= value``, for a positive value."""
    guess = math.floor((value.numerator.bit_length() - value.denominator.bit_length() + 1) * math.log10(2))
    while Fraction(10) ** guess > value:
        guess -= 1
    return guess


def _is_nearly_zero(value: Any) -> bool:
    ends = bounds(value)
    return ends is not None and max(map(abs, ends)) < NEARLY


def unit(printed: Decimal) -> Fraction:
    """One in the last printed place.

    >>> unit(Decimal("-0.478")), unit(Decimal("1.5e3"))
    (Fraction(1, 1000), Fraction(100, 1))
    """
    exponent = printed.as_tuple().exponent
    return Fraction(10) ** int(exponent)


def rounds_to(value: Any, printed: Decimal) -> bool | None:
    """Whether a number rounds to what is printed, a tie either way; ``None`` where its ball does not tell.

    >>> rounds_to(Fraction(1, 8), Decimal("0.13")), rounds_to(Fraction(2496, 10000), Decimal("0.249"))
    (True, False)
    """
    ends = bounds(value)
    if ends is None:
        return None
    gaps = [abs(end - Fraction(printed)) <= unit(printed) / 2 for end in ends]
    inside = ends[0] <= Fraction(printed) <= ends[1]
    return gaps[0] if gaps[0] == gaps[1] and (gaps[0] or not inside) else None


def cut_off(value: Any, printed: Decimal) -> bool:
    """Whether the printed digits are the first ones of the number, which were cut off instead of rounded."""
    ends = bounds(value)
    if ends is None:
        return False
    step = unit(printed)
    return all(int(abs(end) / step) == abs(Fraction(printed)) / step and end * Fraction(printed) >= 0 for end in ends)


class Values:
    """The tensors of a program for given inputs, with as many bits as a question about them needs.

    A question is asked of one element and answers ``None`` where the ball is too wide; fractions are tried last, since a
    number on the border of two roundings is told by no ball.
    """

    def __init__(self, program: Program, inputs: Mapping[str, Any]) -> None:
        self.program, self.inputs = program, dict(inputs)
        self._at: dict[int, Exact | None] = {}

    def exact(self, bits: int = BITS[0]) -> Exact:
        """The evaluation in balls of so many bits."""
        found = self._evaluation(bits)
        assert found is not None
        return found

    def array(self, name: str) -> NDArray[Any]:
        """All elements, as balls of the fewest bits."""
        return self.exact().array(name)

    def answers(self, name: str, question: Callable[[tuple[int, ...], Any], T | None]) -> NDArray[Any]:
        """The question's answer for each element of a tensor; ``None`` where nothing decides it."""
        shape = self.exact().shape(name)
        result = np.empty(shape, dtype=object)
        for position in np.ndindex(*shape):
            result[position] = self._answer(name, position, question)
        return result

    def text(self, name: str, rounding: Rounding) -> NDArray[Any]:
        """Every element of a tensor correctly rounded, ``None`` where that cannot be decided.

        What is within ``NEARLY`` of 0, and not proven to be 0, is :data:`NEARLY_ZERO`.
        """
        found = self.answers(name, lambda _, value: rounding.text(value))
        for position, text in np.ndenumerate(found):
            if text is None and self._answer(name, position, lambda _, value: _is_nearly_zero(value) or None):
                found[position] = NEARLY_ZERO
        return found

    def _answer(
        self, name: str, position: tuple[int, ...], question: Callable[[tuple[int, ...], Any], T | None]
    ) -> T | None:
        for bits in (*BITS, 0):
            evaluation = self._evaluation(bits)
            if evaluation is None:
                continue
            try:
                found = question(position, evaluation.value(name, position))
            except (NotRational, Undecidable, UnsupportedExpression, OutOfBounds) as problem:
                if isinstance(problem, OutOfBounds):
                    raise
                continue
            if found is not None:
                return found
        return None

    def _evaluation(self, bits: int) -> Exact | None:
        if bits not in self._at:
            try:
                rational = bits == 0
                self._at[bits] = Exact(
                    self.program, self.inputs, bits=bits or BITS[0], field="rational" if rational else "arb"
                )
            except NotRational:
                self._at[bits] = None
        return self._at[bits]

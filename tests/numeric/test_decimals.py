"""Decimals: rounded as Python's ``decimal`` rounds the same fraction, or not at all."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction

import flint
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backproof as bp
from numeric.decimals import NEARLY_ZERO, Rounding, Values, cut_off, rounds_to

FRACTIONS = st.fractions(min_value=-(10**7), max_value=10**7, max_denominator=10**6)


def ball(value: Fraction, radius: float = 0.0) -> flint.arb:
    with flint.ctx.workprec(400):
        exact = flint.arb(flint.fmpq(value.numerator, value.denominator))
        return exact + flint.arb(0, radius) if radius else exact


@given(FRACTIONS, st.integers(0, 12))
def test_decimals_are_those_of_pythons_decimal(value: Fraction, places: int) -> None:
    with localcontext(Context(prec=60)):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        expected = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    assert Decimal(Rounding(decimals=places).text(value) or "nan") == expected


@given(FRACTIONS.filter(bool), st.integers(1, 12))
def test_digits_are_those_of_pythons_decimal(value: Fraction, digits: int) -> None:
    with localcontext(Context(prec=60)):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
    expected = Context(prec=digits, rounding=ROUND_HALF_EVEN).plus(exact)
    assert Decimal(Rounding(digits=digits).text(value) or "nan") == expected


def test_a_ball_over_a_border_is_not_rounded_and_a_narrower_one_is() -> None:
    tie = Fraction(1, 8)
    assert Rounding(decimals=2).text(ball(tie, 1e-30)) is None
    assert Rounding(decimals=2).text(ball(tie + Fraction(1, 10**9), 1e-30)) == "0.13"
    assert Rounding(digits=3).text(ball(Fraction(9996, 10), 1e-30)) == "1000"
    assert rounds_to(ball(tie, 1e-30), Decimal("0.12")) is None
    assert rounds_to(tie, Decimal("0.12")) is rounds_to(tie, Decimal("0.13")) is True


@pytest.mark.parametrize(
    ("value", "printed", "right", "cut"),
    [("0.24951635", "0.249", False, True), ("0.24951635", "0.250", True, False), ("-0.2479", "-0.247", False, True),
     ("0.2471", "0.247", True, True), ("0.246", "0.247", False, False), ("0.5", "1e0", True, False)],
)  # fmt: skip
def test_what_is_printed_is_rounded_or_cut_off(value: str, printed: str, right: bool, cut: bool) -> None:
    exact = Fraction(value)
    assert rounds_to(exact, Decimal(printed)) is right
    assert cut_off(exact, Decimal(printed)) is cut


def test_fractions_settle_what_no_ball_does() -> None:
    """1/10 + 1/40 is a tie that no ball of a tenth tells; and an exact 0 that is not rational is told as nearly 0."""
    total = Values(bp.declare("x, y; s = x + y").program, {"x": Fraction(1, 10), "y": Fraction(1, 40)})
    assert total.text("s", Rounding(decimals=2)).item() == "0.12"
    text = "x > 0, y > 0; s = log(x*y) - log(x) - log(y)"
    nothing = Values(bp.declare(text).program, {"x": Fraction(2, 3), "y": Fraction(5, 7)})
    assert nothing.text("s", Rounding(digits=3)).item() == NEARLY_ZERO
    assert nothing.text("s", Rounding(decimals=3)).item() == "0.000"


@pytest.mark.parametrize("given", [{}, {"decimals": 2, "digits": 5}])
def test_a_rounding_is_of_one_kind(given: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="either decimals or digits"):
        Rounding(**given)

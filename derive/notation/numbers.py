"""Numbers as people write them."""

from __future__ import annotations

from sympy import Expr, Symbol

from derive.notation.tree import MINUS, Box, Number, Script, Sign, row


def float_box(value: float) -> Box:
    """A decimal number as people write it: ``1e-05`` is a power of ten.

    >>> float_box(0.25)
    Number(text='0.25')
    """
    text = repr(value)
    sign = (MINUS,) if text.startswith("-") else ()
    mantissa, _, exponent = text.lstrip("-").partition("e")
    mantissa = mantissa.removesuffix(".0")
    if not exponent:
        return row(*sign, Number(mantissa))
    power = int(exponent)
    digits = Number(str(abs(power)))
    ten = Script(Number("10"), sup=row(MINUS, digits) if power < 0 else digits)
    return row(*sign, ten) if mantissa == "1" else row(*sign, Number(mantissa), Sign("times"), ten)


def is_short(extent: Expr) -> bool:
    """Whether an extent is short enough to stand on top of a sum: a letter, a number, one of them plus a number."""
    rest = extent.as_coeff_Add()[1]
    return bool(rest == 0) or isinstance(rest, Symbol)

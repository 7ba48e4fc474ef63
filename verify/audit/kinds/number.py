"""A number, or an array of numbers, with the rounding that is printed: ``0.114`` is right if the true value rounds to it.

``given`` or ``of`` declares the names, ``inputs`` has their values, ``what`` is the quantity, ``value`` what is claimed.  Decimals
count with the places that are written; whole numbers and quotients (``"1/3"``), and all values with ``exact = true``, are
meant exactly.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.errors import DeclarationError
from numeric.decimals import Rounding, Values, bounds, cut_off, rounds_to
from verify.audit.claims import Check
from verify.audit.found import Found, fails, holds, undecided
from verify.audit.quantities import Quantities
from verify.audit.settings import setting_of
from verify.inputs import InputsError, array, number, read_inputs

REQUIRED = {"inputs": "{x = [0.5, 0.8]}", "what": '"sigmoid(x)"', "value": "0.114"}
OPTIONAL = {"given": '"x[n]"', "of": '"mlp"', "wrt": '"W1"', "exact": "true"}

Array = NDArray[Any]


def said(check: Check) -> str:
    """The claim on one line."""
    return f"{check.text('what')} = {_listed(np.asarray(check.values['value'], dtype=object))}"


def judge(check: Check) -> Found:
    """Evaluate in balls with as many bits as decide every printed place."""
    what = check.text("what")
    try:
        quantities = Quantities(setting_of(check, what), {"claimed_quantity": what})
        inputs = read_inputs(quantities.given, check.table("inputs"))
    except InputsError as problem:
        raise check.error(f"inputs: {problem}") from None
    except DeclarationError as problem:
        raise check.error(f"what: {problem}") from None
    claimed = _claimed(check)
    values: Values | _Fixed
    if quantities.is_plain("claimed_quantity") and not quantities.measures:
        evaluated = Values(quantities.program, inputs)
        values, shape = evaluated, evaluated.exact().shape("claimed_quantity")
    else:
        found = quantities.at(inputs, 1024)("claimed_quantity")
        values, shape = _Fixed(found), found.shape
    flat = tuple(n for n in shape if n != 1)
    if tuple(n for n in claimed.shape if n != 1) != flat:
        raise check.error(f"value: {what} has the shape {shape}, but numbers of the shape {claimed.shape} are claimed")
    return _compared(check, values, claimed.reshape(shape))


class _Fixed:
    """Balls that are there already, asked as :class:`Values` is."""

    def __init__(self, found: Array) -> None:
        self.found = found

    def answers(self, _: str, question: Any) -> Array:
        result = np.empty(self.found.shape, dtype=object)
        for position in np.ndindex(*self.found.shape):
            result[position] = question(position, self.found[position])
        return result


def _claimed(check: Check) -> Array:
    """The claimed numbers: ``Decimal`` where places count, fractions where they are meant exactly."""
    given = check.values["value"]
    try:
        exact = array(given, "value")
    except InputsError as problem:
        raise check.error(str(problem)) from None
    result = np.empty(exact.shape, dtype=object)
    for position in np.ndindex(*exact.shape):
        entry = given
        for at in position:
            entry = entry[at]
        printed = isinstance(entry, Decimal) or (isinstance(entry, str) and "/" not in entry)
        result[position] = Decimal(str(entry)) if printed and not check.flag("exact") else number(entry, "value")
    return result


def _compared(check: Check, values: Any, claimed: Array) -> Found:
    agrees = values.answers("claimed_quantity", lambda p, v: _agrees(v, claimed[p]))
    right = values.answers("claimed_quantity", lambda p, v: _right(v, claimed[p]))
    more = values.answers("claimed_quantity", lambda p, v: Rounding(decimals=_places(claimed[p]) + 5).text(v))
    evidence = (f"{check.text('what')} = {_listed(more)}",)
    wrong = [p for p in np.ndindex(*claimed.shape) if agrees[p] is False]
    if wrong:
        cut = values.answers("claimed_quantity", lambda p, v: _is_cut(v, claimed[p]))
        why = "cut off, not rounded" if all(cut[p] for p in wrong) else "not the true digits"
        parts = [f"{right[p]}{_at(p)}, not {_text(claimed[p])}" for p in wrong]
        return fails(why, correction="; ".join(parts), evidence=evidence)
    if any(agrees[p] is None for p in np.ndindex(*claimed.shape)):
        return undecided("the balls do not decide how it rounds", *evidence)
    printed = any(isinstance(c, Decimal) for c in claimed.ravel())
    return holds("every digit is right" if printed else "exactly", *evidence)


def _agrees(value: Any, claimed: Any) -> bool | None:
    if isinstance(claimed, Decimal):
        return rounds_to(value, claimed)
    ends = bounds(value)
    if ends is None:
        return None
    if not ends[0] <= claimed <= ends[1]:
        return False
    return True if ends[0] == ends[1] else None


def _is_cut(value: Any, claimed: Any) -> bool:
    return isinstance(claimed, Decimal) and cut_off(value, claimed)


def _right(value: Any, claimed: Any) -> str | None:
    if isinstance(claimed, Decimal):
        return Rounding(decimals=_places(claimed)).text(value)
    ends = bounds(value)
    if ends is not None and ends[0] == ends[1] and ends[0].denominator < 1000:
        return str(ends[0])
    return Rounding(digits=6).text(value)


def _places(claimed: Any) -> int:
    return max(0, -int(claimed.as_tuple().exponent)) if isinstance(claimed, Decimal) else 3


def _text(claimed: Any) -> str:
    return str(claimed) if isinstance(claimed, Decimal | Fraction) else repr(claimed)


def _at(position: tuple[int, ...]) -> str:
    return f" at {list(position)}" if position else ""


def _listed(texts: Array) -> str:
    if texts.ndim == 0:
        return str(texts[()])
    return f"[{', '.join(_listed(np.asarray(part, dtype=object)) for part in texts)}]"

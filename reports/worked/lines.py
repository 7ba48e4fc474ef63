"""What both the terminal and the paper show of one equation: its elements with numbers plugged in, where that is small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Symbol

from derive.notation import Box, Notation, width
from derive.program import Equation
from numeric.decimals import fixed
from reports.worked.plugging import NotSmall, plugged
from reports.worked.working import UNDECIDED, Worked

ELEMENTS = 8  # of a tensor that are worked out one by one
WIDEST = 44.0  # em: a formula with numbers that is wider says less than it costs
SHORT = 6  # decimals of an input that are printed as they were given


@dataclass(frozen=True)
class Element:
    """``target[position] = formula = value``."""

    position: tuple[int, ...]
    formula: Box
    value: str


def elements(worked: Worked, equation: Equation) -> list[Element]:
    """Every element of an equation with numbers in its formula; none where one of them is large."""
    exact = worked.exact.exact()
    shape = exact.shape(equation.target)
    if int(np.prod(shape)) > ELEMENTS or any(n is None for n in equation.extents):
        return []
    found = []
    notation = Notation.of(worked.derivation).at(equation)
    for position in np.ndindex(*shape):
        at = {i: p for i, p in zip(equation.indices, position, strict=True) if isinstance(i, Symbol)}
        try:
            formula = plugged(equation.rhs, at, exact.sizes, lambda name, p: shown(worked, name, p), notation)
        except (NotSmall, KeyError, IndexError):
            return []
        if width(formula) > WIDEST:
            return []
        found.append(Element(position, formula, str(worked.values[equation.target][position])))
    return found


def shown(worked: Worked, name: str, position: tuple[int, ...]) -> str:
    """An element as a formula shows it: an input as it was given where that is short, else correctly rounded."""
    given = worked.exact.inputs.get(name)
    if given is None and name in worked.program.tensors and worked.program.tensors[name].default is not None:
        return given_text(Fraction(str(worked.program.tensors[name].default))) or str(
            worked.program.tensors[name].default
        )
    if given is not None:
        value = np.asarray(given, dtype=object)[position]
        text = given_text(value)
        if text is not None:
            return text
    if any(p < 0 for p in position):  # a start value, which is no element of the array
        return worked.rounding.text(worked.exact.exact().value(name, position)) or UNDECIDED
    return str(worked.values[name][position])


def given_text(value: Any) -> str | None:
    """A fraction with few decimals, all of them; ``None`` for one with many.

    >>> given_text(Fraction(-1, 20)), given_text(Fraction(1, 3)), given_text(Fraction(2))
    ('-0.05', None, '2')
    """
    exact = Fraction(int(value)) if isinstance(value, int | np.integer) else value
    for places in range(SHORT + 1):
        if (exact * 10**places).denominator == 1:
            return fixed(exact, places)
    return None


def inputs_text(worked: Worked, name: str) -> Any:
    """An input as nested lists of texts."""
    value = np.asarray(worked.exact.inputs[name], dtype=object)
    result = np.empty(value.shape, dtype=object)
    for position in np.ndindex(*value.shape):
        result[position] = shown(worked, name, position)
    return result


def nested(texts: Any) -> str:
    """Texts in brackets, as many as there are axes; long ones are cut.

    >>> nested(np.array([["1", "2"]], dtype=object))
    '[[1, 2]]'
    """
    array = np.asarray(texts, dtype=object)
    if array.size > 60:
        return f"{', '.join(map(str, array.ravel()[:8]))}, ... ({array.size} numbers)"
    if array.ndim == 0:
        return str(array[()])
    return f"[{', '.join(nested(part) for part in array)}]"


def numpy_text(worked: Worked, name: str) -> str:
    """What NumPy computed, all digits of a double."""
    if name not in worked.numpy:
        return ""
    found = np.asarray(worked.numpy[name])
    return nested(np.vectorize(lambda x: repr(float(x) + 0.0), otypes=[object])(found))


def pairs(worked: Worked) -> Iterator[tuple[str, tuple[Equation, ...]]]:
    """The two passes with their titles."""
    yield "Forward", worked.forward
    yield "Backward", worked.backward

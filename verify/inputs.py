"""Inputs that somebody wrote into a file: read as exact numbers, and checked in every way before anything runs."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.errors import BackproofError
from derive.program import Program, Tensor
from numeric.decimals import Rounding
from numeric.errors import ShapeError
from numeric.exact import Exact
from numeric.shapes import bind_sizes, collapsed
from verify.domains import exactly
from verify.indices import integer_ranges
from verify.oracle.arrangement import DECLARED, Arrangement

Array = NDArray[Any]
MOST = 5000  # decimal digits of a number, and of its power of ten: beyond, exact arithmetic takes minutes


class InputsError(BackproofError, ValueError):
    """Inputs that do not fit an operation; the message says what must hold, what was given, and the fix."""


def number(value: Any, where: str) -> Fraction:
    """A number of a file, exactly: 0.1 is a tenth, and ``"1/3"`` a third.

    >>> number(Decimal("0.1"), "x"), number("-1/3", "x")
    (Fraction(1, 10), Fraction(-1, 3))

    Raises:
        InputsError: it is none, not finite, or has more than 5000 digits.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal | Fraction):
        raise InputsError(f'{where}: expected a number such as 0.1, -3 or "1/3", got {value!r}')
    try:
        if isinstance(value, str):
            top, slash, bottom = value.strip().partition("/")
            return _exact(Decimal(top), where) / (_exact(Decimal(bottom), where) if slash else 1)
        return _exact(value, where) if isinstance(value, Decimal) else Fraction(value)
    except InputsError:
        raise
    except (InvalidOperation, ValueError, OverflowError, ZeroDivisionError):
        raise InputsError(f'{where}: expected a finite number such as 0.1, -3 or "1/3", got {value!r}') from None


def _exact(value: Decimal, where: str) -> Fraction:
    if value.is_finite() and max(abs(value.adjusted()), len(value.as_tuple().digits)) > MOST:
        raise InputsError(
            f"{where}: a number has at most {MOST} digits and a power of ten up to {MOST}; write a shorter one"
        )
    return Fraction(value)


def array(value: Any, where: str) -> Array:
    """Nested lists of numbers as an array of fractions.

    Raises:
        InputsError: an entry is no number, or the rows are not equally long.
    """
    shape = _shape(value, where)
    result = np.empty(shape, dtype=object)
    for position in np.ndindex(*shape):
        entry = value
        for at in position:
            entry = entry[at]
        result[position] = number(entry, f"{where}{list(position) if position else ''}")
    return result


def _shape(value: Any, where: str) -> tuple[int, ...]:
    if not isinstance(value, list | tuple):
        return ()
    shapes = [_shape(part, f"{where}[{k}]") for k, part in enumerate(value)]
    for k, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise InputsError(
                f"{where}: all rows must be equally long; row 0 has the shape {shapes[0]} and row {k} has {shape}"
            )
    return (len(value), *(shapes[0] if shapes else ()))


def read_inputs(
    program: Program,
    given: Mapping[str, Any],
    arrangement: Arrangement = DECLARED,
    sizes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The inputs of a program from what a file says, as arrays of fractions (integer inputs as integers).

    ``arrangement`` says how the file's arrays lie, ``sizes`` what the file states of sizes.

    Raises:
        InputsError: an input is missing, unknown, of the wrong shape, outside its domain, or against a fact.

    Example:
        >>> from derive.registry import get
        >>> read_inputs(get("sigmoid").program, {"z": ["1/3"]})["z"].tolist()
        [Fraction(1, 3)]
        >>> read_inputs(get("dense").program, {"X": [[1]], "W": [[1]]})
        Traceback (most recent call last):
        ...
        verify.inputs.InputsError: dense needs the input b[k], which is missing; add b = [...] with 1 axis
    """
    tensors = {t.name: t for t in program.inputs}
    integers = {s.name for s in program.integers}
    _names(program, given, tensors, integers)
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name in integers:
            values[name] = _integer(name, value)
        else:
            values[name] = _one(program, tensors[name], array(value, name), arrangement)
    try:
        shapes = {n: collapsed(program, tensors[n], v.shape) for n, v in values.items() if n in tensors}
        bound = bind_sizes(program, shapes, {n: values[n] for n in integers & values.keys()})
        _sizes(program, {s.name: n for s, n in bound.items()}, sizes or {})
        for name, value in values.items():
            if name in tensors:
                _domain(program, tensors[name], value, bound)
        _facts(program, values)
    except ShapeError as problem:
        raise InputsError(f"{problem}; change the array, or the other one") from None
    return values


def _names(program: Program, given: Mapping[str, Any], tensors: Mapping[str, Tensor], integers: set[str]) -> None:
    known = [*tensors, *sorted(integers)]
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"its inputs are {', '.join(known)}; take it out"
            raise InputsError(f"{program.name} has no input {name}; {hint}")
    for tensor in tensors.values():
        if tensor.name not in given and tensor.default is None:
            axes = f"{tensor.rank} {'axis' if tensor.rank == 1 else 'axes'}"
            fix = f"{tensor.name} = [...] with {axes}" if tensor.rank else f"{tensor.name} = 1.0, a number"
            what = f"{tensor.name}{_declared(tensor)}"
            raise InputsError(f"{program.name} needs the input {what}, which is missing; add {fix}")


def _declared(tensor: Tensor) -> str:
    return f"[{', '.join(map(str, tensor.shape))}]" if tensor.rank else ""


def _integer(name: str, value: Any) -> int:
    exact = number(value, name)
    if exact.denominator != 1:
        raise InputsError(f"{name} must be a whole number, got {value}")
    return int(exact)


def _one(program: Program, tensor: Tensor, given: Array, arrangement: Arrangement) -> Array:
    axes = arrangement.axes.get(tensor.name)
    rank = len(axes) if axes is not None else tensor.rank
    leading = program.ellipsis is not None and tensor.rank > 0 and tensor.shape[0] == program.ellipsis
    if given.ndim != rank and not (leading and given.ndim >= tensor.rank - 1):
        lie = " in the layout given" if axes is not None else ""
        wanted = f"{rank} {'axis' if rank == 1 else 'axes'}{lie}"
        raise InputsError(
            f"{tensor.name}{_declared(tensor)} must have {wanted}, but the shape {given.shape} with {given.ndim} was given; "
            f"nest the lists {rank} deep"
        )
    ours = arrangement.ours(tensor.name, given)
    if not tensor.integer:
        return ours
    for position, value in np.ndenumerate(ours):
        if value.denominator != 1:
            raise InputsError(f"{tensor.name}{list(position)} is an index and must be a whole number, got {value}")
    return ours.astype(np.int64)


def _sizes(program: Program, bound: Mapping[str, int], stated: Mapping[str, Any]) -> None:
    for name, value in stated.items():
        size = _integer(name, value)
        if name not in bound:
            raise InputsError(f"{program.name} has no size {name}; its sizes are {', '.join(bound)}")
        if bound[name] != size:
            raise InputsError(
                f"the size {name} is stated to be {size}, but the arrays have {bound[name]}; change one of them"
            )


def _domain(program: Program, tensor: Tensor, value: Array, sizes: Mapping[Any, int]) -> None:
    if tensor.integer:
        low, high = integer_ranges(program, sizes)[tensor.name]
        for position, entry in np.ndenumerate(value):
            if not low <= entry < high:
                at = f"{tensor.name}{list(position)}"
                raise InputsError(f"{at} = {entry} is an index and must lie from {low} to {high - 1}; change the entry")
        return
    if not tensor.domain:
        return
    allowed = exactly(tensor, sizes)
    for position, entry in np.ndenumerate(value):
        if not allowed(entry):
            at = f"{tensor.name}{list(position) if position else ''}"
            conditions = " and ".join(str(each) for each in tensor.domain)
            whose = "its declared domain" if tensor.stated else "the domain of the functions that read it"
            raise InputsError(f"{at} = {_short(entry)} is outside {whose}, {conditions}; change the entry")


def _short(value: Fraction) -> str:
    """A fraction for a message, however large or small: as it is, or with 6 digits and ~ before it."""
    body, e, power = str(Rounding(digits=6).text(value)).partition("e")
    text = f"{body.rstrip('0').rstrip('.') if '.' in body else body}{e}{power}"
    return text if Fraction(text) == value else f"~{text}"


def _facts(program: Program, values: Mapping[str, Any]) -> None:
    """Facts are equations between elements of inputs: each must hold exactly for every index."""
    from derive.text import expression_text

    if not program.facts:
        return
    exact = Exact(program, values, field="rational")
    for left, right in program.facts:
        free = sorted({s for s in (left - right).free_symbols if s not in exact.sizes}, key=str)
        ranges = [range(_extent(program, left - right, s, exact)) for s in free]
        for place in np.ndindex(*(len(r) for r in ranges)):
            found = exact.evaluate(left - right, dict(zip(free, map(int, place), strict=True)))
            if found != 0:
                says = f"{expression_text(left)} == {expression_text(right)}"
                where = ", ".join(f"{s} = {p}" for s, p in zip(free, place, strict=True))
                raise InputsError(
                    f"{program.name} declares the fact {says}; with these inputs the two differ by {_short(found)}"
                    f"{' at ' + where if where else ''}; change the inputs so that it holds exactly"
                )


def _extent(program: Program, e: Any, symbol: Any, exact: Exact) -> int:
    from derive.nodes import Access

    for access in sorted(e.atoms(Access), key=str):
        for axis, position in enumerate(access.indices):
            if position == symbol:
                return exact.shape(access.tensor)[axis]
    raise InputsError(f"{program.name}: the range of {symbol} in a fact is not known")


__all__ = ["Array", "InputsError", "array", "number", "read_inputs"]

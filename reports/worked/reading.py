"""The file of a worked example: which numbers go in, how they lie, how many digits come out, what the source printed."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from derive.derivation import Derivation
from derive.operation import Operation
from numeric.decimals import Rounding
from verify.errors import MappingError
from verify.inputs import Array, InputsError, number, read_inputs
from verify.oracle.arrangement import DECLARED, Arrangement
from verify.oracle.arrangement import read as read_layouts

KEYS = ("title", "source", "inputs", "cotangents", "layouts", "sizes", "format", "update", "parameters", "printed")
MOST = 1_000_000  # bytes of a file
DIGITS = Rounding(digits=5)


@dataclass(frozen=True)
class Printed:
    """A number, or an array of them, that a source prints for a quantity: an expression in the example's names."""

    what: str
    value: Array  # of Decimal
    label: str = ""
    layout: str = ""


@dataclass(frozen=True)
class Given:
    """What a file says, read and checked."""

    inputs: Mapping[str, Any]
    cotangents: Mapping[str, Array] = field(default_factory=dict)
    arrangement: Arrangement = DECLARED
    rounding: Rounding | None = None
    update: Mapping[str, Any] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    printed: tuple[Printed, ...] = ()
    title: str = ""
    source: str = ""


def shipped() -> dict[str, str]:
    """The examples that come with the project: name -> text of the file.

    >>> sorted(shipped())
    ['article_b']
    """
    folder = resources.files("reports.worked") / "examples"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return {file.name.removesuffix(".toml"): file.read_text(encoding="utf-8") for file in files}


def find(where: str | Path) -> str:
    """The text of a file of inputs: by its path, or by the name of one that comes with the project.

    Raises:
        InputsError: there is neither, or the file is no text, or too long.
    """
    path = Path(where)
    if path.is_dir():
        raise InputsError(f"{path} is a folder; name a file in it")
    if path.is_file():
        if path.stat().st_size > MOST:
            raise InputsError(f"{path} has more than {MOST:,} bytes; a worked example is small: take fewer numbers")
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise InputsError(f"{path} is not UTF-8 text; save it as UTF-8") from None
    known = shipped()
    name = path.name.removesuffix(".toml")
    if name == str(where).removesuffix(".toml") and name in known:
        return known[name]
    raise InputsError(
        f"there is no file {str(where)!r}, nor an example of that name; write the path of a TOML file, or one of "
        f"{', '.join(known)}"
    )


def read(text: str, operation: Operation, derivation: Derivation) -> Given:
    """Read a file's text for an operation; everything is checked here, before anything runs.

    Raises:
        InputsError: the text is no TOML, or something in it does not fit the operation.
    """
    table = load(text)
    for key in table:
        if key not in KEYS:
            close = difflib.get_close_matches(key, KEYS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(KEYS)}"
            raise InputsError(f"a worked example has no part {key!r}; {hint}")
    if not isinstance(table.get("inputs"), Mapping):
        names = ", ".join(t.name for t in operation.inputs)
        raise InputsError(f"the file must have a part [inputs] with the numbers of {names}; add it")
    program = derivation.combined
    try:
        layouts = {name: _text(_table(table, "layouts"), name) for name in _table(table, "layouts")}
        arrangement = read_layouts(layouts, program) if layouts else DECLARED
    except MappingError as problem:  # which says that it is about layouts
        raise InputsError(str(problem)) from None
    arrangement = _of_gradients(arrangement, derivation)
    inputs = read_inputs(operation.program, _table(table, "inputs"), arrangement, _table(table, "sizes"))
    return Given(
        inputs,
        _cotangents(_table(table, "cotangents"), derivation, inputs),
        arrangement,
        _rounding(_table(table, "format")),
        dict(_table(table, "update")),
        _parameters(table.get("parameters", []), derivation),
        _all_printed(table.get("printed", [])),
        _text(table, "title"),
        _text(table, "source"),
    )


def load(text: str) -> dict[str, Any]:
    """TOML with its decimals exactly as they are written.

    Raises:
        InputsError: it is no TOML; the message has the line.
    """
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as problem:
        raise InputsError(f"the file is no TOML: {problem}") from None
    except (ValueError, ArithmeticError, RecursionError):
        raise InputsError("the file has a number, or lists in lists, without end; write shorter ones") from None


def _table(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = table.get(name, {})
    if not isinstance(part, Mapping):
        raise InputsError(f"{name} must be a part of its own, [{name}] with name = value below it; got {part!r}")
    return part


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise InputsError(f"{key} must be text in quotes, got {value!r}")
    return value


def _of_gradients(arrangement: Arrangement, derivation: Derivation) -> Arrangement:
    """A gradient, and every other adjoint, lies as its tensor does."""
    names = {**{a: t for t, a in derivation.adjoints.items()}, **{a: t for t, a in derivation.gradients.items()}}
    names |= {a: t for t, a in derivation.cotangents.items()}
    there = derivation.combined.tensors  # an adjoint that was put into its readers is no tensor
    own = {a: arrangement.axes[tensor] for a, tensor in names.items() if tensor in arrangement.axes and a in there}
    return Arrangement({**own, **arrangement.axes})


def _cotangents(given: Mapping[str, Any], derivation: Derivation, inputs: Mapping[str, Any]) -> dict[str, Array]:
    """Cotangents by output name; where none is given: 1, 1/2, 1/3, ..., which is not uniform."""
    from fractions import Fraction

    from numeric.exact import Exact
    from verify.inputs import array

    for name in given:
        if name not in derivation.cotangents:
            known = ", ".join(derivation.cotangents) or "none, since the output is a scalar"
            raise InputsError(f"there is no cotangent of {name} to be given; those to be given: {known}")
    found: dict[str, Array] = {}
    exact = Exact(derivation.program, inputs) if derivation.cotangents else None
    for name in derivation.cotangents:
        assert exact is not None
        shape = exact.shape(name)
        if name in given:
            value = array(given[name], f"cotangent of {name}")
            if value.shape != shape:
                raise InputsError(f"the cotangent of {name} must have its shape {shape}, got {value.shape}")
        else:
            value = np.empty(shape, dtype=object)
            for k, position in enumerate(np.ndindex(*shape)):
                value[position] = Fraction(1, k + 1)
        found[name] = value
    return found


def _rounding(part: Mapping[str, Any]) -> Rounding | None:
    if not part:
        return None
    if len(part) != 1 or next(iter(part)) not in ("digits", "decimals"):
        raise InputsError(f"[format] takes digits = N or decimals = N, one of the two; got {', '.join(part)}")
    ((kind, count),) = part.items()
    return rounding(**{kind: count})


def rounding(digits: int | None = None, decimals: int | None = None) -> Rounding:
    """The number format asked for, checked.

    Raises:
        InputsError: both, or a count out of range.
    """
    if digits is not None and decimals is not None:
        raise InputsError("give digits (significant ones) or decimals (behind the point), not both")
    if digits is None and decimals is None:
        return DIGITS
    count, least, kind = (digits, 1, "digits") if digits is not None else (decimals, 0, "decimals")
    if not isinstance(count, int) or not least <= count <= 200:
        raise InputsError(f"{kind} must be a whole number from {least} to 200, got {count!r}")
    return Rounding(digits=digits, decimals=decimals)


def _parameters(names: Any, derivation: Derivation) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputsError(f'parameters must be a list of names, such as ["W", "b"]; got {names!r}')
    for name in names:
        if name not in derivation.gradients:
            raise InputsError(
                f"there is no gradient of {name} to update it with; choose from {', '.join(derivation.gradients)}"
            )
    return tuple(names)


def _all_printed(entries: Any) -> tuple[Printed, ...]:
    if not isinstance(entries, list):
        raise InputsError(f"printed must be parts [[printed]], each with what and value below it; got {entries!r}")
    return tuple(map(_printed, entries, range(len(entries))))


def _printed(entry: Any, place: int) -> Printed:
    where = f"printed {place + 1}"
    if not isinstance(entry, Mapping) or not isinstance(entry.get("what"), str) or "value" not in entry:
        raise InputsError(f'{where}: expected [[printed]] with what = "Z1" and value = ["-0.04", "0.18"]')
    unknown = sorted({*entry} - {"what", "value", "label", "layout"})
    if unknown:
        raise InputsError(
            f"{where} ({entry['what']}): there is no key {unknown[0]!r}; keys: what, value, label, layout"
        )
    value = decimals(entry["value"], f"{where} ({entry['what']})")
    return Printed(entry["what"], value, _text(entry, "label"), _text(entry, "layout"))


def decimals(value: Any, where: str) -> Array:
    """Printed numbers with the places that they are printed with, as an array of ``Decimal``.

    Raises:
        InputsError: one is no decimal number.
    """
    from verify.inputs import array

    shape = array(value, where).shape
    result = np.empty(shape, dtype=object)
    for position in np.ndindex(*shape):
        entry = value
        for at in position:
            entry = entry[at]
        number(entry, where)
        try:
            result[position] = Decimal(str(entry))
        except InvalidOperation:
            raise InputsError(f"{where}: a printed number is a decimal such as 0.114, got {entry!r}") from None
    return result

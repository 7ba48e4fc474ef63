"""All operations: each is declared in one place (a module of ``derive.catalog``), found by scanning that folder."""

from __future__ import annotations

import importlib
import pkgutil
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import derive.catalog
from derive.builder import build
from derive.errors import DeclarationError, UnknownOperation
from derive.operation import Operation


@dataclass(frozen=True)
class Declaration:
    """What :func:`register` was given."""

    name: str
    text: str
    details: Mapping[str, Any] = field(default_factory=dict)


_declared: dict[str, Declaration] = {}
_scanned: set[str] = set()


def register(
    name: str,
    text: str,
    *,
    title: str,
    category: str,
    source: str,
    summary: str = "",
    layout: str = "",
    interpretation: str = "",
    meanings: Mapping[str, str] | None = None,
    example: Mapping[str, object] | None = None,
    symmetries: Sequence[str] = (),
    symbol: str = "",
) -> None:
    """Declare an operation of the catalog.  The text is read when the operation is first asked for.

    ``symbol`` is how formulas write it: a Greek letter by its name, or a word such as ``ReLU``; else they use the name.

    ``symmetries`` are claims in the words of :mod:`derive.symmetries`; the verifier checks them.
    """
    known = _declared.get(name)
    if known is not None and known.text != text:
        raise DeclarationError(f"the operation {name} is declared twice")
    details: dict[str, Any] = {
        "title": title,
        "category": category,
        "source": source,
        "summary": summary,
        "layout": layout,
        "interpretation": interpretation,
        "meanings": dict(meanings or {}),
        "example": dict(example or {}),
        "claims": tuple(symmetries),
        "symbol": symbol,
    }
    _declared[name] = Declaration(name, text, details)


def _scan() -> None:
    for module in sorted(m.name for m in pkgutil.iter_modules(derive.catalog.__path__)):
        if module not in _scanned:
            _scanned.add(module)
            importlib.import_module(f"derive.catalog.{module}")


def names() -> tuple[str, ...]:
    """The names of all operations, in order of declaration."""
    _scan()
    return tuple(_declared)


def declarations() -> tuple[Declaration, ...]:
    """What was declared, unread: enough for a list, and quick."""
    _scan()
    return tuple(_declared.values())


def get(name: str, **options: str) -> Operation:
    """The operation of this name; ``options`` choose function-valued hyper-parameters.

    Raises :class:`UnknownOperation` with suggestions.

    >>> get("sigmoid").wrt
    ('z',)
    >>> get("mlp", activation="tanh").options["activation"]
    'tanh'
    """
    _scan()
    if name not in _declared:
        raise UnknownOperation(name, _declared)
    return _get(name, tuple(sorted(options.items())))


@cache
def _get(name: str, options: tuple[tuple[str, str], ...]) -> Operation:
    declaration = _declared[name]
    return _operation(name, declaration.text, dict(options), declaration.details)


def _operation(name: str, text: str, options: Mapping[str, str], details: Mapping[str, Any]) -> Operation:
    from derive.functions import chosen_functions

    for choice in options.values():
        if not is_elementwise(choice):
            known = ", ".join(filter(is_elementwise, _declared))
            raise DeclarationError(f"{choice} is not an elementwise operation; choose one of {known}")
    program = build(text, name, options)
    chosen = chosen_functions(text, options, name)
    return Operation(name, text, program, options=chosen, **details)


def operations() -> tuple[Operation, ...]:
    """All operations of the catalog, in order of declaration."""
    return tuple(get(name) for name in names())


def subject(operation: Operation) -> str:
    """What a command line calls an operation: its name, with the options that are not the declared ones, or a file.

    >>> subject(get("mlp")), subject(get("mlp", activation="relu")), subject(declare("x[n]; L = sum(x)", name="total"))
    ('mlp', 'mlp:activation=relu', 'total.eqs')
    """
    _scan()
    declaration = _declared.get(operation.name)
    if declaration is None or declaration.text != operation.text:
        return shlex.quote(f"{operation.name}.eqs")
    usual = get(operation.name).options
    options = ",".join(f"{k}={v}" for k, v in sorted(operation.options.items()) if v != usual[k])
    return f"{operation.name}:{options}" if options else operation.name


def symbol_of(name: str) -> str:
    """How formulas write an operation.

    >>> symbol_of("sigmoid"), symbol_of("relu"), symbol_of("softplus")
    ('sigma', 'ReLU', 'softplus')
    """
    _scan()
    declaration = _declared.get(name)
    return (declaration.details["symbol"] if declaration is not None else "") or name


def is_elementwise(name: str) -> bool:
    """Whether a catalog operation of this name maps each element alone."""
    _scan()
    declaration = _declared.get(name)
    return declaration is not None and "[...]" in declaration.text and get(name).function is not None


def _title(text: str) -> str:
    """The title of a declaration: the comment that it begins with, if it does."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first.lstrip("#").strip() if first.startswith("#") else ""


def declare(
    text: str | Path,
    name: str = "operation",
    *,
    symmetries: Sequence[str] = (),
    options: Mapping[str, str] | None = None,
) -> Operation:
    """Read a declaration: a string, or the path of an ``.eqs`` file (which holds the same text).

    ``symmetries`` as for :func:`register`, ``options`` as for :func:`get`; a comment in the first line is the title.

    Raises :class:`DeclarationError` with the line and a caret.

    >>> square = declare("x[n]; L = sum(x**2)/2", name="square")
    >>> square.wrt, square.program.outputs
    (('x',), ('L',))
    """
    if isinstance(text, Path):
        try:
            content = text.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise DeclarationError(f"cannot read {text}: {problem}") from None
        own = name if name != "operation" else text.stem
        return declare(content, own, symmetries=symmetries, options=options)
    operation = _operation(name, text, dict(options or {}), {"claims": tuple(symmetries), "title": _title(text)})
    _ = operation.symmetries  # read now, so that a mistake shows here
    return operation

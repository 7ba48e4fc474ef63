"""Documents as JSON and back: one general rule for every dataclass of the document model, and no code in the data.

A dataclass is a list that begins with its name, then its fields in order; a tuple begins with ``()``, bytes with ``b64``,
and a mapping whose keys are no text with ``map``.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import ModuleType
from typing import Any

from derive.notation import tree
from reports import document
from reports.errors import ReportError

TUPLE, BYTES, MAP = "()", "b64", "map"


class CodecError(ReportError):
    """Text that is no document."""


@cache
def classes() -> dict[str, type[Any]]:
    """Every dataclass of the document model and of the boxes, by its name."""
    found: dict[str, type[Any]] = {}
    for module in (document, tree):
        for name, value in vars(module).items():
            if isinstance(value, type) and is_dataclass(value) and _own(value, module):
                assert name not in found, f"two classes of documents are called {name}"
                found[name] = value
    return found


def _own(value: type[Any], module: ModuleType) -> bool:
    return value.__module__ == module.__name__


def dumps(value: Any) -> str:
    """A value of the document model as JSON text, the same text for equal values.

    >>> dumps(document.text("x"))
    '["()",["Text","x",false]]'

    Raises :class:`CodecError` for what the document model does not know.
    """
    return json.dumps(_encode(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def loads(text: str) -> Any:
    """The value that :func:`dumps` wrote.

    >>> loads('["()",["Text","x",false]]')
    (Text(text='x', strong=False),)

    Raises :class:`CodecError` for any other text.
    """
    try:
        return _decode(json.loads(text))
    except (ValueError, TypeError, RecursionError, binascii.Error) as problem:
        raise CodecError(f"this is no document: {problem}") from None


@cache
def _fields(name: str) -> tuple[str, ...]:
    return tuple(each.name for each in fields(classes()[name]) if each.metadata.get("kept", True))


def _encode(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, tuple | list):
        return [TUPLE, *map(_encode, value)]
    if isinstance(value, bytes):
        return [BYTES, base64.b64encode(value).decode()]
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):  # JSON would make text of them
            return [MAP, *([_encode(key), _encode(item)] for key, item in value.items())]
        return {key: _encode(item) for key, item in value.items()}
    kind = type(value)
    if classes().get(kind.__name__) is not kind:
        raise CodecError(f"a document holds text, numbers, boxes and blocks; got {kind.__name__}")
    return [kind.__name__, *(_encode(getattr(value, name)) for name in _fields(kind.__name__))]


def _decode(data: Any) -> Any:
    if isinstance(data, list):
        head, *rest = data
        if head == TUPLE:
            return tuple(map(_decode, rest))
        if head == MAP:
            return {_decode(key): _decode(item) for key, item in rest}
        if head == BYTES:
            return base64.b64decode(rest[0], validate=True)
        kind: Callable[..., Any] | None = classes().get(head) if isinstance(head, str) else None
        if kind is None or len(rest) != len(_fields(head)):
            raise ValueError(f"no class {head!r} with {len(rest)} fields")
        return kind(*map(_decode, rest))
    if isinstance(data, dict):
        return {key: _decode(item) for key, item in data.items()}
    return data

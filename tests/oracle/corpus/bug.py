"""One mistake of the corpus, and the small functions that the restatements share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derive.operation import Operation
from derive.registry import declare


@dataclass(frozen=True)
class Bug:
    """A right and a wrong implementation of an operation.

    ``kinds`` are the mutants' names, one of which (or one of the alternatives) the diagnosis must give: the cause that the
    source states; with none at all, no known mistake reproduces it, which must then be said.
    """

    name: str
    source: str
    operation: str | Operation
    right: Callable[..., Any]
    wrong: Callable[..., Any]
    kinds: frozenset[str]
    strata: tuple[str, ...] = ("ordinary",)
    options: Mapping[str, Any] = field(default_factory=dict)


def kinds(*names: str) -> frozenset[str]:
    return frozenset(names)


def own(name: str, text: str) -> Operation:
    """A declaration for a mistake about something that the catalog does not have in this form."""
    return declare(text, name=name)


def sig(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any) -> Any:
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def one_hot(label: Any, k: int) -> Any:
    return np.eye(k)[label]

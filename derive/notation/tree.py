"""Boxes: what is seen on paper, without any output language.

A box says *fraction*, *subscript*, *hat*; how that is spelt in LaTeX or elsewhere is a printer's business.
"""

from __future__ import annotations

from dataclasses import dataclass

BINARY = frozenset({"plus", "minus", "cdot", "times", "odot", "oslash"})
RELATIONS = frozenset({"equals", "ne", "lt", "le", "gt", "ge", "in", "gets", "divides"})


@dataclass(frozen=True)
class Box:
    """Base of all boxes."""


@dataclass(frozen=True)
class Letter(Box):
    """A variable: one Latin letter, a Greek letter by its name, or a word.

    ``style`` is ``italic``, ``upright`` (words), ``bold`` or ``script``.
    """

    text: str
    style: str = "italic"


@dataclass(frozen=True)
class Number(Box):
    """Digits as printed."""

    text: str


@dataclass(frozen=True)
class Sign(Box):
    """An operator, relation, punctuation mark or ordinary symbol, by name (``plus``, ``odot``, ``le``)."""

    name: str


@dataclass(frozen=True)
class Words(Box):
    """Words inside a formula."""

    text: str


@dataclass(frozen=True)
class Row(Box):
    """Boxes side by side."""

    parts: tuple[Box, ...]


@dataclass(frozen=True)
class Script(Box):
    """A base with what stands below and above on its right."""

    base: Box
    sub: Box | None = None
    sup: Box | None = None


@dataclass(frozen=True)
class Fraction(Box):
    """A numerator over a denominator."""

    numerator: Box
    denominator: Box


@dataclass(frozen=True)
class Root(Box):
    """A square root."""

    radicand: Box


@dataclass(frozen=True)
class Accent(Box):
    """A mark over a box: ``hat``, ``bar``, ``tilde``, ``dot``."""

    kind: str
    base: Box


@dataclass(frozen=True)
class Fence(Box):
    """A box between delimiters: ``(``, ``[``, ``floor`` or ``bar`` (an absolute value)."""

    kind: str
    body: Box


@dataclass(frozen=True)
class Under(Box):
    """A box with a small note below it: the shape of a factor."""

    body: Box
    below: Box


@dataclass(frozen=True)
class Evaluated(Box):
    """``body|_{at}``: an expression at a value."""

    body: Box
    at: Box


@dataclass(frozen=True)
class Big(Box):
    """A large operator with limits: ``sum``, ``prod``, or the name of one such as ``max``."""

    name: str
    below: Box | None = None
    above: Box | None = None


@dataclass(frozen=True)
class Named(Box):
    """The upright name of a function, with an operator's spacing."""

    name: str


@dataclass(frozen=True)
class Cases(Box):
    """Values with their conditions below one another behind a brace."""

    rows: tuple[tuple[Box, Box], ...]


THIN = Sign("thin")
COMMA = Sign("comma")
PLUS = Sign("plus")
MINUS = Sign("minus")
EQUALS = Sign("equals")
CDOT = Sign("cdot")
ONE = Number("1")
OPEN = Sign("open")  # the ends of a parenthesis that goes over several lines
CLOSE = Sign("close")


def row(*parts: Box) -> Box:
    """Boxes side by side, rows inside flattened; a single one stays itself.

    >>> row(ONE, row(PLUS, ONE)) == Row((ONE, PLUS, ONE))
    True
    """
    flat: list[Box] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Row) else (part,))
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def separated(boxes: list[Box], separator: Box = COMMA) -> Box:
    """Boxes with a separator between them."""
    parts: list[Box] = []
    for number, box in enumerate(boxes):
        if number:
            parts.append(separator)
        parts.append(box)
    return row(*parts)


def superscript(base: Box, above: Box) -> Box:
    """A box raised beside a base, above a subscript that is there already."""
    if isinstance(base, Script) and base.sup is None:
        return Script(base.base, base.sub, above)
    return Script(base, sup=above)


def fenced(box: Box, kind: str = "(") -> Box:
    """A box in delimiters."""
    return Fence(kind, box)

"""What the numeric part refuses to do, each with its own name."""

from __future__ import annotations

from derive.errors import BackproofError


class UnsupportedExpression(BackproofError, ValueError):
    """An expression node that no rule covers; the message names the node and the equation it stands in."""


class ShapeError(BackproofError, ValueError):
    """Given arrays whose shapes contradict the declaration, or each other."""


class NotRational(BackproofError, ValueError):
    """A function whose value is not rational was met while evaluating with exact fractions."""


class Undecidable(BackproofError, ArithmeticError):
    """A comparison of two balls that overlap: more bits are needed, or the two numbers are equal."""


class CostError(BackproofError, ValueError):
    """A cost that is no polynomial in the sizes, or takes too long to determine."""


class OutOfBounds(BackproofError, IndexError):
    """An access outside a tensor that no guard protects."""

"""Conventions at kinks: found in the expressions themselves, so that every kink of a program is named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sympy import Abs, Basic, Expr, sign
from sympy.logic.boolalg import Boolean

from derive.named import NamedFunction
from derive.nodes import Access, IntegerAccess, Maximum, Minimum, Reduce, Where
from derive.program import Equation


@dataclass(frozen=True)
class Convention:
    """What the derivative is where it does not exist: a sentence with the kink's own formula in it.

    ``target`` is the tensor in whose equation the kink stands; ``str()`` is the sentence as text.
    """

    target: str
    before: str
    shown: Expr | Boolean
    after: str

    def __str__(self) -> str:
        from derive.text import condition_text, expression_text

        text = condition_text if isinstance(self.shown, Boolean) else expression_text
        return f"{self.before} {text(self.shown)}{self.after}"


def conventions(equations: Iterable[Equation]) -> tuple[Convention, ...]:
    """One for each kink, in the order of the equations; what a named function hides is looked into."""
    found: dict[Convention, None] = {}
    for equation in equations:
        for node in _opened(equation.rhs):
            said = _said(node)
            if said is not None:
                found[Convention(equation.target, *said)] = None
    return tuple(found)


def _opened(expression: Expr) -> list[Expr]:
    """An expression's nodes in a fixed order, named functions opened."""
    nodes: list[Expr] = []
    for node in sorted(expression.atoms(Maximum, Minimum, Reduce, Where, Abs, sign, NamedFunction), key=str):
        nodes.extend(_opened(node.definition()) if isinstance(node, NamedFunction) else [node])
    return nodes


def _said(node: Expr) -> tuple[str, Basic, str] | None:
    if isinstance(node, Maximum):
        return "At a tie of", node, f" {_ties(node.ties, 'argument')}."
    if isinstance(node, Reduce) and node.op in ("max", "min"):
        return "At a tie of", node, f" {_ties(node.ties or 'first', 'extremum')}."
    if isinstance(node, Where) and any(not isinstance(a, IntegerAccess) for a in node.condition.atoms(Access)):
        return "Where the condition", node.condition, " changes, the derivative is that of the branch taken."
    if isinstance(node, Abs):
        return "The derivative of", node, " at 0 is 0."
    if isinstance(node, sign):
        return "The derivative of", node, " is 0, at 0 too."
    return None


def _ties(ties: str, what: str) -> str:
    if ties == "share":
        return f"the cotangent is shared in equal parts by all that attain it ({what}s alike)"
    return f"the {ties} {what} takes the whole cotangent"

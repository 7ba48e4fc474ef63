"""Conventions at kinks: found in the expressions themselves, so that every kink of a program is named."""

from __future__ import annotations

from sympy import Abs, Expr, sign

from derive.named import NamedFunction
from derive.nodes import Access, Maximum, Minimum, Reduce, Where
from derive.notation import Notation, condition_box, expression_box
from derive.program import Program
from reports.document import Inline, text


def conventions(program: Program, notation: Notation) -> list[tuple[Inline, ...]]:
    """One sentence for each kink: what the derivative is where it does not exist."""
    found: dict[tuple[Inline, ...], None] = {}
    for equation in program.equations:
        context = notation.at(equation)
        for expression in _opened(equation.rhs):
            sentence = _sentence(expression, context)
            if sentence is not None:
                found[sentence] = None
    sentences = list(found)
    sentences.extend(text(sentence) for sentence in program.conventions)
    return sentences


def _opened(expression: Expr) -> list[Expr]:
    """An expression's nodes in a fixed order, named functions opened."""
    nodes: list[Expr] = []
    for node in sorted(expression.atoms(Maximum, Minimum, Reduce, Where, Abs, sign, NamedFunction), key=str):
        nodes.extend(_opened(node.definition()) if isinstance(node, NamedFunction) else [node])
    return nodes


def _sentence(node: Expr, notation: Notation) -> tuple[Inline, ...] | None:
    shown = expression_box(node, notation)
    if isinstance(node, Maximum):
        return text("At a tie of ", shown, " ", _ties(node.ties, "argument"), ".")
    if isinstance(node, Reduce) and node.op in ("max", "min"):
        return text("At a tie of ", shown, " ", _ties(node.ties or "first", "extremum"), ".")
    if isinstance(node, Where) and node.condition.has(Access):
        condition = condition_box(node.condition, notation)
        return text("Where the condition ", condition, " changes, the derivative is that of the branch taken.")
    if isinstance(node, Abs):
        return text("The derivative of ", shown, " at 0 is 0.")
    if isinstance(node, sign):
        return text("The derivative of ", shown, " is 0, at 0 too.")
    return None


def _ties(ties: str, what: str) -> str:
    if ties == "share":
        return f"the cotangent is shared in equal parts by all that attain it ({what}s alike)"
    return f"the {ties} {what} takes the whole cotangent"

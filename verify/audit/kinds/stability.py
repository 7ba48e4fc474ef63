"""For which learning rates an optimizer is stable on a quadratic of curvature lambda: derived, then compared.

``of`` is the optimizer, ``below`` the rate at which it stops being stable (``"2/lambda"``), ``factor`` by what one step multiplies
the distance from the minimum (``"1 - alpha*lambda"``, for one state), ``at`` and ``rate`` as for ``backproof analyse stability``.
"""

from __future__ import annotations

from functools import lru_cache

from sympy import Symbol, cancel

from derive.analyses.stability import CURVATURE
from derive.errors import DerivationError
from derive.operation import Operation
from derive.text import expression_text
from verify.analyses.stability import StabilityReport, stability
from verify.audit.algebra import read_expression
from verify.audit.claims import Check
from verify.audit.found import Found, fails, holds, undecided

REQUIRED = {"of": '"gradient_descent"'}
OPTIONAL = {"below": '"2/lambda"', "factor": '"1 - alpha*lambda"', "at": '"theta"', "rate": '"alpha"'}


class Asked:
    """An operation that is known by its declaration, so that its report is made once."""

    def __init__(self, operation: Operation) -> None:
        self.operation, self.key = operation, (operation.name, operation.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asked) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=32)
def _report(asked: Asked, at: str, rate: str) -> StabilityReport:
    return stability(asked.operation, at or None, rate or None)


def said(check: Check) -> str:
    """The claim on one line."""
    below = check.text("below")
    return f"stable below {below}" if below else f"one step multiplies by {check.text('factor')}"


def judge(check: Check) -> Found:
    """Ask :mod:`verify.analyses.stability`, whose answer is proven in fractions and balls and measured."""
    operation = check.operation()
    try:
        report = _report(Asked(operation), check.text("at"), check.text("rate"))
    except DerivationError as problem:
        return undecided(str(problem))
    if ("below" in check.values) == ("factor" in check.values):
        raise check.error('give one of below = "2/lambda" and factor = "1 - alpha*lambda"')
    found = report.found
    names: dict[str, Symbol] = {s.name: s for s in found.ranges if s != CURVATURE} | {"lambda": CURVATURE}
    runs = tuple(f"{run.label}: {found.rate} = {run.rate:.4g}, factor {run.measured:.4f} a step" for run in report.runs)
    if not report.agrees:
        return undecided("what was derived and what was measured do not agree", *runs)
    if "factor" in check.values:
        if len(found.states) != 1:
            raise check.error(
                f"factor: it is of an optimizer with one state, and {report.name} has {', '.join(found.states)}"
            )
        right, claimed = found.matrix[0, 0], read_expression(check.text("factor"), names, check, "factor")
    else:
        if found.interval is None:
            return undecided("the stable rates were not solved for")
        right, claimed = found.interval.high, read_expression(check.text("below"), names, check, "below")
    if cancel(right - claimed) == 0:
        return holds("derived; checked in fractions, in balls and by runs", f"stable: {report.range}", *runs)
    what = expression_text(right)
    return fails("derived", correction=f"it is {what}; stable for {report.range}", evidence=runs)

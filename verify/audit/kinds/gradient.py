"""A formula is the gradient of an operation: proven, agreeing in balls, or refuted with the right one.

``of`` is the operation, ``gradient`` which one (``dL/dW``), ``formula`` what is claimed, in the names of the operation; ``dy`` is
the upstream gradient of an output ``y``.  A value that is a convention (at a kink) is a condition.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.claim import claim as read_claim
from derive.derivation import Derivation
from derive.errors import DeclarationError, DerivationError, ShapeMismatch
from derive.operation import Operation
from derive.reverse import derive
from numeric.errors import Undecidable
from numeric.exact import Exact
from verify.audit.claims import Check
from verify.audit.found import Found, Outcome, fails, holds, undecided
from verify.audit.hypotheses import Hypothesis, of_sizes, read
from verify.audit.points import SEED, points
from verify.audit.words import expression
from verify.oracle.formula import FormulaCheck, check_formula
from verify.verdicts import Verdict

REQUIRED = {"of": '"dense"', "gradient": '"dL/dW"', "formula": '"X.T @ dZ"'}
OPTIONAL = {"try": '["m = 1"]'}
TRIES = 150  # candidates for a cause that are looked at: a number, so that every machine says the same
_LEAST = 4

Array = NDArray[Any]


def said(check: Check) -> str:
    """The claim on one line."""
    return f"{check.text('gradient')} = {expression(check.text('formula'))}"


def judge(check: Check) -> Found:
    """Ask :func:`verify.oracle.formula.check_formula`; where it says no, try the hypotheses."""
    operation = check.operation()
    found = _asked(check, operation)
    if found.ok:
        kinks = tuple(str(c) for c in operation.program.conventions)
        if kinks:
            said = "; ".join(kink[0].lower() + kink[1:].rstrip(".") for kink in kinks)
            condition = f"at a kink, where there is no derivative, this is the convention: {said}"
            return Found(Outcome.CONDITIONAL, found.level, (condition,))
        return holds(found.level)
    if found.verdict is Verdict.CANNOT_DECIDE:
        return undecided(found.reason)
    conditions = tuple(h.words for h in _hypotheses(check, operation) if _under(check, operation, h))
    correction, counterexample = _correction(found), _counterexample(found)
    level = found.level if not found.reason else f"{found.level}: {found.reason}"
    notes = () if found.check is None else found.check.notes
    ended = tuple(note for note in notes if note.startswith("the search for the cause"))
    if conditions:
        return Found(Outcome.CONDITIONAL, level, conditions, correction, counterexample, ended)
    return fails(level, correction, counterexample, ended)


def _asked(check: Check, operation: Operation) -> FormulaCheck:
    try:
        return check_formula(check.text("formula"), check.text("gradient"), operation, seed=SEED, tries=TRIES)
    except (DeclarationError, DerivationError) as problem:
        raise check.error(f"{problem}") from None


def _correction(found: FormulaCheck) -> str:
    causes = [cause.words for cause in found.check.causes] if found.check is not None else []
    turned = [f"{found.rearranged} would be right"] if found.rearranged else []
    right = found.right.splitlines()
    return "; ".join([*right, *turned, *causes])


def _counterexample(found: FormulaCheck) -> str:
    if found.check is None:
        return ""
    worst = next((row.element for row in found.check.evidence.faults if row.element), "")
    return f"{found.gradient}{worst}" if worst else ""


def _hypotheses(check: Check, operation: Operation) -> list[Hypothesis]:
    return [*(read(line, operation.program) for line in check.hypotheses), *of_sizes(operation.program)]


def _under(check: Check, operation: Operation, hypothesis: Hypothesis) -> bool:
    if hypothesis.line:
        added = check.under(hypothesis.line)
        return _asked(added, added.operation()).ok
    match = re.search(r"d(\w+)\s*$", check.text("gradient"))
    assert match is not None  # check_formula has read it
    derived = derive(operation, wrt=(match[1],))
    try:
        claimed = read_claim(check.text("formula"), operation, derived)
    except ShapeMismatch:
        return False
    given = points(derived.combined.with_(outputs=()), hypothesis.tied, strata=False)
    compared = [pair for inputs in given if (pair := _both(claimed, derived, inputs)) is not None]
    if len(compared) < _LEAST or not all(_alike(*pair) for pair in compared):
        return False
    return any(not x.contains(0) for _, right in compared for x in right.ravel())  # all 0 agrees with too much


def _both(claimed: Derivation, derived: Derivation, inputs: dict[str, Any]) -> tuple[Array, Array] | None:
    """The claimed and the derived gradient at a point, axes of length 1 left out; ``None`` where one is not defined."""
    targets = (next(iter(each.gradients.values())) for each in (claimed, derived))
    try:
        one, other = (
            np.squeeze(Exact(each.combined, inputs, bits=256).array(target))
            for each, target in zip((claimed, derived), targets, strict=True)
        )
    except (Undecidable, ZeroDivisionError):
        return None
    return one, other


def _alike(one: Array, other: Array) -> bool:
    return one.shape == other.shape and all(x.overlaps(y) for x, y in zip(one.ravel(), other.ravel(), strict=True))

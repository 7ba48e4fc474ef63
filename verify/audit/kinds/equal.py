"""Two quantities are equal: identically, or in ball arithmetic at every point that is looked at.

``given`` (or ``of``: an operation, whose gradients are then names too) declares the names, ``left`` and ``right`` are the two.
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr

from derive.analyses.exponential import closed
from derive.claim import identical
from derive.derivation import Derivation
from derive.errors import DeclarationError, ShapeMismatch
from derive.program import Equation
from verify.audit.claims import Check
from verify.audit.comparing import Comparison, compare
from verify.audit.found import Found, Outcome, fails, holds, undecided
from verify.audit.hypotheses import Hypothesis, of_sizes, read
from verify.audit.points import points
from verify.audit.quantities import Quantities
from verify.audit.settings import setting_of
from verify.audit.words import expression

REQUIRED = {"left": '"a*(1 - a)"', "right": '"dz"'}
OPTIONAL = {"given": '"z[n]"', "of": '"sigmoid"', "wrt": '"z"', "try": '["m = 1"]'}


def said(check: Check) -> str:
    """The claim on one line."""
    return f"{expression(check.text('left'))} = {expression(check.text('right'))}"


def judge(check: Check) -> Found:
    """Prove it, or compare in balls; where it fails, say by which factor, and try the hypotheses."""
    left, right = check.text("left"), check.text("right")
    try:
        quantities = Quantities(setting_of(check, left, right), {"left_side": left, "right_side": right})
    except ShapeMismatch as problem:
        return fails("shape", correction=f"it has no shape: {problem.reason}")
    except DeclarationError as problem:
        raise check.error(str(problem)) from None
    proof = _proof(quantities)
    if proof:
        return holds(proof)
    found = compare(quantities, "left_side", "right_side", points(quantities.program))
    if found.equal:
        return holds(f"agrees in ball arithmetic at {found.points} points")
    if found.difference is None and found.shapes is None:
        return undecided(f"compared at {found.points} points only")
    return _refuted(check, quantities, found)


def _proof(quantities: Quantities) -> str:
    if not (quantities.is_plain("left_side") and quantities.is_plain("right_side")) or quantities.measures:
        return ""
    program = quantities.program
    one, other = (program.equations_of(name) for name in ("left_side", "right_side"))
    if len(one) != 1 or len(other) != 1:
        return ""
    one, other = _spread(one[0], other[0]), _spread(other[0], one[0])
    if one[0].extents != other[0].extents:
        return ""
    if identical(_as_gradient(quantities, other[0]), _as_gradient(quantities, one[0])):
        return "identity proven"
    renamed = other[0].rhs.xreplace(dict(zip(other[0].indices, one[0].indices, strict=True)))
    difference: Expr = one[0].rhs - renamed
    form = closed(program, difference)
    return "identity proven in exponentials" if form is not None and form.is_zero() else ""


def _spread(equation: Equation, like: Equation) -> tuple[Equation]:
    """A number as an array that has it everywhere, to be compared with another array."""
    if equation.indices:
        return (equation,)
    return (replace(equation, indices=like.indices, extents=like.extents),)


def _as_gradient(quantities: Quantities, equation: Equation) -> Derivation:
    """An equation as what :func:`derive.claim.identical` compares."""
    program = quantities.program
    rest = tuple(e for e in program.equations if e.target not in ("left_side", "right_side"))
    base = program.with_(equations=rest, outputs=())
    adjoint = base.with_(equations=(equation,), outputs=(equation.target,))
    return Derivation(base, (), (), adjoint, {"side": equation.target}, {})


def _refuted(check: Check, quantities: Quantities, found: Comparison) -> Found:
    left, right = (expression(check.text(side)) for side in ("left", "right"))
    if found.shapes is not None:
        level, counterexample = "shape", ""
        correction = f"{left} has the shape {found.shapes[0]}, and {right} has {found.shapes[1]}, for instance"
    else:
        assert found.difference is not None
        level, counterexample = "counterexample", found.difference.words(left, right)
        correction = "" if found.factor is None else f"{left} is {found.factor} times {right}"
    conditions = tuple(h.words for h in _hypotheses(check, quantities) if _under(check, quantities, h))
    if not conditions:
        return fails(level, correction, counterexample)
    return Found(Outcome.CONDITIONAL, level, conditions, correction, counterexample)


def _hypotheses(check: Check, quantities: Quantities) -> list[Hypothesis]:
    return [*(read(line, quantities.program) for line in check.hypotheses), *of_sizes(quantities.program)]


def _under(check: Check, quantities: Quantities, hypothesis: Hypothesis) -> bool:
    if hypothesis.line:
        return judge(check.under(hypothesis.line)).outcome is Outcome.HOLDS
    tied = points(quantities.program, hypothesis.tied, strata=False)
    found = compare(quantities, "left_side", "right_side", tied, scaled=False)
    return found.equal and found.telling

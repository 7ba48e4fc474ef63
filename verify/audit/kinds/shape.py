"""A quantity has a shape: sizes by the names that are declared, for all of them at once.

``given`` or ``of`` declares the names, ``what`` is the quantity, ``shape`` its sizes (``["k", "m"]``).
"""

from __future__ import annotations

from sympy import Expr

from derive.errors import DeclarationError, ShapeMismatch
from verify.audit.algebra import read_expression
from verify.audit.claims import Check
from verify.audit.found import Found, Outcome, fails, holds
from verify.audit.quantities import Quantities
from verify.audit.settings import setting_of

REQUIRED = {"what": '"W @ X"', "shape": '["k", "m"]'}
OPTIONAL = {"given": '"W[k, n], X[n, m]"', "of": '"dense"', "wrt": '"W"'}


def said(check: Check) -> str:
    """The claim on one line."""
    return f"{check.text('what')} has the shape ({', '.join(check.texts('shape'))})"


def judge(check: Check) -> Found:
    """Compare the shapes as expressions in the sizes."""
    what = check.text("what")
    try:
        quantities = Quantities(setting_of(check, what), {"claimed_quantity": what})
    except ShapeMismatch as problem:
        return fails("shape", correction=f"it has no shape: {problem.reason}")
    except DeclarationError as problem:
        raise check.error(f"what: {problem}") from None
    if not quantities.is_plain("claimed_quantity"):
        raise check.error("what: the shape is that of an expression in the names declared, not of a call")
    program = quantities.program
    sizes = {s.name: s for s in (*program.dimensions, *program.integers)}
    claimed = tuple(read_expression(text, sizes, check, "shape") for text in check.texts("shape"))
    shape = program.tensors["claimed_quantity"].shape
    if _same(shape, claimed):
        return holds("for all sizes")
    right = f"the shape is ({', '.join(map(str, shape))})"
    conditions = []
    for size in program.dimensions:
        one = [[n.subs(size, 1) for n in sides if n.subs(size, 1) != 1] for sides in (shape, claimed)]
        if _same(tuple(one[0]), tuple(one[1])):
            conditions.append(f"{size} = 1")
    if conditions:
        return Found(Outcome.CONDITIONAL, "shape", tuple(conditions), right)
    return fails("shape", correction=right)


def _same(one: tuple[Expr, ...], other: tuple[Expr, ...]) -> bool:
    return len(one) == len(other) and all((a - b).expand() == 0 for a, b in zip(one, other, strict=True))

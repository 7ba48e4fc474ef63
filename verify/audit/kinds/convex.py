"""A scalar is convex in some inputs: its Hessian is proven to be positive semi-definite, or refuted at a point.

``of`` is the operation, ``wrt`` the inputs (``"w, b"``), ``output`` the scalar where there are several.
"""

from __future__ import annotations

from derive.errors import DerivationError
from verify.analyses.hessian import hessian
from verify.audit.claims import Check
from verify.audit.found import Found, fails, holds, undecided

REQUIRED = {"of": '"logistic_regression"', "wrt": '"w"'}
OPTIONAL = {"output": '"L"'}


def said(check: Check) -> str:
    """The claim on one line."""
    return f"convex in {check.text('wrt')}"


def judge(check: Check) -> Found:
    """Ask for the certificate of :mod:`derive.analyses.curvature`, and for eigenvalues at points."""
    names = [name.strip() for name in check.text("wrt").split(",")]
    try:
        report = hessian(check.operation(), check.text("output") or None, names)
    except DerivationError as problem:
        raise check.error(str(problem)) from None
    (block,) = report.blocks
    if not report.agrees:
        return undecided("the Hessian, its product and v'Hv do not agree at the points drawn")
    if block.curvature.convex:
        return holds("proven: the Hessian is positive semi-definite by its form", f"v'Hv: {block.curvature}")
    low = min(point.smallest[1] for point in block.points)
    if low < 0:
        return fails("an eigenvalue is negative", correction=block.verdict)
    return undecided(block.verdict)

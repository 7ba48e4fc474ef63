"""What a check says, on one line."""

from __future__ import annotations

import re

from verify.audit.claims import Check, known_kinds


def statement(check: Check) -> str:
    """What a check says, on one line."""
    return check.words or known_kinds()[check.kind].said(check)


def expression(text: str) -> str:
    """An expression on one line, without the name that an equation gives it.

    >>> expression("q[i, j] = sum(X[i, k]*W[k, j], k)")
    'sum(X[i, k]*W[k, j], k)'
    """
    return re.sub(r"^\w+\[[^\]]*\]\s*=\s*", "", " ".join(text.split()))

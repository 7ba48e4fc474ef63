"""What a check declares: tensors of its own, or an operation with its gradients."""

from __future__ import annotations

import re

from derive.errors import BackproofError
from verify.audit.claims import Check
from verify.quantities import Setting


def setting_of(check: Check, *expressions: str) -> Setting:
    """The names that the expressions of a check may use.

    Gradients are derived where an expression uses a name that the operation itself does not have.
    """
    if ("given" in check.values) == ("of" in check.values):
        raise check.error('give either given = "x[n], W[n, k]" (names with shapes) or of = "dense" (an operation)')
    if "given" in check.values:
        return Setting(check.text("given"), "claim")
    operation = check.operation()
    words = {word for text in expressions for word in re.findall(r"[A-Za-z_]\w*", text)}
    known = set(operation.program.tensors) | {s.name for s in operation.program.dimensions}
    plain = Setting.of(operation)
    if words <= known:
        return plain
    try:
        derivation = check.derivation(operation)
    except BackproofError:
        raise
    return Setting.of(operation, derivation) if words & set(derivation.combined.tensors) - known else plain

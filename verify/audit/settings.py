"""What a check declares: tensors of its own, or an operation with its gradients."""

from __future__ import annotations

import re

from derive.errors import DeclarationError
from verify.audit.claims import Check
from verify.quantities import Setting


def setting_of(check: Check, *expressions: str) -> Setting:
    """The names that the expressions of a check may use.

    Gradients are derived where an expression uses a name that the operation itself does not have.
    """
    if ("given" in check.values) == ("of" in check.values):
        raise check.error('give either given = "x[n], W[n, k]" (names with shapes) or of = "dense" (an operation)')
    if "given" in check.values:
        found = Setting("\n".join([check.text("given"), *check.added]), "claim")
        try:
            if check.added:
                found.program({})
        except DeclarationError as problem:
            raise check.error(f"try: {problem}") from None
        return found
    operation = check.operation()
    words = {word for text in expressions for word in re.findall(r"[A-Za-z_]\w*", text)}
    known = set(operation.program.tensors) | {s.name for s in operation.program.dimensions}
    plain = Setting.of(operation)
    if words <= known:
        return plain
    derivation = check.derivation(operation)
    return Setting.of(operation, derivation) if words & set(derivation.combined.tensors) - known else plain

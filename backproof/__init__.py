"""backproof: declare an operation once, as a textbook prints it, and get its gradient derived, coded, checked, typeset.

>>> import backproof as bp
>>> layer = bp.declare("X[n, d], W[d, k], b[k];  Z = X @ W + b", name="layer")
>>> sorted(bp.derive(layer).gradients.items())
[('W', 'dW'), ('X', 'dX'), ('b', 'db')]

The names below are all there is to know; each loads the part that it comes from when it is first used, so that
``import backproof`` itself loads neither SymPy nor JAX nor matplotlib.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from backproof._parts import check_parts

if TYPE_CHECKING:
    from backproof.front import (
        analyse,
        check,
        check_formula,
        check_gradient,
        compile,
        derive,
        gradient_cases,
        hessian,
        jacobian,
        jvp,
        mutants,
        vectors,
        verify,
    )
    from backproof.paper import answer, audit, example, report
    from derive import errors
    from derive.derivation import Derivation, Step
    from derive.errors import BackproofError
    from derive.operation import Operation
    from derive.registry import declare, get, operations
    from numeric import Function
    from verify import Evidence

__version__ = "0.1.0"

# Public name -> (module, attribute there; None: the module itself).
_HOMES: dict[str, tuple[str, str | None]] = {
    "declare": ("derive.registry", "declare"),
    "get": ("derive.registry", "get"),
    "operations": ("derive.registry", "operations"),
    "derive": ("backproof.front", "derive"),
    "hessian": ("backproof.front", "hessian"),
    "jacobian": ("backproof.front", "jacobian"),
    "jvp": ("backproof.front", "jvp"),
    "compile": ("backproof.front", "compile"),
    "vectors": ("backproof.front", "vectors"),
    "verify": ("backproof.front", "verify"),
    "mutants": ("backproof.front", "mutants"),
    "check": ("backproof.front", "check"),
    "check_formula": ("backproof.front", "check_formula"),
    "check_gradient": ("backproof.front", "check_gradient"),
    "gradient_cases": ("backproof.front", "gradient_cases"),
    "analyse": ("backproof.front", "analyse"),
    "audit": ("backproof.paper", "audit"),
    "answer": ("backproof.paper", "answer"),
    "example": ("backproof.paper", "example"),
    "report": ("backproof.paper", "report"),
    "Operation": ("derive.operation", "Operation"),
    "Derivation": ("derive.derivation", "Derivation"),
    "Step": ("derive.derivation", "Step"),
    "Function": ("numeric", "Function"),
    "Evidence": ("verify", "Evidence"),
    "BackproofError": ("derive.errors", "BackproofError"),
    "errors": ("derive.errors", None),
}

__all__ = [
    "BackproofError",
    "Derivation",
    "Evidence",
    "Function",
    "Operation",
    "Step",
    "__version__",
    "analyse",
    "answer",
    "audit",
    "check",
    "check_formula",
    "check_gradient",
    "compile",
    "declare",
    "derive",
    "errors",
    "example",
    "get",
    "gradient_cases",
    "hessian",
    "jacobian",
    "jvp",
    "mutants",
    "operations",
    "report",
    "vectors",
    "verify",
]

check_parts()


def _show(subject: object, form: str) -> str | None:
    """How a notebook shows one of our objects; without the packages of the reports, by its ``repr`` and LaTeX."""
    from reports.notebook import show

    return show(subject, form)


from derive.rich import show_with  # noqa: E402  # behind the check, which says whose derive this is

show_with(_show)


def __getattr__(name: str) -> Any:
    """Load a public name from its home on first use (PEP 562)."""
    try:
        module, attribute = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'backproof' has no attribute {name!r}") from None
    home = importlib.import_module(module)
    value = home if attribute is None else getattr(home, attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})

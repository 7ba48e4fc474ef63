"""``backproof code NAME|FILE.eqs``: the NumPy source of forward and backward."""

from __future__ import annotations

from typing import Any

from backproof.cli.arguments import Json, Of, Subject, Wrt, names, operation
from backproof.cli.console import emit, source
from derive.errors import about


def code(subject: Subject, of: Of = None, wrt: Wrt = None, json: Json = False) -> None:
    """Print NumPy functions for an operation and its gradient."""
    found = operation(subject)
    from derive.reverse import derive
    from numeric import compile as generate

    with about(subject):
        function = generate(derive(found, of=names(of), wrt=names(wrt)))
    if json:
        emit(
            {"name": found.name, "source": function.source, "rewrites": [_rewrite(each) for each in function.rewrites]}
        )
    else:
        source(function.source, "python")


def _rewrite(each: Any) -> dict[str, str]:
    return {"before": str(each.before), "after": str(each.after), "because": str(each.because)}

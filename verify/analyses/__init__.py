"""The analyses of ``derive.analyses`` run in NumPy and checked in ball arithmetic, and their reports.

Each report has ``str()`` for a person and ``plain()`` for a program; ``agrees`` says whether every check held.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from derive.errors import BackproofError
from derive.operation import Operation


class AnalysisError(BackproofError, ValueError):
    """An analysis does not apply to an operation; the message says what must hold, what was given, and the fix."""


class Report(Protocol):
    """What an analysis found."""

    @property
    def agrees(self) -> bool: ...

    def plain(self) -> dict[str, Any]: ...


NAMES = ("hessian", "stability", "hypergradient", "recurrence", "saturation")


def analyse(operation: Operation, analysis: str, **settings: Any) -> Report:
    """Run one of the analyses of ``NAMES``; settings are those of the function of that name in this package.

    Raises :class:`AnalysisError` for a name that is none, for a setting that it does not take, and where the analysis
    does not apply.

    >>> from derive.registry import get
    >>> analyse(get("gradient_descent"), "stability").agrees
    True
    """
    import importlib
    import inspect

    if analysis not in NAMES:
        raise AnalysisError(f"there is no analysis {analysis!r}; choose from: cost, {', '.join(NAMES)}")
    run = getattr(importlib.import_module(f"{__name__}.{analysis}"), analysis)
    known = inspect.signature(run).parameters
    given: Mapping[str, Any] = {name: value for name, value in settings.items() if value is not None}
    for name in given:
        if name not in known or name == "operation":
            takes = ", ".join(n for n in known if n != "operation")
            raise AnalysisError(f"the analysis {analysis} takes no setting {name!r}; it takes: {takes}")
    report: Report = run(operation, **given)
    return report


__all__ = ["NAMES", "AnalysisError", "Report", "analyse"]

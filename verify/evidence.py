"""Evidence: what was checked, by which witness, at how many points, how well it agreed, and what was not checked."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from textwrap import indent
from typing import TYPE_CHECKING, Any

from derive.plain import plain
from derive.rich import Rich
from verify.steps import StepCheck
from verify.verdicts import Verdict, overall, worst

if TYPE_CHECKING:
    from verify.counterexample import Counterexample

_PACKAGES = ("backproof", "sympy", "numpy", "scipy", "python-flint", "jax", "jaxlib", "optax")
# steps have their own table; these columns fit a terminal
_COLUMNS = ("witness", "argument", "stratum", "dtype", "points", "error", "bound", "ulp", "verdict")


@dataclass(frozen=True)
class Row:
    """One line of evidence: a witness looked at one argument (or output) in one stratum.

    ``error`` is the largest componentwise relative error seen, ``bound`` the relative error at which the witness
    stops asking for a reason, ``ulp`` the largest error in units in the last place where the true value is known.
    ``example`` holds the inputs of the point that decided a faulty verdict, ``element`` its worst element.
    """

    witness: str
    argument: str
    stratum: str
    points: int
    dtype: str
    error: float
    bound: float
    verdict: Verdict
    note: str = ""
    seed: int = 0
    ulp: float | None = None
    element: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def finding(self) -> str:
        """The verdict with its region and, where it is one of accuracy, the measured error.

        Example:
            >>> Row("balls", "z", "saturated40", 6, "float64", 1.0, 1e-9, Verdict.INACCURATE, ulp=8e15).finding
            'inaccurate in saturated40 (8e+15 ULP)'
        """
        error = f" ({_short(self.ulp)} ULP)" if self.verdict is Verdict.INACCURATE and self.ulp is not None else ""
        return f"{self.verdict} in {self.stratum}{error}"

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON values (infinities and NaN as strings)."""
        values = asdict(self)
        values["verdict"] = self.verdict.value
        return {key: plain(value) for key, value in values.items()}


@dataclass(frozen=True)
class Evidence(Rich):
    """All that was checked of one operation, the worst of it, and what was left unchecked and why.

    ``counterexample`` is Python text (as ``str``) that repeats the most telling fault at a point made as small and
    simple as possible; that happens when it is first read.
    """

    operation: str
    rows: tuple[Row, ...]
    seed: int
    steps: tuple[StepCheck, ...] = ()
    not_checked: tuple[str, ...] = ()
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    counterexample: Counterexample | None = field(default=None, compare=False)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of any row or step.

        A witness that cannot decide, or finds a point outside the domain, does not count where another witness looked at
        the same argument in the same stratum and agreed.
        """
        groups: dict[tuple[str, str], list[Verdict]] = {}
        for row in self.rows:
            if row.witness == "protocol" and not row.verdict.faulty:
                continue  # a function that may be called in any way may still be wrong
            groups.setdefault((row.argument, row.stratum), []).append(row.verdict)
        found = [overall(verdicts) for verdicts in groups.values()] + [check.verdict for check in self.steps]
        return worst([v for v in found if v is not Verdict.OUTSIDE] or found)

    @property
    def ok(self) -> bool:
        return self.verdict is Verdict.AGREES

    @property
    def referenced(self) -> bool:
        """Whether the declaration was compared with a second statement of the operation, not only with itself."""
        return any(row.witness == "jax" and row.points for row in self.rows)

    @property
    def faults(self) -> tuple[Row, ...]:
        """The rows whose verdict says that something is wrong or could not be decided."""
        return tuple(row for row in self.rows if row.verdict.faulty or row.verdict is Verdict.CANNOT_DECIDE)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "operation": self.operation,
            "verdict": self.verdict.value,
            "ok": self.ok,
            "referenced": self.referenced,
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
            "versions": dict(self.versions),
            "rows": [row.to_dict() for row in self.rows],
            "steps": [
                {
                    "rule": check.step.rule,
                    "target": check.step.target,
                    "because": check.step.because,
                    "points": check.points,
                    "verdict": check.verdict.value,
                    "detail": check.detail,
                }
                for check in self.steps
            ],
            "not_checked": list(self.not_checked),
            "counterexample": None if self.counterexample is None else str(self.counterexample),
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """Everything as JSON text.

        Example:
            >>> json.loads(Evidence("dense", (), 7).to_json())["seed"]
            7
        """
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def table(self) -> str:
        """The rows as an aligned text table, one line each, faults with their worst element below."""
        lines = [_COLUMNS, *(_cells(row) for row in self.rows)]
        widths = [max(len(line[k]) for line in lines) for k in range(len(_COLUMNS))]
        text = []
        for number, line in enumerate(lines):
            text.append("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
            row = self.rows[number - 1] if number else None
            if row is not None and row.note:
                text.append(f"    {row.note}")
            if row is not None and row.verdict.faulty and row.element:
                text.append(f"    {row.argument}{row.element}")
        return "\n".join(text)

    def __str__(self) -> str:
        bad = [check for check in self.steps if not check.ok]
        lines = [f"{self.operation}: {self.verdict} (seed {self.seed}, {self.seconds:.1f} s)", self.table()]
        if self.steps:
            lines.append(f"steps: {len(self.steps) - len(bad)} of {len(self.steps)} agree")
        lines += [f"    {check.step.rule} ({check.step.target}): {check.verdict}; {check.detail}" for check in bad]
        lines += [f"not checked: {reason}" for reason in self.not_checked]
        if self.counterexample is not None:
            lines += ["counterexample:", indent(str(self.counterexample), "    ")]
        return "\n".join(lines)


def versions() -> dict[str, str]:
    """The versions of Python and of every package that took part, as far as they are installed."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _cells(row: Row) -> tuple[str, ...]:
    ulp = "" if row.ulp is None else _short(row.ulp)
    return (
        row.witness,
        row.argument,
        row.stratum,
        row.dtype,
        str(row.points),
        _short(row.error),
        _short(row.bound),
        ulp,
        row.verdict.value,
    )


def _short(number: float) -> str:
    return f"{number:.2g}" if math.isfinite(number) else str(number)

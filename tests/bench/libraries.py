"""Functions of installed libraries before the oracle, and public mistakes with what it says of them."""

from __future__ import annotations

import warnings
from itertools import groupby

from tests.bench.tables import Section
from tests.oracle.corpus import BUGS
from tests.oracle.libraries import FUNCTIONS, Function, torch_functions
from verify.evidence import Row
from verify.oracle import Cause, Check, check
from verify.verdicts import Verdict

SEED = 1
_SKIPPED = (Verdict.AGREES, Verdict.OUTSIDE)


def table(quick: bool = False) -> list[Section]:
    """A row for each function and verdict other than agreement; those that agree in one row for each library."""
    functions = (*FUNCTIONS, *torch_functions())
    section = Section(
        "Functions of libraries before the oracle, in all strata in float64",
        ["function", "as", "verdict", "where", "worst element there", "ULP"],
        note=f"The worst of four points in each stratum, seed {SEED}.",
    )
    agreeing: list[str] = []
    for function in functions[:: 12 if quick else 1]:
        found = judged(function)
        rows = [row for row in found.evidence.rows if row.verdict not in _SKIPPED and row.witness == "balls"]
        if not rows:
            agreeing.append(f"`{function.name}`")
        by_verdict = sorted(rows, key=lambda row: str(row.verdict))
        for verdict, group in groupby(by_verdict, key=lambda row: row.verdict):
            section.rows.append(_line(function, verdict, list(group), found))
    section.summary["agree"] = ", ".join(agreeing)
    section.summary["judged"] = len(functions[:: 12 if quick else 1])
    return [section]


def judged(function: Function) -> Check:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return check(function.call, function.operation, wrt=function.wrt, seed=SEED)


def _line(function: Function, verdict: Verdict, rows: list[Row], found: Check) -> list[str]:
    worst = max(rows, key=lambda row: row.ulp or 0.0)
    where = ", ".join(dict.fromkeys(f"{row.argument}: {row.stratum}" for row in rows))
    causes = "".join(f" ({_short(cause)})" for cause in found.causes[:1] if worst.argument in cause.names)
    at = (worst.element or "").partition(" at ")[2].partition(" (")[0]
    got = (worst.element or "").partition(" (")[0].partition(" got ")[2]
    return [
        function.name,
        function.operation,
        f"{verdict}{causes}",
        where,
        f"{at}: {got}" if at else got,
        f"{worst.ulp:.2g}",
    ]


def _short(cause: Cause) -> str:
    """What it says, or the names of the mistakes where that is a formula."""
    return cause.words if len(cause.words) <= 50 else " + ".join(dict.fromkeys(cause.kinds))


def mistakes(quick: bool = False) -> list[Section]:
    """Each mistake of the corpus, and the first cause that the oracle gives."""
    section = Section(
        "Mistakes of public projects before the oracle",
        ["mistake", "operation", "source", "cause found"],
        note="Causes are told by numbers alone: the oracle sees a function, not its text.",
    )
    named = 0
    for bug in BUGS[:: 12 if quick else 1]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = check(bug.wrong, bug.operation, seed=SEED, strata=bug.strata, **bug.options)
            right = check(bug.right, bug.operation, seed=SEED, strata=bug.strata, **bug.options)
        assert not found.ok, bug.name
        assert right.ok, str(right)
        told = [cause for cause in found.causes if set(cause.kinds) & bug.kinds]
        named += bool(told)
        words = _short(told[0]) if told else "none of the known mistakes"
        operation = bug.operation if isinstance(bug.operation, str) else bug.operation.name
        section.rows.append([bug.name, operation, bug.source, words])
    section.summary["named"] = f"{named} of {len(section.rows)}"
    return [section]

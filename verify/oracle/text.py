"""The oracle's answer for a terminal and for the failure of a test: what is wrong, where, why, and how to see it again."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

from verify.evidence import Row
from verify.protocol import REFUSES, REPEATED
from verify.verdicts import Verdict, worst

if TYPE_CHECKING:
    from verify.oracle.answer import Check

LINES = 25
_STRATA = 4
_FORMS = 3


def text(check: Check) -> str:
    """The whole answer; of a long counterexample the beginning, since ``check.evidence.counterexample`` has it all."""
    evidence = check.evidence
    differs = f"{', convention differs' if check.conventions else ''}{_of_claim(check)}"
    head = f"{check.implementation} against {check.operation}: {evidence.verdict}{differs}"
    lines = [f"{head} (seed {evidence.seed}, {evidence.seconds:.1f} s)"]
    rows = [row for row in evidence.rows if row.witness != "protocol"]
    order = list(dict.fromkeys(row.argument for row in rows))
    for argument in order:
        lines += _of_argument(argument, [row for row in rows if row.argument == argument])
    lines += [f"  protocol: {row.note}" for row in evidence.rows if row.witness == "protocol" and row.note]
    lines += [
        f"cause ({cause.names[0] if len(cause.names) == 1 else ', '.join(cause.names)}): {cause.words}"
        for cause in check.causes
    ]
    unexplained = [
        name
        for name in order
        if any(row.verdict is Verdict.WRONG_FORMULA and row.argument == name and not _gave_nothing(row) for row in rows)
        and not any(row.stratum == REPEATED for row in evidence.rows)
        and not any(name in cause.names for cause in check.causes)
    ]
    if unexplained:
        lines.append(f"cause ({', '.join(unexplained)}): none of the known mistakes reproduces what was returned")
    lines += [f"convention: {each}" for each in check.conventions]
    if check.forms and check.ok:
        more = f", and {len(check.forms) - _FORMS} more" if len(check.forms) > _FORMS else ""
        lines.append(f"equivalent forms: {'; '.join(check.forms[:_FORMS])}{more}")
    if check.claim is not None and not check.claim.ok:
        lines += ["what is claimed instead:", indent(str(check.claim).partition("\nrepeat it:")[0], "    ")]
    lines += [f"note: {note}" for note in (*check.notes, *_refused(rows))]
    if check.unjudged:
        lines.append(f"not judged: no gradient of {', '.join(check.unjudged)} was returned")
    if evidence.counterexample is not None:
        again = str(evidence.counterexample).split("\n")
        room = max(LINES - len(lines) - 1, 6)
        cut = (
            again if len(again) <= room else [*again[: room - 1], "# ... all of it: str(check.evidence.counterexample)"]
        )
        lines += ["repeat it:", indent("\n".join(cut), "    ")]
    return "\n".join(lines)


def _of_claim(check: Check) -> str:
    if check.claim is None:
        return ""
    if check.equivalent:
        other = "and so is" if check.claim.ok else "unlike"
        return f", equivalent to the derived gradient, {other} {check.claim.implementation}"
    return f", and {check.claim.implementation} {check.claim.verdict}"


def _refused(rows: list[Row]) -> list[str]:
    """The empty sizes at which it raised an exception, which is no mistake."""
    places = {row.stratum: row.note for row in rows if row.note.startswith(REFUSES)}
    if not places:
        return []
    first = next(iter(places.values())).removeprefix(REFUSES).split("\n")[0]
    return [f"it refuses {', '.join(places)} ({first})"]


def _gave_nothing(row: Row) -> bool:
    return row.note.startswith(("raised ", "no value was returned"))


def _of_argument(argument: str, rows: list[Row]) -> list[str]:
    verdict = (
        worst(row.verdict for row in rows if row.verdict is not Verdict.OUTSIDE) if rows else Verdict.CANNOT_DECIDE
    )
    if verdict is Verdict.AGREES:
        return [
            f"  {argument}: agrees ({sum(row.points for row in rows)} elements in {len({row.stratum for row in rows})} strata)"
        ]
    lines = []
    faulty = [row for row in rows if row.verdict is not Verdict.AGREES and row.verdict is not Verdict.OUTSIDE]
    while faulty:
        found = worst(row.verdict for row in faulty)
        group = [row for row in faulty if row.verdict is found]
        faulty = [row for row in faulty if row.verdict is not found]
        where = [row.stratum for row in group]
        more = f" and {len(where) - _STRATA} more" if len(where) > _STRATA else ""
        lines.append(f"  {argument}: {found} in {', '.join(where[:_STRATA])}{more}")
        top = max(group, key=lambda row: (row.stratum == "ordinary", row.ulp or 0.0))
        lines += [f"    {argument}{top.element}"] if top.element else []
        lines += [f"    {top.note}"] if top.note and not top.element else []
    return lines

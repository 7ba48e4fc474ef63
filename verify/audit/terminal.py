"""An audit in a terminal: one claim below the other, with its verdict and what speaks for it."""

from __future__ import annotations

from textwrap import wrap

from verify.audit.found import Found, Outcome
from verify.audit.judging import Audit, Judged
from verify.audit.words import statement

WIDTH = 118
MARKS = {Outcome.HOLDS: "+", Outcome.CONDITIONAL: "~", Outcome.FAILS: "x", Outcome.UNDECIDED: "?"}


def text(audit: Audit) -> str:
    """All of it, the counts last."""
    lines = [audit.claims.title] if audit.claims.title else []
    lines += [f"source: {audit.claims.source}"] if audit.claims.source else []
    for judged in audit.judged:
        lines += ["", *_claim(judged)]
    counts = ", ".join(f"{count} {outcome}" for outcome, count in audit.counts.items() if count)
    many = f"{len(audit.judged)} claim{'s' if len(audit.judged) != 1 else ''}"
    return "\n".join([*lines, "", f"{many}: {counts}"])


def _claim(judged: Judged) -> list[str]:
    lines = _wrapped(f"{judged.claim.id}  {judged.claim.statement}", "", "    ")
    lines += _wrapped(
        judged.words.upper() if judged.outcome is not Outcome.CONDITIONAL else _shouted(judged), "    ", "      "
    )
    for check, found in zip(judged.claim.checks, judged.found, strict=True):
        lines += _wrapped(f"{MARKS[found.outcome]} {statement(check)}", "    ", "        ")
        for line in details(found):
            lines += _wrapped(line, "        ", "          ")
    return lines


def _shouted(judged: Judged) -> str:
    return judged.words.replace(str(Outcome.CONDITIONAL), str(Outcome.CONDITIONAL).upper(), 1)


def details(found: Found) -> list[str]:
    """What is to be said of one check, in reading order."""
    lines = [found.words if found.outcome is Outcome.CONDITIONAL else f"{found.words}: {found.level}"]
    lines += [f"correction: {found.correction}"] if found.correction else []
    lines += [found.counterexample] if found.counterexample else []
    return [*lines, *found.evidence]


def _wrapped(line: str, indent: str, more: str) -> list[str]:
    return wrap(line, WIDTH, initial_indent=indent, subsequent_indent=more, break_long_words=False) or [indent]

"""Every claim of a file judged: the statement as it stands, then its other readings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from derive.errors import BackproofError
from verify.audit.claims import Check, Claim, ClaimError, Claims, known_kinds
from verify.audit.found import Found, Outcome, worst
from verify.audit.words import statement

Progress = Callable[..., None]


@dataclass(frozen=True)
class Judged:
    """A claim with what was found for each of its checks."""

    claim: Claim
    found: tuple[Found, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of the checks."""
        return worst(f.outcome for f in self.found)

    @property
    def words(self) -> str:
        """The outcome, with all conditions that are needed."""
        if self.outcome is not Outcome.CONDITIONAL:
            return str(self.outcome)
        needed = dict.fromkeys(" or ".join(f.conditions) for f in self.found if f.outcome is Outcome.CONDITIONAL)
        return f"{self.outcome} {'; and if '.join(needed)}"

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        checks = [
            {"kind": check.kind, "statement": statement(check), **found.to_dict()}
            for check, found in zip(self.claim.checks, self.found, strict=True)
        ]
        own = {"id": self.claim.id, "statement": self.claim.statement, "source": self.claim.source}
        return {**own, "outcome": str(self.outcome), "words": self.words, "checks": checks}


@dataclass(frozen=True)
class Audit:
    """All claims of a file, judged.  ``str()`` is what a terminal shows."""

    claims: Claims
    judged: tuple[Judged, ...]

    @property
    def ok(self) -> bool:
        """Whether every claim holds as it stands."""
        return all(each.outcome is Outcome.HOLDS for each in self.judged)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many claims have each outcome."""
        found = Counter(each.outcome for each in self.judged)
        return {outcome: found[outcome] for outcome in Outcome}

    def __getitem__(self, name: str) -> Judged:
        for each in self.judged:
            if each.claim.id == name:
                return each
        raise KeyError(f"there is no claim {name!r}; claims: {', '.join(e.claim.id for e in self.judged)}")

    def __str__(self) -> str:
        from verify.audit.terminal import text

        return text(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "title": self.claims.title,
            "source": self.claims.source,
            "counts": {str(outcome): count for outcome, count in self.counts.items()},
            "claims": [each.to_dict() for each in self.judged],
        }


def audit(claims: Claims, only: Iterable[str] = (), progress: Progress | None = None) -> Audit:
    """Judge the claims of a file, or those named.

    Raises:
        ClaimError: a claim cannot be understood; the message has its id, the key and the fix.

    Example:
        >>> from verify.audit.claims import read
        >>> found = audit(read('''
        ... [[claim]]
        ... id = "a"
        ... statement = "the hidden unit is 0.247"
        ... check = [{kind = "number", given = "z", inputs = {z = 0.18}, what = "sigmoid(z)*(1 - sigmoid(z))", value = 0.247}]
        ... '''))
        >>> found["a"].words, found["a"].found[0].correction
        ('does not hold', '0.248, not 0.247')
    """
    wanted = list(only)
    known = [claim.id for claim in claims.claims]
    for name in wanted:
        if name not in known:
            raise ClaimError(f"there is no claim {name!r}; claims: {', '.join(known)}")
    chosen = [claim for claim in claims.claims if not wanted or claim.id in wanted]
    judged = []
    for number, claim in enumerate(chosen):
        if progress is not None:
            progress(claim.id, number, len(chosen))
        judged.append(Judged(claim, tuple(judge(check) for check in claim.checks)))
    return Audit(claims, tuple(judged))


def judge(check: Check) -> Found:
    """One check: as it is stated, then under each other reading."""
    stated = _judge(check)
    if stated.outcome is Outcome.FAILS and check.amended:
        stated = replace(stated, correction=_amended(check) or stated.correction)
    if stated.outcome is Outcome.HOLDS or not check.readings:
        return stated
    conditions = list(stated.conditions)
    evidence = list(stated.evidence)
    for words, changes in check.readings:
        found = _judge(check.with_(**_replaced(check, changes)))
        if found.outcome is Outcome.HOLDS:
            conditions.append(words)
            evidence.append(f"{words}: {found.level}")
        elif found.outcome is Outcome.CONDITIONAL:
            conditions += [f"{words} and {each}" for each in found.conditions]
            evidence.append(f"{words}: {found.words}")
        else:
            evidence.append(f"not if {words}: {found.counterexample or found.correction or found.level}")
    if not conditions:
        return Found(stated.outcome, stated.level, (), stated.correction, stated.counterexample, tuple(evidence))
    return Found(
        Outcome.CONDITIONAL, stated.level, tuple(conditions), stated.correction, stated.counterexample, tuple(evidence)
    )


def _amended(check: Check) -> str:
    """The amended statements that hold, each with how sure that is."""
    found = []
    for change in check.amended:
        other = check.with_(**_replaced(check, {k: v for k, v in change.items() if k != "words"}))
        judged = _judge(other)
        if judged.outcome is Outcome.HOLDS:
            said = str(change.get("words", "")) or statement(replace(other, words=""))
            found.append(f"{said} ({judged.level})")
    return "; ".join(found)


def _replaced(check: Check, changes: Any) -> dict[str, Any]:
    """A reading that declares names of its own does not keep the operation, and the other way round."""
    found = dict(changes)
    for one, other in (("given", "of"), ("of", "given")):
        if one in changes and other in check.values and other not in changes:
            raise check.error(f"a reading has {one}, and the check has {other}; use the same key in both")
    return found


def _judge(check: Check) -> Found:
    try:
        return known_kinds()[check.kind].judge(check)
    except ClaimError:
        raise
    except BackproofError as problem:
        raise check.error(f"{problem}") from problem


__all__ = ["Audit", "Judged", "audit", "judge"]

"""What the audit says of a claim: an outcome, under which conditions, how sure, and what is right instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Outcome(Enum):
    """The verdict on a claim, as a stable string.

    >>> str(Outcome("holds if"))
    'holds if'
    """

    HOLDS = "holds"
    CONDITIONAL = "holds if"
    FAILS = "does not hold"
    UNDECIDED = "cannot decide"

    def __str__(self) -> str:
        return self.value


_ORDER = (Outcome.FAILS, Outcome.UNDECIDED, Outcome.CONDITIONAL, Outcome.HOLDS)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of several parts together: one that does not hold outweighs all others.

    >>> str(worst([Outcome.HOLDS, Outcome.CONDITIONAL]))
    'holds if'
    """
    found = set(outcomes)
    return next((each for each in _ORDER if each in found), Outcome.UNDECIDED)


@dataclass(frozen=True)
class Found:
    """The answer to one check.

    ``conditions`` are hypotheses each of which is enough by itself; ``level`` is how sure it is (*identity proven*, *agrees in
    balls at 12 points*); ``counterexample`` is a point that refutes it, ``correction`` what is right; ``evidence`` further
    lines.
    """

    outcome: Outcome
    level: str = ""
    conditions: tuple[str, ...] = ()
    correction: str = ""
    counterexample: str = ""
    evidence: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The outcome with its conditions.

        >>> Found(Outcome.CONDITIONAL, conditions=("m = 1", "n = 1")).words
        'holds if m = 1, or n = 1'
        """
        if self.outcome is Outcome.CONDITIONAL:
            return f"{self.outcome} {', or '.join(self.conditions)}"
        return str(self.outcome)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "outcome": str(self.outcome),
            "words": self.words,
            "level": self.level,
            "conditions": list(self.conditions),
            "correction": self.correction,
            "counterexample": self.counterexample,
            "evidence": list(self.evidence),
        }


def holds(level: str, *evidence: str) -> Found:
    """The claim holds as it stands."""
    return Found(Outcome.HOLDS, level, evidence=evidence)


def fails(level: str, correction: str = "", counterexample: str = "", evidence: tuple[str, ...] = ()) -> Found:
    """The claim is refuted."""
    return Found(Outcome.FAILS, level, (), correction, counterexample, evidence)


def undecided(reason: str, *evidence: str) -> Found:
    """Nothing here decides the claim."""
    return Found(Outcome.UNDECIDED, reason, evidence=evidence)

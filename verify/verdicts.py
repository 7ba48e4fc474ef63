"""Verdicts: what a comparison of a gradient with the truth can end in.

A verdict is never a boolean, because "does not agree to nine digits" has several causes, and each calls for a different
repair: a wrong formula, a kink where another convention was declared, a right formula evaluated inaccurately, a point
where there is nothing to compare.  Beside its numbers a function may break the protocol between the two passes: change
what it was given, or depend on what was called before.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Verdict(Enum):
    """The outcome of one check.  The values are stable strings; they appear in reports, logs and JSON.

    Example:
        >>> Verdict("wrong formula") is Verdict.WRONG_FORMULA
        True
        >>> str(Verdict.AGREES)
        'agrees'
    """

    AGREES = "agrees"
    WRONG_FORMULA = "wrong formula"
    PROTOCOL = "protocol"
    WRONG_CONVENTION = "wrong convention"
    INACCURATE = "inaccurate"
    OUTSIDE = "outside the domain"
    CANNOT_DECIDE = "cannot decide"

    def __str__(self) -> str:
        return self.value

    @property
    def faulty(self) -> bool:
        """Whether the verdict says that something is wrong."""
        return self in (Verdict.WRONG_FORMULA, Verdict.PROTOCOL, Verdict.WRONG_CONVENTION, Verdict.INACCURATE)


# from the most to the least telling: one wrong formula anywhere outweighs any number of agreements
_ORDER = (
    Verdict.WRONG_FORMULA,
    Verdict.PROTOCOL,
    Verdict.WRONG_CONVENTION,
    Verdict.INACCURATE,
    Verdict.CANNOT_DECIDE,
    Verdict.OUTSIDE,
    Verdict.AGREES,
)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The most serious of several verdicts; of none at all: cannot decide, since nothing was checked.

    Example:
        >>> worst([Verdict.AGREES, Verdict.INACCURATE]).value
        'inaccurate'
        >>> worst([]).value
        'cannot decide'
    """
    found = set(verdicts)
    return next((verdict for verdict in _ORDER if verdict in found), Verdict.CANNOT_DECIDE)


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict over several points: points outside the domain, or undecided, do not count against points that agree.

    Example:
        >>> overall([Verdict.AGREES, Verdict.OUTSIDE]).value
        'agrees'
        >>> overall([Verdict.OUTSIDE]).value
        'outside the domain'
    """
    found = set(verdicts)
    if any(verdict.faulty for verdict in found):
        return worst(found)
    return Verdict.AGREES if Verdict.AGREES in found else worst(found)

"""What the oracle says of an implementation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from derive.rich import Rich
from verify.evidence import Evidence
from verify.oracle.explaining import Cause
from verify.oracle.text import text
from verify.verdicts import Verdict


@dataclass(frozen=True)
class Check(Rich):
    """What the oracle says of an implementation.

    ``evidence`` has a row for every argument and stratum, ``causes`` the mistakes that reproduce what was observed, the likeliest
    of each array first, ``conventions`` what it does otherwise than the declaration and rightly so, ``notes`` how the
    implementation was read, ``unjudged`` the inputs whose gradient it does not return, ``forms`` the identities by which another
    formula than the derived one is right as well, and ``claim`` the answer for what somebody says that it should be instead.
    ``str`` is the answer for a terminal or a failed test.
    """

    operation: str
    implementation: str
    evidence: Evidence
    causes: tuple[Cause, ...] = ()
    notes: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()
    conventions: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    claim: Check | None = None

    @property
    def ok(self) -> bool:
        return self.evidence.ok

    @property
    def verdict(self) -> Verdict:
        return self.evidence.verdict

    @property
    def equivalent(self) -> bool:
        """Whether it was accused, something else being claimed instead, and is right: equal to the derived gradient."""
        return self.ok and self.claim is not None

    def __str__(self) -> str:
        return text(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        causes = [{"names": c.names, "kinds": c.kinds, "words": c.words} for c in self.causes]
        return {
            **self.evidence.to_dict(),
            "implementation": self.implementation,
            "causes": causes,
            "conventions": list(self.conventions),
            "notes": list(self.notes),
            "unjudged": list(self.unjudged),
            "forms": list(self.forms),
            "claim": None if self.claim is None else self.claim.to_dict(),
        }


__all__ = ["Check"]

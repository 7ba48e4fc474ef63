"""The evidence for a page: gathered, or kept from another time as JSON.  Of what did not agree nothing is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from derive.derivation import Derivation
from derive.operation import Operation
from reports.binding.cache import Cache
from reports.binding.fingerprint import key_of
from verify import verify
from verify.evidence import Evidence, Row
from verify.steps import StepCheck, total_derivatives
from verify.verdicts import Verdict

_NUMBERS = ("error", "bound", "ulp")  # JSON has no infinity


def judged(operation: Operation, derivation: Derivation, seed: int, cache: Cache) -> Evidence:
    """The evidence of all witnesses with this seed."""
    key = key_of(operation, "evidence", {"seed": seed}) if cache.folder is not None else ""
    kept = None if cache.folder is None else cache.read(key)
    known = None if kept is None else _read(kept, derivation)
    if known is not None:
        return known
    fresh = verify(operation, seed=seed)
    text = json.dumps(fresh.to_dict(), allow_nan=False, separators=(",", ":"))
    again = _read(text, derivation)
    if not fresh.ok or again is None or any(row.example for row in fresh.rows):
        return fresh
    cache.write(key, text)
    return again  # what was kept and what was just found are the same in every digit


def _read(text: str, derivation: Derivation) -> Evidence | None:
    """The evidence that a text holds, about the steps of this derivation; ``None`` for any other text."""
    try:
        found = json.loads(text)
        steps = (*derivation.steps, *total_derivatives(derivation))
        checks = tuple(
            StepCheck(step, Verdict(said["verdict"]), said["points"], said["detail"])
            for step, said in zip(steps, found["steps"], strict=True)
            if (step.rule, step.target) == (said["rule"], said["target"])
        )
        evidence = Evidence(
            found["operation"],
            tuple(map(_row, found["rows"])),
            found["seed"],
            checks,
            tuple(found["not_checked"]),
            found["seconds"],
            found["versions"],
        )
        return evidence if evidence.ok and len(checks) == len(steps) else None
    except (ValueError, TypeError, KeyError):
        return None


def _row(said: Mapping[str, Any]) -> Row:
    numbers = {name: None if said[name] is None else float(said[name]) for name in _NUMBERS}
    return Row(**{**said, **numbers, "verdict": Verdict(said["verdict"]), "example": {}})

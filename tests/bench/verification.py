"""How many cases a second the verifier judges."""

from __future__ import annotations

import time

import backproof as bp
from tests.bench.tables import Section
from tests.bench.timing import shown


def rate(quick: bool = False) -> list[Section]:
    """Every operation once, as ``backproof verify`` does it."""
    section = Section("Verification", ["operation", "seconds", "checks", "points", "steps", "checks per second"])
    total, checks = 0.0, 0
    for operation in bp.operations():
        if quick and operation.name not in ("sigmoid", "dense"):
            continue
        started = time.perf_counter()
        evidence = bp.verify(operation, seed=1)
        seconds = time.perf_counter() - started
        count = len(evidence.rows) + len(evidence.steps)
        total, checks = total + seconds, checks + count
        points = sum(row.points for row in evidence.rows)
        section.rows.append(
            [operation.name, shown(seconds), count, points, len(evidence.steps), f"{count / seconds:.1f}"]
        )
    section.summary = {
        "checks in all": checks,
        "seconds in all": round(total, 1),
        "checks per second": round(checks / total, 1),
    }
    return [section]

"""How a row of the table is judged: the points it is judged at, the evidence, and whether that is what is due."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.verify.rows import Row
from tests.verify.support import derivation_of
from verify import Evidence, Verdict, check_gradient
from verify.given import GIVEN, given_case
from verify.judge import Points
from verify.sampling import Case

_points: dict[tuple[str, str, int], Points] = {}


def points_of(row: Row, seed: int) -> Points:
    """What is true at the points of an operation serves all rows about that operation."""
    derivation = derivation_of(row.operation)
    key = derivation.program.name, np.dtype(row.dtype).name, seed
    if key not in _points:
        plans = next((p.plans for (name, _, _), p in _points.items() if name == key[0]), None)
        _points[key] = Points(derivation, seed, 1, row.dtype, plans=plans)
    return _points[key]


def evidence_of(row: Row, seed: int) -> Evidence:
    vjp, forward = row.implementation()
    if row.inputs is not None:
        settings: dict[str, Any] = {"inputs": row.inputs(np.random.default_rng(seed)), "seed": seed}
        settings |= {"derivation": derivation_of(row.operation), "dtype": row.dtype}
    else:
        settings = {"points": points_of(row, seed), "strata": row.strata}
    return check_gradient(row.operation, vjp, forward=forward, **settings)


def cases_of(row: Row, seed: int) -> list[Case]:
    """The inputs at which ``evidence_of`` judges a row, for other checkers."""
    if row.inputs is not None:
        drawn = row.inputs(np.random.default_rng(seed))
        return [given_case(derivation_of(row.operation), drawn, {}, seed, row.dtype)]
    return [case for found in points_of(row, seed).places(row.strata).values() for case, _truth in found]


def objection(row: Row, evidence: Evidence) -> str:
    """Why the evidence is not what is due to the row; empty if it is."""
    said = f"seed {evidence.seed}\n{evidence.table()}"
    if row.verdict is Verdict.AGREES:
        right = evidence.verdict is Verdict.AGREES and not evidence.faults and evidence.counterexample is None
        return "" if right else f"a right gradient is rejected, {said}"
    place = GIVEN if row.inputs is not None and row.shows == "ordinary" else row.shows
    (found,) = [r for r in evidence.rows if row.argument in r.argument.split(", ") and r.stratum == place]
    if found.verdict is not row.verdict or evidence.verdict is not row.verdict:
        return f"{row.verdict} is due in {place}, {said}"
    if row.note not in found.note:
        return f"the note must say {row.note!r}, {said}"
    if row.only and any(r is not found for r in evidence.faults):
        return f"everything else is right, {said}"
    return ""

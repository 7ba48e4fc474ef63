"""More cases than balls can judge: an implementation against JAX in batches, with balls where the two differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from derive.derivation import Derivation
from derive.operation import Operation
from verify import strata as _strata
from verify.campaign.batches import Line, run_batch
from verify.campaign.plan import LARGEST, SETS, Batch, Subject
from verify.compare import RELATIVE
from verify.evidence import Row
from verify.protocol import Gradients
from verify.verdicts import Verdict, overall

WITNESS = "batches"


def many_cases(
    operation: Operation,
    derivation: Derivation,
    vjp: Gradients,
    *,
    seed: int,
    cases: int,
    strata: Sequence[str] | None = None,
    varied: bool = True,
) -> tuple[list[Row], list[str]]:
    """A row for each gradient and stratum over ``cases`` points, and what could not be judged.

    ``varied=False`` leaves hyper-parameters at their defaults.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> relu = get("relu")
        >>> rows, _ = many_cases(
        ...     relu, derive(relu), lambda x, d: {"z": d["a"] * (x["z"] > 0)}, seed=1, cases=300, strata=["ties"]
        ... )
        >>> [(row.argument, row.stratum, str(row.verdict), row.note) for row in rows]
        [('z', 'ties', 'agrees', '300 cases')]
    """
    subject = Subject.of(operation, derivation.wrt)
    wanted = [s.name for s in _strata.applicable(operation.program) if strata is None or s.name in strata]
    rows: list[Row] = []
    left: list[str] = []
    for place in wanted:
        lines = [run_batch(subject, batch, vjp) for batch in _batches(operation, place, seed, cases, varied)]
        judged = [line for line in lines if line["cases"]]
        left += [f"{WITNESS} in {place}: {line['note']}" for line in lines if not line["cases"]]
        rows += [_row(name, place, judged, seed) for name in derivation.gradients if judged]
    return rows, list(dict.fromkeys(left))


def _batches(operation: Operation, place: str, seed: int, cases: int, varied: bool) -> list[Batch]:
    room = min(LARGEST, cases)
    start = (
        0 if varied else _strata.names().index(place) % 2
    )  # every second batch has the hyper-parameters of the declaration
    step = 1 if varied else 2
    sets = SETS if varied else 1
    return [
        Batch(operation.name, place, number % sets, seed, start + step * number, min(room, cases - number * room), room)
        for number in range(-(-cases // room))
    ]


def _row(name: str, place: str, lines: Sequence[Line], seed: int) -> Row:
    """What the batches of one stratum say of one gradient."""
    counts = [line["arguments"][name] for line in lines if name in line["arguments"]]
    faults = [fault for line in lines for fault in line["faults"] if fault["argument"] in ("", name)]
    found = {Verdict(fault["verdict"]) for fault in faults}
    found |= {Verdict(line["verdict"]) for line in lines if not line["arguments"]}
    found |= {Verdict(value) for each in counts for value in each["balls"]}
    if any(each["agree"] or each["conditioned"] or not each["elements"] for each in counts):
        found.add(Verdict.AGREES)
    undecided = sum(each["undecided"] for each in counts)
    if undecided:
        found.add(Verdict.CANNOT_DECIDE)
    notes = [f"{sum(line['cases'] for line in lines)} cases"]
    notes += [f"{undecided} elements not settled by balls"] if undecided else []
    notes += [str(fault["note"]) for fault in faults[:1] if fault["note"]]
    points = sum(each["agree"] + each["conditioned"] + each["settled"] for each in counts)
    error = max((each["componentwise"] for each in counts), default=np.inf)
    element = next((str(fault["element"]) for fault in faults if fault["element"]), "")
    verdict = overall(found)
    return Row(WITNESS, name, place, points, "float64", error, RELATIVE, verdict, "; ".join(notes), seed, None, element)

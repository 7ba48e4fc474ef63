"""One batch from its identity to its line in the log."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from sympy import Symbol

import numeric
from derive.derivation import Derivation
from derive.reverse import derive
from numeric.exact import Plans
from numeric.function import Function
from verify.campaign.comparing import Compared, compare_stacked
from verify.campaign.drawing import sizes_of, stack
from verify.campaign.evaluating import Gradients, due, generated, spread, written
from verify.campaign.plan import Batch, Subject, Task
from verify.campaign.settling import Settled, settle_batch
from verify.errors import SamplingError, WitnessError
from verify.strata import get as stratum_of
from verify.verdicts import Verdict, overall, worst
from verify.witnesses.autodiff import Autodiff
from verify.witnesses.structure import has_kinks

Line = dict[str, Any]

# Threads of one worker take turns: precision of balls and compiled functions belong to the process.
_turn = threading.Lock()


@dataclass
class Context:
    """What a worker keeps of an operation between batches: derivation, function, compiled reference, plans for balls."""

    derivation: Derivation
    function: Function
    witness: Autodiff
    plans: Plans
    kinks: bool
    sizes: dict[tuple[int, int], Mapping[Symbol, int]] = field(default_factory=dict)

    def sizes_of(self, batch: Batch) -> Mapping[Symbol, int]:
        """The sizes of a batch, drawn once for each set."""
        key = batch.seed, batch.sizes
        if key not in self.sizes:
            self.sizes[key] = sizes_of(self.derivation.program, batch.operation, *key)
        return self.sizes[key]


@lru_cache(maxsize=4)
def context(subject: Subject) -> Context:
    """Derive and compile an operation, or take what was kept.

    Raises:
        MissingReference: there is no reference to compare it with.
    """
    operation = subject.operation()
    derivation = derive(operation, wrt=subject.wrt)
    witness = Autodiff(operation, derivation.wrt)
    plans = Plans(derivation.combined)
    return Context(derivation, numeric.compile(derivation), witness, plans, has_kinks(derivation.program))


def run_task(task: Task, vjp: Gradients | None = None) -> list[Line]:
    """The lines of a task's batches."""
    with _turn:
        return [run_batch(task.subject, batch, vjp) for batch in task.batches]


def run_batch(subject: Subject, batch: Batch, vjp: Gradients | None = None) -> Line:
    """Draw, evaluate, compare and settle one batch; ``vjp`` is judged instead of the generated function.

    Example:
        >>> import derive.registry
        >>> relu = Subject.of(derive.registry.get("relu"))
        >>> line = run_batch(relu, Batch("relu", "ties", 0, 7, 0, 100, 100))
        >>> line["verdict"], line["cases"]
        ('agrees', 100)
    """
    start = time.perf_counter()
    line: Line = {
        "operation": batch.operation,
        "stratum": batch.stratum,
        "set": batch.sizes,
        "index": batch.index,
        "cases": batch.count,
        "sizes": {},
        "verdict": Verdict.CANNOT_DECIDE.value,
        "arguments": {},
        "faults": [],
        "note": "",
    }
    try:
        known = context(subject)
        sizes = known.sizes_of(batch)
        line["sizes"] = {str(symbol): size for symbol, size in sizes.items()}
        _judge(known, batch, sizes, vjp, line)
    except (SamplingError, WitnessError) as error:
        line.update(cases=0, note=str(error))
    line["seconds"] = round(time.perf_counter() - start, 4)
    return line


def _judge(known: Context, batch: Batch, sizes: Mapping[Symbol, int], vjp: Gradients | None, line: Line) -> None:
    stacked = stack(known.derivation, batch, sizes)
    count = batch.count
    theirs = {name: value[:count] for name, value in known.witness.stacked(stacked).items()}
    ours = generated(known.function, stacked, count) if vjp is None else written(vjp, stacked, count)
    shapes = due(known.derivation, stacked, count)
    note = ours if isinstance(ours, str) else ""
    for name, shape in shapes.items():
        if isinstance(ours, str) or note:
            break
        if name not in ours:
            note = f"no value was returned for {name}"
        elif ours[name].shape != shape:
            note = f"{name} has the shape {ours[name].shape[1:]} where {shape[1:]} is due"
    if isinstance(ours, str) or note:
        line.update(verdict=Verdict.WRONG_FORMULA.value, note=note)
        line["faults"].append({"argument": "", "case": 0, "verdict": line["verdict"], "element": "", "note": note})
        return
    found = {name: compare_stacked(ours[name], theirs[name]) for name in shapes}
    smooth = not (known.kinks and stratum_of(batch.stratum).kinks)
    if smooth and any(compared.disputed.any() for compared in found.values()):
        moved = spread(known.witness, stacked, theirs, batch.entropy)
        found = {name: compare_stacked(ours[name], theirs[name], moved[name]) for name in shapes}
    rng = np.random.default_rng([*batch.entropy, 2])
    settled = settle_batch(known.derivation, known.plans, stacked, ours, theirs, found, rng)
    arguments = {name: _counts(compared, settled, name) for name, compared in found.items()}
    line.update(
        verdict=worst(_verdict(each) for each in arguments.values()).value, arguments=arguments, faults=settled.faults
    )


def _counts(compared: Compared, settled: Settled, name: str) -> dict[str, Any]:
    """The elements of one gradient by how they were decided."""
    disputed = compared.disputed
    looked = sorted(settled.looked.get(name, ()))
    total = int(np.sum(disputed))
    decided = int(np.sum(disputed[looked])) if looked else 0
    return {
        "elements": int(disputed.size),
        "agree": int(np.sum(compared.agree)),
        "conditioned": int(np.sum(compared.conditioned)),
        "settled": decided,
        "undecided": total - decided,
        "balls": dict(sorted(settled.verdicts.get(name, {}).items())),
        "componentwise": compared.componentwise,
        "normwise": compared.normwise,
    }


def _verdict(counts: Mapping[str, Any]) -> Verdict:
    """The verdict on one gradient in one batch: what is undecided neither agrees nor speaks against it."""
    found = {Verdict(value) for value in counts["balls"]}
    if counts["agree"] or counts["conditioned"] or not counts["elements"]:
        found.add(Verdict.AGREES)
    if counts["undecided"]:
        found.add(Verdict.CANNOT_DECIDE)
    return overall(found)

"""Many operations verified on several processes: the evidence is that of one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sympy import Integer

from derive.operation import Operation
from verify.campaign.plan import Subject
from verify.errors import CampaignError
from verify.evidence import Evidence
from verify.operations import verify
from verify.sizes import degenerate_sizes


def verify_many(
    operations: Sequence[Operation],
    *,
    jobs: int = 1,
    wrt: Sequence[str] | None = None,
    seed: int | None = None,
    strata: Sequence[str] | None = None,
) -> Iterator[tuple[Evidence, float]]:
    """The evidence of each operation in their order, with the seconds that it took; ``jobs`` = -1 for every processor.

    From another process the steps come without their expressions.

    Raises:
        CampaignError: ``jobs`` is 0 or below -1.

    Example:
        >>> from derive.registry import get
        >>> [evidence.ok for evidence, _ in verify_many([get("relu"), get("l2")], seed=1, strata=["ordinary"])]
        [True, True]
    """
    if jobs == 0 or jobs < -1:
        raise CampaignError(f"jobs must be at least 1, or -1 for one on each processor; got {jobs}; give for example 2")
    subjects = [Subject.of(operation) for operation in operations]
    if jobs == 1 or len(operations) == 1:
        for operation in operations:
            started = time.perf_counter()
            found = verify(operation, wrt=wrt, seed=seed, strata=_of(operation, strata))
            yield found, time.perf_counter() - started
        return
    import joblib

    parallel = joblib.Parallel(n_jobs=jobs, batch_size=1, return_as="generator")
    yield from parallel(joblib.delayed(_verified)(subject, wrt, seed, strata) for subject in subjects)


def _verified(
    subject: Subject, wrt: Sequence[str] | None, seed: int | None, strata: Sequence[str] | None
) -> tuple[Evidence, float]:
    started = time.perf_counter()
    operation = subject.operation()
    evidence = verify(operation, wrt=wrt, seed=seed, strata=_of(operation, strata))
    return _portable(evidence), time.perf_counter() - started


def _of(operation: Operation, strata: Sequence[str] | None) -> list[str] | None:
    """Without the degenerate sizes of other operations."""
    own = degenerate_sizes(operation.program)
    return None if strata is None else [name for name in strata if name in own or not name.startswith("size ")]


def _portable(evidence: Evidence) -> Evidence:
    """The evidence with what is said of each step, without its expressions: their functions exist in one process only."""
    zero = Integer(0)
    steps = (
        replace(check, step=replace(check.step, indices=(), extents=(), before=zero, after=zero, shape=()))
        for check in evidence.steps
    )
    return replace(evidence, steps=tuple(steps))

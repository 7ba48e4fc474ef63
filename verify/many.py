"""Many operations verified, or their mutants judged, on several processes: the result is that of one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from sympy import Integer

from derive.operation import Operation
from verify.campaign.plan import Subject
from verify.errors import CampaignError
from verify.evidence import Evidence
from verify.mutants.mutation import Gradients, Mutant
from verify.mutants.table import KillTable, Progress, kill_table
from verify.operations import verify
from verify.processes import check_jobs, ordered
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
    check_jobs(jobs)
    verified = partial(_verified, wrt=wrt, seed=seed, strata=strata)
    if jobs == 1 or len(operations) == 1:
        yield from (verified(operation) for operation in operations)
        return
    yield from ordered(partial(_portably_verified, verified), [Subject.of(each) for each in operations], jobs)


def kill_tables(
    operations: Sequence[Operation],
    *,
    jobs: int = 1,
    seed: int | None = None,
    beside: Iterable[str] | None = None,
    progress: Callable[[str, str, int, int], None] | None = None,
) -> Iterator[KillTable]:
    """The kill table of each operation in their order, as :func:`verify.mutants.kill_table` makes it.

    ``progress`` is called with the operation, the mutant, its number and how many there are, where all is done in this
    process.  From another one the mutants come without their functions and derivations.

    Raises:
        CampaignError: ``jobs`` is 0 or below -1.

    Example:
        >>> from derive.registry import get
        >>> [table.ok for table in kill_tables([get("relu"), get("l2")], seed=1, beside=())]
        [True, True]
    """
    check_jobs(jobs)
    others = None if beside is None else tuple(beside)
    if jobs == 1 or len(operations) == 1:
        for operation in operations:
            say: Progress | None = None if progress is None else partial(progress, operation.name)
            yield kill_table(operation, seed=seed, beside=others, progress=say)
        return
    judged = partial(_portably_judged, seed=seed, beside=others)
    yield from ordered(judged, [Subject.of(operation) for operation in operations], jobs)


def _verified(
    operation: Operation, wrt: Sequence[str] | None, seed: int | None, strata: Sequence[str] | None
) -> tuple[Evidence, float]:
    started = time.perf_counter()
    evidence = verify(operation, wrt=wrt, seed=seed, strata=_of(operation, strata))
    return evidence, time.perf_counter() - started


def _portably_verified(
    verified: Callable[[Operation], tuple[Evidence, float]], subject: Subject
) -> tuple[Evidence, float]:
    evidence, seconds = verified(subject.operation())
    return _portable(evidence), seconds


def _portably_judged(subject: Subject, seed: int | None, beside: tuple[str, ...] | None) -> KillTable:
    table = kill_table(subject.operation(), seed=seed, beside=beside)
    outcomes = (replace(outcome, mutant=_without_functions(outcome.mutant)) for outcome in table.outcomes)
    return replace(table, outcomes=tuple(outcomes))


def _without_functions(mutant: Mutant) -> Mutant:
    return replace(mutant, make=_made_elsewhere, derivation=None, moved={})


def _made_elsewhere() -> Gradients:
    raise CampaignError("a mutant must be used where it was made; this one was made in another process; say jobs=1")


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

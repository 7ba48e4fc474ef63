"""Running a campaign: joblib on this machine, or its Dask backend on any number of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from derive.operation import Operation
from verify.campaign.batches import Line, run_task
from verify.campaign.evaluating import Gradients
from verify.campaign.log import Log, key_of, read
from verify.campaign.plan import Subject, Task, cells, plan, tasks
from verify.campaign.summary import Result, summarise
from verify.errors import CampaignError
from verify.judge import fresh_seed, resolve
from verify.processes import check_jobs

Progress = Callable[[str, int, int], None]
_RETRIES = 10  # how often Dask may start a task again after its worker died
_PATIENCE = 10  # seconds to reach a scheduler


def campaign(
    operations: Sequence[Operation | str],
    cases: int,
    *,
    jobs: int = 1,
    seed: int | None = None,
    log: str | Path | None = None,
    dask: str | None = None,
    strata: Sequence[str] | None = None,
    wrt: Sequence[str] | None = None,
    gradients: Mapping[str, Gradients] | None = None,
    progress: Progress | None = None,
) -> Result:
    """Judge generated gradients at many random cases against JAX, disputes by ball arithmetic.

    Args:
        operations: operations, or names of the catalog.
        cases: how many in all; they are shared out evenly over operations, then over strata.
        jobs: processes on this machine; -1 for one on each processor.
        seed: repeats a run; a fresh one is drawn otherwise, or that of the log taken.
        log: a file of JSON lines, one for each finished batch.  A run that finds its own log there continues it.
        dask: the address of a Dask scheduler (``tcp://...``), whose workers are used instead of ``jobs``.
        strata: names of strata; by default all that change an input.
        wrt: inputs to differentiate; by default those that the operation differentiates.
        gradients: by name of operation, ``vjp(inputs, cotangents)`` that is judged instead of the generated function.
        progress: called with an operation, the cases that are done, and how many there are.

    Raises:
        CampaignError: something asked for does not exist, or the log is of another campaign.

    Example:
        >>> def wrong(inputs, cotangents):
        ...     return {"z": 1.0001 * cotangents["a"] * (inputs["z"] > 0)}
        >>> result = campaign(["relu"], 100, seed=1, strata=["ordinary"], gradients={"relu": wrong})
        >>> str(result.verdict), result.rows[0].faults[0]["verdict"]
        ('wrong formula', 'wrong formula')
    """
    start = time.perf_counter()
    found = [resolve(operation) for operation in operations]
    path = None if log is None else Path(log)
    _check(found, cases, jobs)
    where = cells(found, strata)
    seed = _seed(seed, path)
    header: dict[str, Any] = {
        "format": 1,
        "operations": {each.name: _fingerprint(each) for each in found},
        "strata": None if strata is None else list(strata),
        "wrt": None if wrt is None else list(wrt),
        "cases": cases,
        "seed": seed,
    }
    subjects = [Subject.of(operation, wrt) for operation in found]
    batches = plan(where, cases, seed)
    with Log(path, header) as kept:
        rest = {name: [b for b in mine if b.key not in kept.lines] for name, mine in batches.items()}
        todo = [(task, (gradients or {}).get(task.subject.name)) for task in tasks(subjects, rest)]
        done = sum(b.count for mine in batches.values() for b in mine) - _count(todo)
        total = done + _count(todo)
        sizes = {b.key: b.count for mine in batches.values() for b in mine}
        for lines in _run(todo, jobs, dask):
            for line in lines:
                kept.add(line)
                done += sizes[key_of(line)]
            if progress is not None:
                progress(lines[0]["operation"], done, total)
    lines = [kept.lines[key] for key in sizes]
    result = summarise(lines, where, seed)
    return Result(result.rows, result.seed, time.perf_counter() - start)


def _count(todo: Sequence[tuple[Task, Any]]) -> int:
    return sum(batch.count for task, _ in todo for batch in task.batches)


def _check(operations: Sequence[Operation], cases: int, jobs: int) -> None:
    names = [operation.name for operation in operations]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise CampaignError(f"a campaign must name each operation once; {twice[0]} is there twice; leave one out")
    if not names:
        raise CampaignError("a campaign must have an operation; none was given; name one, or take the whole catalog")
    if cases < 1:
        raise CampaignError(f"a campaign must have at least 1 case; got {cases}; give for example 1e6")
    check_jobs(jobs)


def _seed(seed: int | None, path: Path | None) -> int:
    """The seed that was asked for, or else that of the log, or else a fresh one."""
    if seed is not None:
        if seed < 0:
            raise CampaignError(f"a seed must be 0 or larger; got {seed}; leave its sign out")
        return seed
    known = read(path)[0] if path is not None else None
    return fresh_seed() if known is None else int(known["seed"])


def _fingerprint(operation: Operation) -> str:
    """A declaration in a few letters: a log is of the texts that it was run with."""
    text = f"{operation.text}{sorted(operation.options.items())}"
    return sha256(text.encode()).hexdigest()[:16]


def _run(todo: Sequence[tuple[Task, Gradients | None]], jobs: int, dask: str | None) -> Iterator[list[Line]]:
    """The lines of each task as it is finished, in any order."""
    import joblib

    if not todo:
        return
    with ExitStack() as stack:
        if dask is not None:
            stack.enter_context(_scheduler(dask))
            jobs = -1
        parallel = joblib.Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")
        try:
            yield from parallel(joblib.delayed(run_task)(task, vjp) for task, vjp in todo)
        except BrokenExecutor as error:
            raise CampaignError(
                "the workers of a campaign must live until it ends; one was killed, or the memory ran out; run it again: "
                "with a log it goes on from the last finished batch, and fewer jobs need less memory"
            ) from error


@contextmanager
def _scheduler(address: str) -> Iterator[None]:
    """joblib's Dask backend, connected; a task whose worker dies is started again on another."""
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise CampaignError(
            "campaigns on Dask need the packages dask and distributed; they are not installed; say: "
            "pip install 'backproof[dask]'"
        ) from error
    import joblib

    try:
        connect: Any = Client  # distributed states no types
        client = connect(address, timeout=_PATIENCE)
    except (OSError, ValueError, TypeError) as error:
        raise CampaignError(
            f"a Dask address must be that of a running scheduler, such as tcp://127.0.0.1:8786; got {address!r}: "
            f"{error}; start one with: dask scheduler"
        ) from error
    with client, joblib.parallel_config(backend="dask", client=client, retries=_RETRIES):
        yield

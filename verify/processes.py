"""Work shared out to processes that end when nobody waits for them any more."""

from __future__ import annotations

import gc
import math
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import Thread
from typing import Any, TypeVar

from verify.errors import CampaignError, ProcessEnded

T = TypeVar("T")
R = TypeVar("R")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # the processors are shared out already
_COLLECT = (100_000, 50, 100)  # expressions are many, live long and have no cycles: the collector is to look rarely


def check_jobs(jobs: int) -> None:
    """Whether so many processes can be meant.

    Raises:
        CampaignError: ``jobs`` is 0 or below -1.
    """
    if jobs == 0 or jobs < -1:
        raise CampaignError(f"jobs must be at least 1, or -1 for one on each processor; got {jobs}; give for example 2")


def unordered(work: Callable[[T], R], items: Sequence[T], jobs: int) -> Iterator[R]:
    """The results of ``work``, as they come; begun in the order of ``items``, on ``jobs`` processes (-1: one a processor).

    Whatever ends the waiting, be it an interrupt or a failure, ends the processes.

    Raises:
        ProcessEnded: a process was killed.

    Example:
        >>> list(unordered(abs, [-3], jobs=2))
        [3]
    """
    if jobs == 1 or len(items) < 2:
        for item in items:
            yield work(item)  # not ``map``, in which a StopIteration of the work would pass for the end
        return
    import joblib
    from joblib.externals import loky

    count = min(joblib.cpu_count() if jobs == -1 else jobs, len(items))
    executor: Any = loky.ProcessPoolExecutor(count, initializer=_begin, env=dict.fromkeys(_THREADS, "1"))
    finished = False
    try:
        for done in loky.as_completed([executor.submit(work, item) for item in items]):
            yield done.result()
        finished = True
    except loky.BrokenProcessPool:
        raise ProcessEnded(
            "a process was ended from outside, perhaps for want of memory; say the same again with fewer --jobs"
        ) from None
    finally:
        executor.shutdown(wait=True, kill_workers=not finished)


def ordered(work: Callable[[T], R], items: Sequence[T], jobs: int) -> Iterator[R]:
    """The results of ``work`` in the order of ``items``, each as soon as it and those before it are there.

    Raises:
        ProcessEnded: a process was killed.

    Example:
        >>> list(ordered(abs, [-3, 2], jobs=1))
        [3, 2]
    """
    found: dict[int, R] = {}
    given = 0
    for number, result in unordered(partial(_numbered, work), list(enumerate(items)), jobs):
        found[number] = result
        while given in found:
            yield found.pop(given)
            given += 1


def _numbered(work: Callable[[T], R], item: tuple[int, T]) -> tuple[int, R]:
    return item[0], work(item[1])


def _begin() -> None:
    """In a new process: an interrupt from the keyboard is for the process that the work is done for; without it we end.

    The executor takes a process that has grown by 300 MB for one that leaks, and starts another.  Ours grow that much by
    the derivations and compiled functions that they keep, which the other would make anew.
    """
    from joblib.externals.loky import process_executor

    process_executor._MEMORY_LEAK_CHECK_DELAY = math.inf
    gc.set_threshold(*_COLLECT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)

"""Fair timing: contenders take turns, so that a busy moment of the machine hits all of them."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Time:
    """Seconds for one call."""

    least: float
    median: float


def interleaved(
    contenders: Mapping[str, Callable[[], object]], *, rounds: int = 7, seconds: float = 0.02, limit: float = 20.0
) -> dict[str, Time]:
    """Time each contender in turn, ``rounds`` times, each for about ``seconds``; stop early after ``limit`` in all."""
    repeats: dict[str, int] = {}
    for name, call in contenders.items():
        call()  # compilation, caches
        started = time.perf_counter()
        call()
        once = max(time.perf_counter() - started, 1e-9)
        repeats[name] = max(1, min(10_000, round(seconds / once)))
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    began = time.perf_counter()
    for number in range(rounds):
        for name, call in contenders.items():
            count = repeats[name]
            started = time.perf_counter()
            for _ in range(count):
                call()
            samples[name].append((time.perf_counter() - started) / count)
        if number >= 2 and time.perf_counter() - began > limit:
            break
    return {name: Time(min(values), statistics.median(values)) for name, values in samples.items()}


def geometric_mean(values: Iterable[float]) -> float:
    """``exp(mean(log(v)))``, the mean that ratios have.

    >>> round(geometric_mean([0.5, 2.0]), 12)
    1.0
    """
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def shown(seconds: float) -> str:
    """A duration with its unit, three digits.

    >>> shown(0.0000123), shown(0.0456), shown(1.5)
    ('12.3 us', '45.6 ms', '1.5 s')
    """
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"

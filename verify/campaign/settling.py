"""Which cases of a batch go to ball arithmetic, and what that says.

Balls cost milliseconds a case and floats microseconds, so the number is bounded: by the work that one evaluation takes,
the same on every machine.  Cases are settled in this order:

1. those with a *large* dispute, the largest first;
2. those with any other dispute, half of them the largest, half at random;
3. one in which the reference's spread was needed, one in which both values are exactly 0 somewhere.

What is left is counted as *undecided*: this witness cannot tell.  It is never counted as agreement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from numeric.exact import Plans
from verify.campaign.comparing import Compared
from verify.campaign.drawing import single
from verify.compare import compare
from verify.operations import settle
from verify.sampling import Case
from verify.sizes import work
from verify.verdicts import Verdict
from verify.witnesses.balls import Truth

Array = NDArray[Any]
_WORK = 1000  # scalar operations of the forward programs that are settled in one batch, but
_LEAST, _MOST = 3, 48  # so many cases of each kind
_FAULTS = 2  # faulty cases after which a batch has said enough
_SMOOTH = ("ordinary", "contracting", "expanding")


@dataclass
class Settled:
    """What balls said: verdicts by input, faults with where to look, and which cases they looked at."""

    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)
    looked: dict[str, set[int]] = field(default_factory=dict)

    def add(self, name: str, number: int, verdict: Verdict) -> None:
        self.verdicts.setdefault(name, Counter())[verdict.value] += 1
        self.looked.setdefault(name, set()).add(number)


def chosen(found: Mapping[str, Compared], limit: int, rng: np.random.Generator) -> list[tuple[int, str]]:
    """The pairs of a case and an input that are settled, in order, each once: about ``limit`` cases of a kind.

    Example:
        >>> from verify.campaign.comparing import compare_stacked
        >>> ours, theirs = np.ones((4, 2)), np.array([[1.0, 1.0], [1.0, 1.5], [1.0, 1.0], [9.0, 9.0]])
        >>> chosen({"x": compare_stacked(ours, theirs)}, 1, np.random.default_rng(0))
        [(3, 'x'), (1, 'x')]
    """
    disputed = {name: _heaviest(compared.disputed, compared.weight) for name, compared in found.items()}
    large = {name: _heaviest(compared.large, compared.weight) for name, compared in found.items()}
    # the worst case of each input first, so that a faulty one is not crowded out by another
    cases = [order[0] for order in map(_order, large.values()) if order]
    cases += _order(np.max(list(large.values()), axis=0))[:limit]
    rest = [number for number in _order(np.max(list(disputed.values()), axis=0)) if number not in set(cases)]
    half = (limit + 1) // 2
    others = [int(number) for number in rng.permutation(np.array(rest[half:], dtype=int))]
    cases += rest[:half] + others[: limit - half]
    pairs = [(number, name) for number in cases for name, weight in disputed.items() if weight[number] >= 0]
    for name, compared in found.items():
        pairs += [(number, name) for number in _order(_heaviest(compared.conditioned, compared.weight))[:1]]
    zeros = np.array([_flat(compared.zero).any(axis=1) for compared in found.values()])
    some = np.flatnonzero(zeros.any(axis=0))
    if len(some):
        number = int(some[rng.integers(len(some))])
        pairs += [(number, name) for name, zero in zip(found, zeros, strict=True) if zero[number]]
    return list(dict.fromkeys(pairs))


def _heaviest(mask: Array, weight: Array) -> Array:
    """The largest weight under the mask in each case; -1 where it holds nowhere."""
    return np.asarray(np.max(_flat(np.where(mask, weight, -1.0)), axis=1, initial=-1.0))


def _order(weight: Array) -> list[int]:
    """The cases that have a weight, the heaviest first."""
    return [int(number) for number in np.argsort(-weight, kind="stable") if weight[number] >= 0]


def _flat(values: Array) -> Array:
    return values.reshape(len(values), -1) if values.size else np.zeros((len(values), 0), dtype=values.dtype)


def settle_batch(
    derivation: Derivation,
    plans: Plans,
    stacked: Case,
    ours: Mapping[str, Array],
    theirs: Mapping[str, Array],
    found: Mapping[str, Compared],
    rng: np.random.Generator,
) -> Settled:
    """Judge the chosen cases by ball arithmetic."""
    cost = max(1, work(derivation.program, stacked.sizes))
    limit = max(_LEAST, min(_MOST, _WORK // cost))
    settled = Settled()
    truths: dict[int, Truth] = {}
    for number, name in chosen(found, limit, rng):
        if sum(fault["argument"] == name for fault in settled.faults) >= _FAULTS:
            continue
        if number not in truths:
            truths[number] = Truth(derivation, single(stacked, number), plans=plans)
        gentle = stacked.stratum in _SMOOTH
        got, truth = ours[name][number], truths[number]
        if gentle and bool(_flat(found[name].disputed)[number].any()):
            comparison, note = settle(got, theirs[name][number], truth, name, stacked.stratum)
        else:
            comparison = compare(got, truth, name, gentle=gentle)
            note = comparison.note
        settled.add(name, number, comparison.verdict)
        if comparison.verdict.faulty:
            settled.faults.append(
                {
                    "argument": name,
                    "case": number,
                    "verdict": comparison.verdict.value,
                    "element": str(comparison.worst or ""),
                    "note": note,
                }
            )
    return settled

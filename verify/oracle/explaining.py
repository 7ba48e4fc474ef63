"""The likely mistake: every known way of being wrong is tried, and those are told that reproduce all that was observed.

A *cause* is a way of being wrong under which the very numbers of the implementation come out, at every observation, the
sizes of which differ from one to the next (so that 1/N, 1/classes and 1/T are told apart).  The ways are, in this order:
simple relations to the true array; right formulas given a wrong argument; the mutants of the derivation; the same mistake
in several places; other operations of the catalog; each of these followed by a simple relation; two mutations at once, as
far as time allows.  What comes later is not looked for where something before it fits, and where nothing fits, nothing is
claimed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Add

from derive.derivation import Derivation
from derive.errors import BackproofError
from derive.operation import Operation
from derive.program import Program
from derive.text import equation_text, expression_text
from numeric.exact import Exact, Plans
from verify.mutants.generate import explanations
from verify.mutants.mutation import Mutation, reached
from verify.oracle.observation import Observation, alike
from verify.oracle.relations import EQUAL, Pair, Relation, narrowed, relation
from verify.oracle.substitutions import Supposition, other_operations, substitutions, with_values
from verify.witnesses.balls import to_float

Array = NDArray[Any]
Candidates = Iterator[tuple[str, str, list[Mapping[str, Array]]]]  # kind, words, the arrays at each observation

# A transposed argument need not fit, a mutated recurrence need not have an order, a mutated constant may be complex (SymPy's
# TypeError); any other error is a fault of ours.
_NOT_MEANT = (BackproofError, ArithmeticError, ValueError, LookupError, RecursionError, TypeError)
SECONDS = 30.0  # of processor time, so that a busy machine finds the same; for all arrays together
SAME = 60  # pairs of the same mistake in two equations
ALTERNATIVES = 3
_BITS = 128
_WEAK = ("ratio", "zero in a region", "added")  # said of an array only where no mistake explains it


@dataclass(frozen=True)
class Cause:
    """A way of being wrong that reproduces what was observed of these arrays, in all observations.

    ``kinds`` are the mutants' names of it, one or two.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    words: str

    def __str__(self) -> str:
        return f"{', '.join(self.names)}: {self.words}"


def explain(
    operation: Operation,
    derivation: Derivation,
    observations: Sequence[Observation],
    *,
    only: Container[str] | None = None,
    seconds: float = SECONDS,
    tries: int | None = None,
    stopped: list[str] | None = None,
) -> tuple[Cause, ...]:
    """The causes of each wrong array (of those named in ``only``), the likeliest first; none where nothing known fits.

    The names of the arrays for which ``seconds`` ended the search are added to ``stopped``; ``tries``, a number of candidates,
    ends it in their place, at the same one on every machine.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> from verify.sampling import sample
        >>> derivation = derive(get("softmax"))
        >>> found = []
        >>> for seed in (1, 2, 3):
        ...     case = sample(derivation.program, seed, derivation=derivation)
        ...     z, da = case.inputs["z"], case.cotangents["a"]
        ...     p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
        ...     right = p * (da - (p * da).sum(-1, keepdims=True))
        ...     found.append(Observation(case, {"z": p * da * (1 - p)}, {"z": right}))
        >>> [cause.kinds for cause in explain(get("softmax"), derivation, found)][0]
        ('diagonal only',)
    """
    looked = [with_values(derivation, at) for at in observations]
    names = looked[0].expected if looked else ()
    wrong = [name for name in names if not _right(name, looked) and (only is None or name in only)]
    causes: list[Cause] = []
    for name in () if only is None else (name for name in names if name in only and name not in wrong):
        # as the search sees it that is right: a few digits are missing
        found = narrowed([Pair(np.asarray(at.got[name]), np.asarray(at.expected[name]), at) for at in looked])
        causes += [Cause((name,), (found.kind,), found.words)] if found is not None else []
    for name in wrong:
        search = _Search(operation, derivation, name, looked, seconds / len(wrong), tries)
        with np.errstate(all="ignore"):
            told = search.causes()
        causes += told
        if search.stopped and not told and stopped is not None:
            stopped.append(name)
    return _merged(causes)


def _right(name: str, observations: Iterable[Observation]) -> bool:
    return all(
        name in at.got
        and alike(at.got[name], at.expected[name])
        and np.all(np.isfinite(at.got[name]) | ~np.isfinite(at.expected[name]))
        for at in observations
    )


def _merged(causes: Sequence[Cause]) -> tuple[Cause, ...]:
    """The same cause of several arrays told once."""
    found: dict[tuple[str, tuple[str, ...]], Cause] = {}
    for cause in causes:
        key = cause.words, cause.kinds
        before = found.get(key)
        names = cause.names if before is None else (*before.names, *cause.names)
        found[key] = replace(cause, names=names)
    return tuple(found.values())


class _Search:
    """What explains one array."""

    def __init__(
        self,
        operation: Operation,
        derivation: Derivation,
        name: str,
        at: Sequence[Observation],
        seconds: float,
        tries: int | None = None,
    ) -> None:
        self.operation, self.derivation, self.name, self.at = operation, derivation, name, at
        self.half: list[tuple[str, str, Relation]] = []
        self.effective: list[Mutation] = []  # the mutations that change this array
        self.tries, self.tried = tries, 0
        self.end, self.stopped = self.now + (seconds if tries is None else tries), False

    def causes(self) -> list[Cause]:
        if any(self.name not in each.got for each in self.at):
            return []
        pairs = [Pair(each.got[self.name], each.expected[self.name], each) for each in self.at]
        direct = relation(pairs)
        if direct is not None and direct.kind not in _WEAK:
            return [Cause((self.name,), (direct.kind,), direct.words)]
        supposed = substitutions(self.derivation, self.name)
        others = other_operations(self.operation, self.derivation)
        for candidates in (*map(self._supposed, supposed), self._mutated(), self._everywhere(), self._supposed(others)):
            if found := self._ranked(self._told(candidates)):
                return found
        if (direct := narrowed(pairs) or direct) is not None:
            return [Cause((self.name,), (direct.kind,), direct.words)]
        if self.half:
            return self._ranked(
                Cause((self.name,), (kind, after.kind), f"{words}; beside that {after.words}")
                for kind, words, after in self.half
            )
        return self._ranked(self._told(self._paired()))

    @property
    def now(self) -> float:
        """What the search has cost: in processor time, or in candidates where these are counted."""
        return time.process_time() if self.tries is None else float(self.tried)

    @property
    def late(self) -> bool:
        """Whether the time is over; what has not been tried by then is not."""
        self.stopped = self.stopped or self.now > self.end
        return self.stopped

    def _ranked(self, causes: Iterable[Cause]) -> list[Cause]:
        """The first few; after the first one others are looked for as long again, and not longer."""
        found: dict[str, Cause] = {}
        begun, more = self.now, 0.5 if self.tries is None else 50
        end = float("inf")
        for cause in causes:
            found[cause.words] = cause
            now = self.now
            end = min(end, now + (now - begun) + more)
            if len(found) == ALTERNATIVES or now > end:
                break
        return list(found.values())[:ALTERNATIVES]

    def _told(self, candidates: Candidates) -> Iterator[Cause]:
        """The candidates that reproduce the array; what does so after a simple relation is kept for later."""
        for kind, words, predicted in candidates:
            if any(self.name not in each for each in predicted):
                continue
            pairs = [
                Pair(at.got[self.name], np.asarray(p[self.name]), at) for at, p in zip(self.at, predicted, strict=True)
            ]
            found = relation(pairs)
            if found is None or all(alike(p.base, p.at.expected[self.name]) for p in pairs):
                continue
            if found.kind == EQUAL:
                yield Cause((self.name,), tuple(kind.split(" + ")), words)
            elif found.kind != "zero" and np.ptp([np.max(np.abs(p.base), initial=0.0) for p in pairs]) > 0:
                self.half.append((kind, words, found))

    def _supposed(self, suppositions: Iterable[Supposition]) -> Candidates:
        for each in suppositions:
            predicted = self._predicted(each.predict)
            if predicted is not None and len(predicted) == len(self.at):
                yield each.kind, each.words, predicted

    def _mutated(self) -> Candidates:
        before = self.derivation
        for mutation in _by_turns(explanations(before, self.name)):
            if self.late:
                return
            predicted = self._predicted(_Mutated(mutation.applied(before), self.name))
            if predicted is None:
                continue
            if all(
                alike(p.get(self.name, np.nan), at.expected[self.name])
                for at, p in zip(self.at, predicted, strict=False)
            ):
                continue  # it changes nothing here: no part of a pair either
            self.effective.append(mutation)
            if len(predicted) == len(self.at):
                yield mutation.kind, _words(mutation, before), predicted

    def _everywhere(self) -> Candidates:
        """The same mistake in two equations, and in every equation that has room for it."""
        found: dict[str, list[Mutation]] = {}
        for mutation in self.effective:
            found.setdefault(mutation.kind, []).append(mutation)
        for kind, mutations in found.items():
            pairs = _alike(mutations)[:SAME]
            first = {(m.residual, m.number): m for m in reversed(mutations)}
            everywhere = [tuple(first.values())] if len(first) > 2 else []
            for chosen in (*pairs, *everywhere):
                if self.late:
                    return
                changed = self.derivation
                for mutation in chosen:
                    changed = mutation.applied(changed)
                predicted = self._predicted(_Mutated(changed, self.name))
                if predicted is not None and len(predicted) == len(self.at):
                    yield kind, "; ".join(_words(each, self.derivation) for each in chosen), predicted

    def _paired(self) -> Candidates:
        """Two mutations at once, as far as time allows."""
        seen = set()
        for first in self.effective:
            changed = first.applied(self.derivation)
            for second in explanations(changed, self.name):
                both = second.applied(changed)
                text = tuple(e.rhs for e in both.combined.equations)
                if text in seen:
                    continue
                seen.add(text)
                predicted = self._predicted(_Mutated(both, self.name))
                if predicted is not None and len(predicted) == len(self.at):
                    words = f"{_words(first, self.derivation)}; {_words(second, changed)}"
                    yield f"{first.kind} + {second.kind}", words, predicted
                if self.late:
                    return

    def _predicted(self, predict: Callable[[Observation], Mapping[str, Array]]) -> list[Mapping[str, Array]] | None:
        """What a supposition gives at every observation, or at the first ones where it has failed to explain these.

        ``None`` where it cannot be meant.
        """
        self.tried += 1
        found: list[Mapping[str, Array]] = []
        try:
            with np.errstate(all="ignore"):
                for at in self.at:
                    found.append(predict(at))
                    value = np.asarray(found[-1].get(self.name, np.nan))
                    if relation([Pair(at.got[self.name], value, at)]) is None:
                        break
        except _NOT_MEANT:
            return None
        return found


def _words(mutation: Mutation, derivation: Derivation) -> str:
    """The mistake and what it did; of a sum the terms that differ."""
    equation = mutation.equation(derivation)
    right, wrong = (dict.fromkeys(Add.make_args(side)) for side in (equation.rhs, mutation.rhs))
    lost, gained = (Add(*(t for t in a if t not in b)) for a, b in ((right, wrong), (wrong, right)))
    if lost != 0 and gained != 0 and lost != equation.rhs:
        after, before = expression_text(gained), expression_text(lost)
        return f"{mutation.kind}: {after} in place of {before}, a part of {equation_text(equation).partition(' = ')[0]}"
    before, after = mutation.describe(derivation).split("  ->  ")
    return f"{mutation.kind}: {after} in place of {before}"


def _only(derivation: Derivation, name: str) -> Derivation:
    """The derivation without the equations that one array does not need."""
    tensor = derivation.gradients.get(name, name)
    needed = reached(derivation, tensor)

    def cut(program: Program) -> Program:
        return program.with_(equations=tuple(e for e in program.equations if e.target in needed))

    if name not in derivation.gradients:
        return replace(derivation, program=cut(derivation.program).with_(outputs=(name,)))
    gradients = {name: tensor}
    return replace(
        derivation,
        program=cut(derivation.program).with_(outputs=()),
        adjoint=cut(derivation.adjoint),
        gradients=gradients,
    )


def _by_turns(mutations: Iterable[Mutation]) -> Iterator[Mutation]:
    """One of each kind, then another of each: where time ends the search, every kind has been looked at."""
    kinds: dict[str, list[Mutation]] = {}
    for mutation in mutations:
        kinds.setdefault(mutation.kind, []).append(mutation)
    for round_ in zip_longest(*kinds.values()):
        yield from (mutation for mutation in round_ if mutation is not None)


def _alike(mutations: Sequence[Mutation]) -> list[tuple[Mutation, Mutation]]:
    """Pairs in two equations; those first that are equally far from the first mutation of the kind in their equations."""
    rank: dict[int, int] = {}
    count: dict[tuple[bool, int], int] = {}
    for mutation in mutations:
        place = mutation.residual, mutation.number
        rank[id(mutation)] = count.get(place, 0)
        count[place] = rank[id(mutation)] + 1
    pairs = [pair for pair in combinations(mutations, 2) if _places(pair) == 2]
    return sorted(pairs, key=lambda pair: abs(rank[id(pair[0])] - rank[id(pair[1])]))


def _places(mutations: Iterable[Mutation]) -> int:
    return len({(mutation.residual, mutation.number) for mutation in mutations})


class _Mutated:
    """One array of changed equations, element by element: at the few numbers of a case that is sooner done than writing code."""

    def __init__(self, derivation: Derivation, name: str) -> None:
        self.derivation, self.name = _only(derivation, name), name
        self.tensor = derivation.gradients.get(name, name)
        self.plans = Plans(self.derivation.combined)

    def __call__(self, at: Observation) -> Mapping[str, Array]:
        given = at.case.exact(self.derivation)
        exact = Exact(self.derivation.combined, given, bits=_BITS, plans=self.plans)
        return {self.name: to_float(exact.array(self.tensor))}


__all__ = ["SECONDS", "Cause", "explain"]

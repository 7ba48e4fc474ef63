"""The kill table of an operation: each mutant, where the verifier noticed it, and what other checkers say to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from derive.derivation import Derivation
from derive.operation import Operation
from derive.reverse import derive
from derive.rich import Rich
from verify.judge import fresh_seed, resolve
from verify.mutants.beside import CHECKERS, installed
from verify.mutants.generate import mutants
from verify.mutants.judging import Kill, Trial
from verify.mutants.mutation import Mutant

KILLED, EQUIVALENT, ALIVE = "killed", "equivalent", "ALIVE"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant.

    ``points`` is the number of points at which an equivalent one was proven equal; ``rejected`` says, for each other
    checker that ran, whether it rejected this gradient.
    """

    mutant: Mutant
    kill: Kill | None = None
    points: int = 0
    rejected: Mapping[str, bool] = field(default_factory=dict)

    @property
    def status(self) -> str:
        return KILLED if self.kill is not None else EQUIVALENT if self.points else ALIVE

    def __str__(self) -> str:
        if self.kill is not None:
            return f"{self.kill.place}: {self.kill.verdict}"
        return f"equivalent (proven at {self.points} points)" if self.points else ALIVE

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        kill = self.kill
        return {
            "mutant": self.mutant.name,
            "kind": self.mutant.kind,
            "description": self.mutant.description,
            "status": self.status.lower(),
            "place": kill.place if kill else None,
            "argument": kill.argument if kill else None,
            "verdict": kill.verdict.value if kill else None,
            "note": kill.note if kill else "",
            "points": self.points,
            **self.rejected,
        }


@dataclass(frozen=True)
class KillTable(Rich):
    """The outcomes of all mutants of one operation.

    ``beside`` names the other checkers that ran; ``false_alarms`` those that reject the right gradient too, whose
    rejections therefore say nothing.
    """

    operation: str
    outcomes: tuple[Outcome, ...]
    seed: int
    beside: tuple[str, ...] = ()
    false_alarms: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every mutant that is not proven equivalent was killed."""
        return not self.alive

    @property
    def alive(self) -> tuple[Outcome, ...]:
        return self.of(ALIVE)

    def of(self, status: str) -> tuple[Outcome, ...]:
        """The outcomes with a status: ``killed``, ``equivalent`` or ``ALIVE``."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == status)

    def rejected(self, checker: str) -> int:
        """How many of the mutants that are not equivalent another checker rejects."""
        wrong = (outcome for outcome in self.outcomes if outcome.status != EQUIVALENT)
        return sum(outcome.rejected.get(checker, False) for outcome in wrong)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "operation": self.operation,
            "ok": self.ok,
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
            **{status.lower(): len(self.of(status)) for status in (KILLED, EQUIVALENT, ALIVE)},
            "beside": {name: self.rejected(name) for name in self.beside},
            "false_alarms": list(self.false_alarms),
            "mutants": [outcome.to_dict() for outcome in self.outcomes],
        }


def kill_table(
    operation: Operation | str,
    *,
    seed: int | None = None,
    cases: int = 2,
    strata: Sequence[str] | None = None,
    beside: Iterable[str] | None = None,
    derivation: Derivation | None = None,
    progress: Progress | None = None,
) -> KillTable:
    """Judge every mutant of an operation as :func:`verify.judge.check_gradient` would, and let others judge it as well.

    A mutant that passes everywhere must be proven equivalent by ball arithmetic, at the points of all strata and at
    further ordinary ones; else it is ``ALIVE``.

    Args:
        operation: an operation, or the name of one in the catalog.
        seed: repeats a run; a fresh one is drawn and reported otherwise.
        cases: points per stratum, as in ``check_gradient``.
        strata: names of strata (or of degenerate sizes, as verdicts call them); by default all that apply.
        beside: other checkers (``check_grads``, ``gradcheck``) to run on the same mutants; by default those installed.
        derivation: the right one, if it is at hand.
        progress: called with a mutant's name, its number and how many there are.

    Raises:
        SamplingError: no inputs can be drawn for the operation.
        KeyError: an unknown stratum.

    Example:
        >>> table = kill_table("sigmoid", seed=1, beside=())
        >>> table.ok, len(table.of("killed")) == len(table.outcomes)
        (True, True)
    """
    start = time.perf_counter()
    operation = resolve(operation)
    seed = fresh_seed() if seed is None else seed
    derivation = derive(operation) if derivation is None else derivation
    trial = Trial(derivation, seed, cases=cases, strata=strata)
    others = installed() if beside is None else tuple(beside)
    checkers = {name: CHECKERS[name](derivation, trial.ordinary()) for name in others}
    right = trial.right()
    alarms = tuple(name for name, checker in checkers.items() if checker.rejects(right))
    outcomes = []
    found = mutants(derivation)
    for number, mutant in enumerate(found):
        if progress is not None:
            progress(mutant.name, number, len(found))
        rejected = {name: checker.rejects(mutant.make()) for name, checker in checkers.items()}
        kill = trial.kill(mutant.make())
        points = 0 if kill is not None else trial.equivalent(mutant)
        if kill is None and not points:
            kill = trial.further(mutant.make())
        outcomes.append(Outcome(mutant, kill, points, rejected))
    return KillTable(operation.name, tuple(outcomes), seed, others, alarms, time.perf_counter() - start)

"""Whether the verifier notices a mutant: the very points and verdicts of ``check_gradient``, their truths shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from derive.derivation import Derivation
from numeric.function import compile
from verify import judge as _judge
from verify.judge import Points
from verify.mutants.equivalence import Equality
from verify.mutants.mutation import Gradients, Mutant
from verify.protocol import two_cases
from verify.sampling import Case, sample
from verify.verdicts import Verdict
from verify.witnesses.balls import Truth

Place = list[tuple[Case, Truth]]

AGAIN = "called again"
_OTHER = 15_485_863  # added to a seed: other inputs than at any point of the strata
_CALLS = 3
_FURTHER = 6
_LARGER = 4  # times the work, at every second further point
_BUDGET = 1200  # scalar operations of a further point: larger sizes than those of the strata


@dataclass(frozen=True)
class Kill:
    """Where a wrong gradient was noticed, in which argument, and with which verdict."""

    place: str
    argument: str
    verdict: Verdict
    note: str = ""


class Trial:
    """The points of one operation at which all its mutants are judged, with the truths that they share.

    The places are those of :func:`verify.judge.check_gradient`, and ``called again``: the first ordinary point and
    then others of the same shapes, which is where state that outlives a call shows.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> trial = Trial(derive(get("sigmoid")), seed=1)
        >>> kill = trial.kill(lambda inputs, cotangents: {"z": 0 * inputs["z"]})
        >>> kill.place, str(kill.verdict)
        ('ordinary', 'wrong formula')
    """

    def __init__(
        self, derivation: Derivation, seed: int, *, cases: int = 2, strata: Sequence[str] | None = None
    ) -> None:
        self.derivation, self.seed = derivation, seed
        self.points = Points(derivation, seed, cases)
        self._everywhere = self.points.places()
        self.places: dict[str, Place] = {}
        for place, found in (self._everywhere if strata is None else self.points.places(strata)).items():
            self.places[place] = found
            if AGAIN not in self.places:
                self.places[AGAIN] = []
        drawn = [case for found in self._everywhere.values() for case, _ in found]
        self.places[AGAIN] = [
            (case, Truth(derivation, case, plans=self.points.plans))
            for case in reversed(two_cases(derivation, drawn))
            if case is not None
        ]

    def _drawn(self, stratum: str, number: int, budget: int = _BUDGET) -> tuple[Case, Truth]:
        """Another point of a stratum, in sizes of its own; every second has random hyper-parameters."""
        seed, hypers = self.seed + _OTHER + number, "random" if number % 2 else "default"
        case = sample(
            self.derivation.program,
            seed,
            stratum=stratum,
            hypers=hypers,
            derivation=self.derivation,
            budget=budget,
        )
        return case, Truth(self.derivation, case, plans=self.points.plans)

    @cached_property
    def _further(self) -> dict[str, Place]:
        """More points of each stratum in other sizes, ever larger ones, for what passed everywhere."""
        strata = (name for name in self._everywhere if not name.startswith("size"))
        budgets = [_BUDGET * _LARGER ** (k // 2) for k in range(_FURTHER)]
        return {name: [self._drawn(name, _CALLS + k, b) for k, b in enumerate(budgets)] for name in strata}

    @cached_property
    def _equality(self) -> Equality:
        found = [*self._everywhere.values(), *self._further.values()]
        return Equality(self.derivation, [case for points in found for case, _ in points])

    def kill(self, vjp: Gradients) -> Kill | None:
        """The first place at which a gradient is found wrong; ``None`` if it passes everywhere.

        *Inaccurate* counts only where no place says that the formula or the convention is wrong.
        """
        return self._killed(vjp, self.places)

    def further(self, vjp: Gradients) -> Kill | None:
        """As :meth:`kill`, at more points of the same strata."""
        found = {f"{name}, at more points": points for name, points in self._further.items() if name in self.places}
        return self._killed(vjp, found)

    def _killed(self, vjp: Gradients, places: Mapping[str, Place]) -> Kill | None:
        inaccurate: Kill | None = None
        for place, found in places.items():
            for point in found:
                known = point[0].stratum if place == AGAIN else place.partition(",")[0]
                for row in _judge.judge(vjp, None, self.derivation, known, [point], np.float64, "balls"):
                    if not row.verdict.faulty:
                        continue
                    kill = Kill(place, row.argument, row.verdict, row.note)
                    if row.verdict is not Verdict.INACCURATE:
                        return kill
                    inaccurate = inaccurate or kill
        return inaccurate

    def equivalent(self, mutant: Mutant) -> int:
        """The number of points at which a mutant is proven to mean the same as the right gradient; 0: not proven.

        They are those of all strata, whichever the trial judges, and more of each.
        """
        if mutant.derivation is not None:
            return self._equality.proven(mutant.derivation)
        found = [self._equality.unmoved(name, moved) for name, moved in mutant.moved.items()]
        return min(found, default=0)

    def ordinary(self) -> Case:
        """The point that other checkers are given."""
        return next(iter(self.places.values()))[0][0]

    def right(self) -> Gradients:
        """The gradient that is no mutant."""
        return compile(self.derivation).vjp

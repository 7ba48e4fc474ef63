"""Whether the verifier notices a mutant: the very points and verdicts of ``check_gradient``, their truths shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from derive.derivation import Derivation
from numeric.function import compile
from verify import judge as _judge
from verify.judge import Points
from verify.mutants.equivalence import Equality
from verify.mutants.mutation import Gradients, Mutant
from verify.sampling import Case, sample
from verify.verdicts import Verdict
from verify.witnesses.balls import Truth

AGAIN = "called again"
_OTHER = 15_485_863  # added to a seed: other inputs than at any point of the strata
_RANDOM = 4


@dataclass(frozen=True)
class Kill:
    """Where a wrong gradient was noticed, in which argument, and with which verdict."""

    place: str
    argument: str
    verdict: Verdict
    note: str = ""


class Trial:
    """The points of one operation at which all its mutants are judged, with the truths that they share.

    The places are those of :func:`verify.judge.check_gradient`, and ``called again``: other ordinary values in the
    same shapes right after the first ones, which is where state that outlives a call shows.

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
        self.places: dict[str, list[tuple[Case, Truth]]] = {}
        for place, found in self.points.places(strata).items():
            self.places[place] = found
            if AGAIN not in self.places:
                self.places[AGAIN] = [self._again(found[0][0])]

    def _again(self, first: Case) -> tuple[Case, Truth]:
        program, seed = self.derivation.program, self.seed + _OTHER
        case = sample(program, seed, stratum=first.stratum, sizes=first.sizes, derivation=self.derivation)
        return case, Truth(self.derivation, case, plans=self.points.plans)

    @cached_property
    def _equality(self) -> Equality:
        cases = [case for found in self.places.values() for case, _ in found]
        sizes = cases[0].sizes
        for number in range(_RANDOM):
            program, seed = self.derivation.program, self.seed + _OTHER + 1 + number
            cases.append(sample(program, seed, sizes=sizes, derivation=self.derivation))
        return Equality(self.derivation, cases)

    def kill(self, vjp: Gradients) -> Kill | None:
        """The first place at which a gradient is found wrong; ``None`` if it passes everywhere.

        *Inaccurate* counts only where no place says that the formula or the convention is wrong.
        """
        inaccurate: Kill | None = None
        for place, found in self.places.items():
            known = "ordinary" if place == AGAIN else place
            for point in found:
                for row in _judge.judge(vjp, None, self.derivation, known, [point], np.float64, "balls"):
                    if not row.verdict.faulty:
                        continue
                    kill = Kill(place, row.argument, row.verdict, row.note)
                    if row.verdict is not Verdict.INACCURATE:
                        return kill
                    inaccurate = inaccurate or kill
        return inaccurate

    def equivalent(self, mutant: Mutant) -> int:
        """The number of points at which a mutant is proven to mean the same as the right gradient; 0: not proven."""
        return self._equality.proven(mutant.derivation) if mutant.derivation is not None else 0

    def ordinary(self) -> Case:
        """The point that other checkers are given."""
        return next(iter(self.places.values()))[0][0]

    def right(self) -> Gradients:
        """The gradient that is no mutant."""
        return compile(self.derivation).vjp

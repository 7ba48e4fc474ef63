"""Whether mutated equations still mean the same: decided by ball arithmetic at many points, never assumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from derive.errors import BackproofError
from numeric.exact import Exact, Plans
from verify.sampling import Case

Array = NDArray[Any]

BITS = (256, 800, 2000)
CLOSE = flint.arb(2) ** -100  # how narrow the balls must be, relative to what they enclose
_ZERO = flint.arb(2) ** -1080  # below half of the smallest double
LEAST = 5  # points at which something must have been compared


class Equality:
    """The right gradients at some points, enclosed once, with which mutated equations are compared.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> from verify.mutants.generate import mutants
        >>> from verify.sampling import sample
        >>> derivation = derive(get("relu"))
        >>> cases = [sample(derivation.program, seed, derivation=derivation) for seed in range(5)]
        >>> equality = Equality(derivation, cases)
        >>> kept = [m for m in mutants(derivation) if m.derivation is not None and equality.proven(m.derivation)]
        >>> [m.description for m in kept if m.kind == "derivative at the output"]
        ['dz[i] = da[i]*[z[i] > 0]  ->  da[i]*[a[i] > 0]']
    """

    def __init__(self, derivation: Derivation, cases: Sequence[Case]) -> None:
        self.derivation, self.cases = derivation, tuple(cases)
        self._plans = Plans(derivation.combined)
        self._right: dict[tuple[int, int], Exact] = {}

    def proven(self, mutated: Derivation) -> int:
        """At how many points all gradients are enclosed by the same narrow balls; 0 where any point speaks against it.

        A point counts if some element was compared there; an element at which the right gradient is not defined, or
        not decided by 2,000 bits, is left out.  Fewer than five points prove nothing.
        """
        plans = Plans(mutated.combined)
        points = 0
        for number, case in enumerate(self.cases):
            compared = 0
            for name, tensor in self.derivation.gradients.items():
                found = self._same(number, case, tensor, mutated.gradients[name], mutated, plans)
                if found is None:
                    return 0
                compared += found
            points += compared > 0
        return points if points >= LEAST else 0

    def unmoved(self, name: str, moved: Callable[[Any], Any]) -> int:
        """At how many points a gradient stays what it is when its elements are rearranged; 0 as for :meth:`proven`."""
        tensor, points = self.derivation.gradients[name], 0
        for number, case in enumerate(self.cases):
            right = self._exact(number, case, BITS[-1])
            shape = right.shape(tensor)
            places = np.arange(int(np.prod(shape))).reshape(shape)
            changed = [(at, np.unravel_index(int(source), shape)) for at, source in np.ndenumerate(moved(places))]
            pairs = [(at, tuple(map(int, source))) for at, source in changed if at != tuple(source)]
            found = [_alike(_value(right, tensor, at), _value(right, tensor, source)) for at, source in pairs]
            if False in found:
                return 0
            points += any(found)
        return points if points >= LEAST else 0

    def _same(self, number: int, case: Case, tensor: str, theirs: str, mutated: Derivation, plans: Plans) -> int | None:
        """How many elements of a gradient were compared, all alike; ``None`` if one differs or stays open."""
        left = list(np.ndindex(*self._exact(number, case, BITS[0]).shape(tensor)))
        compared = 0
        for bits in BITS:
            right, wrong = self._exact(number, case, bits), self._other(case, mutated, plans, bits)
            open_ = []
            for at in left:
                verdict = _alike(_value(right, tensor, at), _value(wrong, theirs, at))
                if verdict is False:
                    return None
                compared += bool(verdict)
                if verdict is None:
                    open_.append(at)
            left = open_
            if not left:
                break
        if any(_value(right, tensor, at).is_finite() for at in left):
            return None
        return compared

    def _exact(self, number: int, case: Case, bits: int) -> Exact:
        key = number, bits
        if key not in self._right:
            given = case.exact(self.derivation)
            self._right[key] = Exact(self.derivation.combined, given, bits=bits, plans=self._plans)
        return self._right[key]

    def _other(self, case: Case, mutated: Derivation, plans: Plans, bits: int) -> Exact:
        return Exact(mutated.combined, case.exact(mutated), bits=bits, plans=plans)


def _value(exact: Exact, tensor: str, at: tuple[int, ...]) -> Any:
    """A ball; NaN where nothing is defined or decided, where a tensor ends, or where a count of 0 divides."""
    try:
        return exact.value(tensor, at)
    except (BackproofError, ZeroDivisionError):
        return flint.arb.nan()


def _alike(mine: Any, its: Any) -> bool | None:
    """True: narrow and overlapping; False: certainly different; ``None``: not decided at this precision."""
    if not (mine.is_finite() and its.is_finite()):
        return None
    with flint.ctx.workprec(BITS[-1]):
        if not mine.overlaps(its):
            return False
        return True if _narrow(mine) and _narrow(its) else None


def _narrow(ball: Any) -> bool:
    return bool(ball.rad() <= abs(ball.mid()) * CLOSE or abs(ball) <= _ZERO)

"""Conventions in which an implementation differs from the declaration, where what it returns shows them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from sympy import Symbol

from derive.derivation import Derivation
from verify.errors import ImplementationStopped, MappingError, SamplingError
from verify.generated import generated
from verify.judge import BUDGET
from verify.oracle.arrangement import Arrangement, arrangements, read
from verify.oracle.implementation import Implementation
from verify.oracle.observation import alike
from verify.protocol import Failure, run
from verify.sampling import Case, sample

Array = NDArray[Any]

SECONDS = 5.0  # for all arrangements
_CASES = 2  # two sets of sizes: what fits both by chance is rare
_SHOWN = 4


def recognised(
    made: Implementation, derivation: Derivation, seed: int, layouts: Mapping[str, str] | None = None
) -> tuple[Implementation, tuple[str, ...]]:
    """The implementation in declared axes, and a sentence for each array that lies otherwise.

    What ``layouts`` says is taken for granted.  Nothing is looked for unless the implementation fails, or returns other shapes,
    when its arrays lie as declared: what has the right shapes is judged as it is, since a wrong axis is a mistake as well.

    Raises:
        MappingError: its arrays fit in several ways, and the numbers do not tell which; the message shows what to write.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> from verify.oracle.adapting import adapted
        >>> def linear_backward(dy, x, W):
        ...     return dy @ W, dy.T @ x, dy.sum(0)
        >>> dense = derive(get("dense"))
        >>> recognised(adapted(linear_backward, dense), dense, seed=1)[1]
        ('W is (k, d), and (d, k) in the declaration',)
    """
    if made.arranged is None:
        return made, ()
    program = derivation.program
    if layouts:
        stated = read(layouts, program)
        return made.arranged(stated), stated.words(program)
    look = _Look(derivation, seed)
    declared = look(made)
    if not declared.known or declared.all_right or (declared.fits and not made.held):
        return made, ()
    found: list[tuple[_Fit, Arrangement]] = []
    end = time.monotonic() + SECONDS
    for arrangement in arrangements(program, tuple(name for name in made.takes if name in program.tensors)):
        if time.monotonic() > end or (found and len(arrangement.axes) > len(found[0][1].axes)):
            break
        try:
            fit = look(made.arranged(arrangement))
        except ImplementationStopped:
            break
        if not fit.known:  # it died of this, and shall not die of more
            break
        if fit.fits:
            found.append((fit, arrangement))
    if (
        declared.fits
    ):  # sizes of its own that are equal fit in any way; only numbers can speak for another one than declared
        found = [(fit, arrangement) for fit, arrangement in found if fit.all_right]
    most = max((fit.right for fit, _ in found), default=0)
    ways = [arrangement for fit, arrangement in found if fit.right == most]
    nearest = min((each.distance for each in ways), default=0)  # an image and its mirror image fit both
    best = [each for each in ways if each.distance == nearest]
    if not best:
        return made, ()
    if len(best) > 1:
        shown = " or ".join(f"layouts={each.written(program)}" for each in best[:_SHOWN])
        raise MappingError(f"the arrays of {made.name} fit in {len(best)} ways, say which: {shown}")
    return made.arranged(best[0]), best[0].words(program)


@dataclass(frozen=True)
class _Fit:
    """Whether all that it returns has the right shapes, and how many arrays are right.

    Where it does not answer, or what it returns cannot be read, nothing is known.
    """

    known: bool = True
    fits: bool = False
    right: int = 0
    arrays: int = 1

    @property
    def all_right(self) -> bool:
        return self.fits and self.right == self.arrays


class _Look:
    """Looks at an implementation at a few cases."""

    def __init__(self, derivation: Derivation, seed: int) -> None:
        self.derivation, self.seed = derivation, seed
        self._cases: dict[tuple[tuple[str, int], ...], list[tuple[Case, dict[str, Array]]]] = {}

    def __call__(self, made: Implementation) -> _Fit:
        try:
            cases = self._at(made.held)
        except SamplingError:
            return _Fit(known=False)
        wrong: set[str] = set()
        names: set[str] = set()
        for case, due in cases:
            try:
                got = run(made.vjp, made.forward, case)
            except MappingError:
                return _Fit(known=False)
            if isinstance(got, Failure):
                return _Fit(known=type(got) is Failure)
            if any(name in due and value.shape != due[name].shape for name, value in got.items()):
                return _Fit()
            names |= set(got)
            wrong |= {name for name, value in got.items() if name in due and not alike(value, due[name], 1e-6)}
        return _Fit(True, True, len(names - wrong), len(names))

    def _at(self, held: Mapping[Symbol, int]) -> list[tuple[Case, dict[str, Array]]]:
        key = tuple(sorted((str(symbol), size) for symbol, size in held.items()))
        if key not in self._cases:
            program = self.derivation.program
            cases = [
                sample(program, self.seed + number, derivation=self.derivation, budget=BUDGET, held=held)
                for number in range(_CASES)
            ]
            self._cases[key] = [(case, generated(self.derivation, case)) for case in cases]
        return self._cases[key]


__all__ = ["recognised"]

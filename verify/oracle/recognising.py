"""Conventions in which an implementation differs from the declaration, where what it returns shows them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from derive.derivation import Derivation
from verify.errors import ImplementationStopped, MappingError, SamplingError
from verify.oracle.arrangement import Arrangement, arrangements, read
from verify.oracle.implementation import Implementation
from verify.oracle.looking import Looks
from verify.oracle.observation import alike
from verify.protocol import Failure

_ARRANGEMENTS = 20_000  # a number, not a time: a busy machine finds the same
_SECONDS = 120.0  # for programs, where one call may take long
_CASES = 2  # two sets of sizes: what fits both by chance is rare
_SHOWN = 4


def recognised(
    made: Implementation, derivation: Derivation, seed: int, layouts: Mapping[str, str] | None = None
) -> tuple[Implementation, tuple[str, ...], tuple[str, ...]]:
    """The implementation in declared axes, a sentence for each array that lies otherwise, and one if not all was tried.

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
        return made, (), ()
    program = derivation.program
    if layouts:
        stated = read(layouts, program)
        return made.arranged(stated), stated.words(program), ()
    looks = Looks(derivation, seed, _CASES)
    declared = _fit(looks, made)
    if not declared.known or declared.all_right or (declared.fits and not made.held):
        return made, (), ()
    found: list[tuple[_Fit, Arrangement]] = []
    notes: tuple[str, ...] = ()
    end = time.monotonic() + _SECONDS
    names = tuple(name for name in made.takes if name in program.tensors)
    for count, arrangement in enumerate(arrangements(program, names)):
        if found and len(arrangement.axes) > len(found[0][1].axes):
            break
        if count == _ARRANGEMENTS or time.monotonic() > end:
            notes = (f"{count} other layouts of its arrays were tried, not all: layouts={{...}} states one",)
            break
        try:
            fit = _fit(looks, made.arranged(arrangement))
        except ImplementationStopped:
            break
        if not fit.known:  # it died of this, and shall not die of more
            break
        if fit.fits:
            found.append((fit, arrangement))
    if declared.fits:  # equal sizes of its own fit in any way; only numbers can speak for another one than declared
        found = [(fit, arrangement) for fit, arrangement in found if fit.all_right]
    most = max((fit.right for fit, _ in found), default=0)
    ways = [arrangement for fit, arrangement in found if fit.right == most]
    nearest = min((each.distance for each in ways), default=0)  # an image and its mirror image fit both
    best = [each for each in ways if each.distance == nearest]
    if not best:
        return made, (), notes
    if len(best) > 1:
        shown = " or ".join(f"layouts={each.written(program)}" for each in best[:_SHOWN])
        raise MappingError(f"the arrays of {made.name} fit in {len(best)} ways, say which: {shown}")
    return made.arranged(best[0]), best[0].words(program), notes


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


def _fit(looks: Looks, made: Implementation) -> _Fit:
    wrong: set[str] = set()
    names: set[str] = set()
    try:
        for seen in looks(made):
            if seen.failure is not None:
                return _Fit(known=type(seen.failure) is Failure)
            if not seen.fits:
                return _Fit()
            names |= set(seen.got)
            wrong |= {n for n, value in seen.got.items() if n in seen.due and not alike(value, seen.due[n], 1e-6)}
    except (SamplingError, MappingError):
        return _Fit(known=False)
    return _Fit(True, True, len(names - wrong), len(names))


__all__ = ["recognised"]

"""Conventions in which an implementation differs from the declaration, where what it returns shows them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from derive.derivation import Derivation
from verify.errors import MappingError, SamplingError
from verify.judge import BUDGET
from verify.oracle.arrangement import Arrangement, arrangements, read
from verify.oracle.implementation import Implementation
from verify.oracle.observation import alike
from verify.oracle.truth import truth
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
    try:
        cases = [sample(program, seed + i, derivation=derivation, budget=BUDGET) for i in range(_CASES)]
    except SamplingError:
        return made, ()
    if _fits(made, cases) is not False:
        return made, ()
    found: dict[int, list[Arrangement]] = {}
    due = [truth(derivation, case) for case in cases]
    end = time.monotonic() + SECONDS
    fewest = None
    for arrangement in arrangements(program, tuple(name for name in made.takes if name in program.tensors)):
        if time.monotonic() > end or (fewest is not None and len(arrangement.axes) > fewest):
            break
        other = made.arranged(arrangement)
        got = _fits(other, cases)
        if isinstance(got, list):
            fewest = len(arrangement.axes)
            right = sum(_right(name, got, due) for name in got[0])
            found.setdefault(right, []).append(arrangement)
    if not found:
        return made, ()
    nearest = min(each.distance for each in found[max(found)])  # an image and its mirror image fit both
    best = [each for each in found[max(found)] if each.distance == nearest]
    if len(best) > 1:
        ways = " or ".join(f"layouts={each.written(program)}" for each in best[:_SHOWN])
        raise MappingError(f"the arrays of {made.name} fit in {len(best)} ways, say which: {ways}")
    return made.arranged(best[0]), best[0].words(program)


def _fits(made: Implementation, cases: list[Case]) -> list[dict[str, Array]] | bool:
    """What it returns at the cases, all of it in the right shapes; ``False`` where shapes or an exception say that it does not
    fit, and ``True`` where nothing can be said: it does not answer, or what it returns cannot be read."""
    found = []
    for case in cases:
        try:
            got = run(made.vjp, made.forward, case)
        except MappingError:
            return True
        if isinstance(got, Failure):
            return type(got) is not Failure
        due = {name: value.shape for name, value in {**case.inputs, **case.cotangents}.items()}
        if any(name in due and value.shape != due[name] for name, value in got.items()):
            return False
        found.append(got)
    return found


def _right(name: str, got: list[dict[str, Array]], due: list[dict[str, Array]]) -> bool:
    return all(name in t and name in g and alike(g[name], t[name], 1e-6) for g, t in zip(got, due, strict=True))


__all__ = ["recognised"]

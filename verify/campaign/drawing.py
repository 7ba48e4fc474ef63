"""The inputs of a batch: one random draw for all its cases."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

import numpy as np
from sympy import Symbol

from derive.derivation import Derivation
from derive.program import Program
from verify import strata as _strata
from verify.campaign.plan import Batch
from verify.judge import BUDGET
from verify.sampling import Case, draw
from verify.sizes import draw_integers, draw_sizes

_PATTERNS = ("ordinary", "ascending", "descending", "ordinary")


def sizes_of(program: Program, name: str, seed: int, number: int) -> Mapping[Symbol, int]:
    """The sizes of a set: those of the first have default integers, every second set has random ones."""
    rng = np.random.default_rng([seed, crc32(name.encode()), number])
    integers = draw_integers(program, rng, "random" if number % 2 else "default")
    return draw_sizes(program, rng, _PATTERNS[number], integers=integers, budget=BUDGET)


def stack(derivation: Derivation, batch: Batch, sizes: Mapping[Symbol, int]) -> Case:
    """The cases of a batch as one, with an axis in front of every array.

    Strata act elementwise, so one draw of the stack has the distribution of as many single ones; what a stratum does
    for each array (both signs of saturation among the first four elements) it does once for the stack.  Every second
    batch has random hyper-parameters.

    Example:
        >>> import derive.registry
        >>> from derive.reverse import derive as derivation_of
        >>> found = derivation_of(derive.registry.get("relu"))
        >>> stack(found, Batch("relu", "ties", 0, 7, 0, 3, 3), {found.program.dimensions[0]: 2}).inputs["z"].shape
        (3, 2)
    """
    program, stratum = derivation.program, _strata.get(batch.stratum)
    rng = np.random.default_rng(batch.entropy)
    hypers = "random" if (batch.index + _strata.names().index(batch.stratum)) % 2 else "default"
    inputs, cotangents = draw(program, rng, stratum, sizes, hypers=hypers, derivation=derivation, lead=(batch.room,))
    named = {str(symbol): sizes[symbol] for symbol in program.integers}
    return Case(dict(sizes), inputs, named, cotangents, batch.stratum, seed=batch.seed)


def single(stacked: Case, number: int) -> Case:
    """One case of a stack, in memory of its own."""
    return Case(
        stacked.sizes,
        {name: np.array(value[number]) for name, value in stacked.inputs.items()},
        stacked.integers,
        {name: np.array(value[number]) for name, value in stacked.cotangents.items()},
        stacked.stratum,
        seed=stacked.seed + number,
    )

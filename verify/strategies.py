"""Hypothesis strategies for shapes, values and whole cases of any operation, usable from anybody's tests.

The strata, by the names that appear in verdicts (:mod:`verify.strata` has their definitions): ``ordinary``, ``zeros``,
``ties``, ``saturated40``, ``saturated800``, ``tiny``, ``huge``, ``offset``, ``contracting``, ``expanding``; those that
change an input of the operation apply to it.

A case is drawn by :func:`verify.sampling.sample` from a seed that hypothesis chooses, so that every example can be
repeated by its printed seed, and from sizes that hypothesis shrinks towards 1::

    from hypothesis import given
    from verify.strategies import cases

    @given(cases("layer_norm"))
    def test_my_layer_norm(case):
        y = my_layer_norm(**case.arguments())

:func:`gradients` draws cases that know their true gradients; ``backproof.gradient_cases`` is a decorator made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from sympy import Symbol

from derive import registry
from derive.derivation import Derivation
from derive.operation import Operation
from derive.program import Program
from derive.reverse import derive
from numeric.exact import Plans
from verify import strata as _strata
from verify.errors import SamplingError
from verify.sampling import Case, sample
from verify.sizes import draw_integers, extent_value, extents_of, work

if TYPE_CHECKING:
    from verify.testing import GradientCase

_WORK = 1000  # scalar operations: truth then takes milliseconds
_SEEDS = st.integers(0, 2**32 - 1)


def stratum_names(operation: Operation | str) -> SearchStrategy[str]:
    """The names of the strata that apply to an operation; hypothesis shrinks towards ``ordinary``."""
    return st.sampled_from([stratum.name for stratum in _strata.applicable(_program(operation))])


@st.composite
def sizes(
    draw: Any, operation: Operation | str, *, low: int = 0, high: int = 6, hypers: str = "default"
) -> dict[Symbol, int]:
    """Consistent sizes of all dimensions, between ``low`` and ``high``, with the integer hyper-parameters.

    Sizes 0 and 1, n < d and n > d all occur.  Sizes that make an extent negative (a window larger than its padded
    input) are not drawn; a size 0 that would make an output empty is.
    """
    from hypothesis import assume

    program = _program(operation)
    integers = dict(program.integers)
    if hypers == "random":
        integers = draw_integers(program, np.random.default_rng(draw(_SEEDS)), hypers)
    drawn = {dimension: draw(st.integers(low, high)) for dimension in program.dimensions}
    chosen = {**drawn, **integers}
    try:
        fits = all(extent_value(extent, chosen) >= low for extent in extents_of(program))
    except SamplingError:
        fits = False
    if not fits:
        # windows: make every drawn size that is an extent of an input's last axes at least as large as the largest one
        top = max(drawn.values(), default=0)
        chosen = {**{d: top if size < top and draw(st.booleans()) else size for d, size in drawn.items()}, **integers}
        assume(_fits(program, chosen, low))
    return chosen


@st.composite
def cases(
    draw: Any,
    operation: Operation | str,
    *,
    strata: Sequence[str] | None = None,
    derivation: Derivation | None = None,
    dtype: Any = np.float64,
    low: int = 1,
    high: int = 6,
    hypers: str | None = None,
) -> Case:
    """Whole cases of an operation: inputs in a stratum, in their domains, and cotangents if a derivation is given.

    ``hypers`` is ``"default"``, ``"random"``, or ``None`` for both.
    """
    from hypothesis import reject

    program = _program(operation)
    named = strata if strata is not None else [stratum.name for stratum in _strata.applicable(program)]
    stratum = draw(st.sampled_from(list(named)))
    choice = hypers or draw(st.sampled_from(["default", "random"]))
    seed = draw(_SEEDS)
    chosen = draw(sizes(operation, low=low, high=high, hypers=choice))
    try:
        case = sample(program, seed, stratum=stratum, sizes=chosen, hypers=choice, derivation=derivation, dtype=dtype)
    except SamplingError:
        reject()
    return case


def gradients(
    operation: Operation | str,
    *,
    derivation: Derivation | None = None,
    strata: Sequence[str] | None = None,
    dtype: Any = np.float64,
    low: int = 1,
    high: int = 4,
    hypers: str | None = None,
) -> SearchStrategy[GradientCase]:
    """Cases with their true gradients and a check; the arguments are those of :func:`cases`.

    Example:
        >>> from hypothesis import given
        >>> @given(gradients("relu", strata=["ordinary", "zeros"]))
        ... def test_relu(case):
        ...     case.check({"z": case.cotangents["a"] * (case.inputs["z"] > 0)})
        >>> test_relu()
    """
    from verify.testing import GradientCase

    found = registry.get(operation) if isinstance(operation, str) else operation
    derivation = derivation or derive(found)
    named = None if strata is None else [_strata.get(name).name for name in strata]
    plans = Plans(derivation.combined)

    def known(case: Case) -> GradientCase:
        result = GradientCase(found, derivation, case, dtype, plans)
        assert result.expected is not None  # evaluated here: a deadline is for the test, and not for the truth
        return result

    drawn = cases(found, strata=named, derivation=derivation, dtype=dtype, low=low, high=high, hypers=hypers)
    return drawn.filter(lambda case: work(found.program, case.sizes) <= _WORK).map(known)


def _fits(program: Program, chosen: dict[Symbol, int], low: int) -> bool:
    try:
        return all(extent_value(extent, chosen) >= low for extent in extents_of(program))
    except SamplingError:
        return False


def _program(operation: Operation | str) -> Program:
    return (registry.get(operation) if isinstance(operation, str) else operation).program

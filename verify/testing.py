"""Property-based tests of anybody's gradients: cases drawn by hypothesis, with a check against exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from derive.operation import Operation
from derive.reverse import derive
from numeric.exact import Plans
from verify.evidence import Row
from verify.judge import judge_cases, resolve
from verify.sampling import Case
from verify.witnesses.balls import Truth, to_float

Array = NDArray[Any]


class WrongGradient(AssertionError):
    """A gradient that was given to ``GradientCase.check`` is wrong; the message is the verdict and its evidence."""


@dataclass(frozen=True, repr=False)
class GradientCase:
    """One point of an operation: ``inputs`` and ``cotangents`` by name, and what the gradients are there.

    ``stratum`` is the region that the inputs come from, ``dtype`` their float type.  ``expected`` are the true gradients
    rounded to float64.
    """

    operation: Operation
    derivation: Derivation
    case: Case
    dtype: Any = np.float64
    plans: Plans | None = field(default=None, repr=False, compare=False)

    @property
    def inputs(self) -> dict[str, Any]:
        """Fresh copies of the arrays, and the integer hyper-parameters."""
        return self.case.arguments()

    @property
    def cotangents(self) -> dict[str, Array]:
        """Fresh copies of the cotangents by the name of the output; empty for a scalar one, whose cotangent is 1."""
        return self.case.seeds()

    @property
    def stratum(self) -> str:
        return self.case.stratum

    @cached_property
    def truth(self) -> Truth:
        """Rigorous enclosures of outputs and gradients."""
        return Truth(self.derivation, self.case, self.dtype, plans=self.plans)

    @cached_property
    def expected(self) -> dict[str, Array]:
        """The true gradients by the name of the input."""
        return {name: to_float(self.truth.values(name)) for name in self.derivation.gradients}

    def __repr__(self) -> str:
        given = f"inputs={self.inputs}, cotangents={self.cotangents}"
        return f"GradientCase({self.operation.name!r}, stratum={self.stratum!r}, {given})"

    def check(self, gradients: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> None:
        """Judge gradients (and outputs, if given) at this case.

        Raises:
            WrongGradient: the verdict is one of the faulty ones; the message names it, the argument and the stratum, the
                worst element and what is wrong with it.
            TypeError: something else than the gradients of this operation was given.
        """
        given = {**(outputs or {}), **gradients}
        missing = [name for name in self.derivation.gradients if name not in gradients]
        unknown = [name for name in given if name not in self.truth.names]
        if missing or unknown:
            due = ", ".join(self.derivation.gradients)
            raise TypeError(
                f"{self.operation.name}: check takes the gradients of {due}; got {', '.join(given) or 'none'}"
            )
        forward = None if outputs is None else lambda **inputs: outputs
        points = [(self.case, self.truth)]
        judged = judge_cases(
            lambda inputs, cotangents: gradients, forward, self.derivation, self.stratum, points, self.dtype, "balls"
        )
        rows = [each.row for each in judged]
        faults = [row for row in rows if row.verdict.faulty]
        if faults:
            raise WrongGradient("\n".join(self._words(row) for row in faults))

    def _words(self, row: Row) -> str:
        note = f"; {row.note}" if row.note else ""
        element = f"\n    {row.argument}{row.element}" if row.element else ""
        return f"{self.operation.name}: {row.argument}: {row.finding}{note}{element}"


def gradient_cases(
    operation: Operation | str,
    *,
    wrt: Sequence[str] | None = None,
    strata: Sequence[str] | None = None,
    dtype: Any = np.float64,
    low: int = 1,
    high: int = 4,
    hypers: str | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Feed a test function cases of an operation, drawn by hypothesis; its last argument is a :class:`GradientCase`.

    The operation is derived once, where the decorator stands.  ``strata`` names the regions of inputs (all that apply,
    unless given), sizes lie between ``low`` and ``high``; ``hypers`` is ``"default"``, ``"random"`` or, for both,
    ``None``.  Other decorators of hypothesis (``settings``, ``seed``) go with it as with ``given``.

    Raises:
        KeyError: there is no stratum of that name; the message lists the known ones.

    Example:
        >>> @gradient_cases("sigmoid", strata=["ordinary", "saturated40"])
        ... def test_backward(case):
        ...     a = 1 / (1 + np.exp(-case.inputs["z"]))
        ...     case.check({"z": case.cotangents["a"] * a * (1 - a)})
        >>> test_backward()
        Traceback (most recent call last):
        ...
        verify.testing.WrongGradient: sigmoid: z: inaccurate in saturated40 ...
    """
    # hypothesis is slow to load, and only tests need it
    from hypothesis import given

    from verify.strategies import gradients

    operation = resolve(operation)
    derivation = derive(operation, wrt=None if wrt is None else tuple(wrt))
    strategy = gradients(
        operation, derivation=derivation, strata=strata, dtype=dtype, low=low, high=high, hypers=hypers
    )

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        return given(strategy)(test)

    return decorate

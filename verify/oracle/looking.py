"""A first look at an implementation: what it returns at a few cases whose sizes tell one axis from another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from derive.derivation import Derivation
from verify.generated import generated
from verify.oracle.implementation import Implementation
from verify.protocol import Failure, run
from verify.sampling import Case, sample
from verify.sizes import Sizes, draw_integers, telling_sizes

Array = NDArray[np.float64]

_BUDGET = 10**6  # scalar operations: the truth of a look is told by generated code


@dataclass(frozen=True)
class Seen:
    """What an implementation returned at a case, or how it failed, and what is due there."""

    case: Case
    due: Mapping[str, Array]
    got: Mapping[str, Array]
    failure: Failure | None = None

    @property
    def fits(self) -> bool:
        """Whether it answered, with arrays of the shapes that are due."""
        return self.failure is None and all(
            name not in self.due or value.shape == self.due[name].shape for name, value in self.got.items()
        )


class Looks:
    """Looks at implementations of an operation, each time at the same cases.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> from verify.oracle.adapting import adapted
        >>> def linear_backward(dy, x, W):
        ...     return dy @ W.T, x.T @ dy, dy.sum(0)
        >>> dense = derive(get("dense"))
        >>> [seen.fits for seen in Looks(dense, seed=1, count=2)(adapted(linear_backward, dense))]
        [True, True]
    """

    def __init__(self, derivation: Derivation, seed: int, count: int) -> None:
        self.derivation, self.seed, self.count = derivation, seed, count
        self._cases: dict[tuple[tuple[str, int], ...], list[tuple[Case, dict[str, Array]]]] = {}

    def __call__(self, made: Implementation) -> Iterator[Seen]:
        """One look after the other: after a bad one the others need not be taken.

        Raises:
            SamplingError: there is no case of the sizes that it holds.
            MappingError: what it returns cannot be read.
        """
        for case, due in self.cases(made.held):
            got = run(made.vjp, made.forward, case)
            yield Seen(case, due, {}, got) if isinstance(got, Failure) else Seen(case, due, got)

    def cases(self, held: Mapping[Symbol, int]) -> list[tuple[Case, dict[str, Array]]]:
        """The cases, and what is due at each."""
        key = tuple(sorted((str(symbol), size) for symbol, size in held.items()))
        if key not in self._cases:
            program = self.derivation.program
            cases = [
                sample(program, self.seed + number, sizes=sizes, derivation=self.derivation)
                for number, sizes in enumerate(self._sizes(held))
            ]
            self._cases[key] = [(case, generated(self.derivation, case)) for case in cases]
        return self._cases[key]

    def _sizes(self, held: Mapping[Symbol, int]) -> list[Sizes]:
        program, rng = self.derivation.program, np.random.default_rng(self.seed)
        integers = {**draw_integers(program, rng), **held}
        return telling_sizes(program, rng, self.count, integers=integers, budget=_BUDGET)


__all__ = ["Looks", "Seen"]

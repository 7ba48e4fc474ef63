"""Judging any implementation of an operation, a callable that returns gradients, against rigorous truth."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from derive import registry
from derive.derivation import Derivation
from derive.operation import Operation
from derive.reverse import derive
from numeric.exact import Plans
from verify import strata as _strata
from verify.compare import RELATIVE, ROUNDINGS, Comparison, compare
from verify.errors import SamplingError
from verify.evidence import Evidence, Row, versions
from verify.sampling import Case, sample
from verify.sizes import PATTERNS, draw_integers, draw_sizes
from verify.verdicts import Verdict, overall
from verify.witnesses.balls import Truth

Array = NDArray[Any]
Gradients = Callable[[Mapping[str, Array], Mapping[str, Array]], Mapping[str, Array]]
Forward = Callable[..., Mapping[str, Array]]

BUDGET = 300  # scalar operations of one forward evaluation: balls are a million times slower than hardware


def resolve(operation: Operation | str) -> Operation:
    """An operation, or the catalog operation of that name."""
    return registry.get(operation) if isinstance(operation, str) else operation


def fresh_seed() -> int:
    """A seed nobody chose; it is printed with the evidence, so that the run can be repeated."""
    return int(np.random.SeedSequence().generate_state(1)[0])


class Points:
    """The points at which an operation is checked, each with its truth, drawn once and shared by all witnesses.

    All strata share one set of distinct sizes (so that compiled references are reused); degenerate sizes are patterns
    of their own, named ``size ones``, ``size n = 0`` and so on.
    """

    def __init__(
        self,
        derivation: Derivation,
        seed: int,
        cases: int = 1,
        dtype: Any = np.float64,
        *,
        plans: Plans | None = None,
    ) -> None:
        self.derivation, self.seed, self.cases, self.dtype = derivation, seed, cases, dtype
        self.plans = plans or Plans(derivation.combined)
        self.program = derivation.program
        self.not_checked: list[str] = []
        self._sizes: dict[bool, dict[Symbol, int]] = {}

    def stratum(self, name: str) -> list[tuple[Case, Truth]]:
        """The points of one stratum; every second case has random in-domain hyper-parameters."""
        found = []
        for number in range(self.cases):
            rng = np.random.default_rng([self.seed, number % 2])
            hypers = "random" if number % 2 else "default"
            if bool(number % 2) not in self._sizes:
                integers = draw_integers(self.program, rng, hypers)
                self._sizes[bool(number % 2)] = draw_sizes(self.program, rng, integers=integers, budget=BUDGET)
            sizes = self._sizes[bool(number % 2)]
            found.append(self._point(self.seed + number, stratum=name, sizes=sizes, hypers=hypers))
        return found

    def pattern(self, name: str, zero: Symbol | None = None) -> list[tuple[Case, Truth]]:
        """A point with degenerate sizes; none where the declared facts contradict them."""
        rng = np.random.default_rng([self.seed, PATTERNS.index(name)])
        try:
            sizes = draw_sizes(self.program, rng, name, zero=zero, budget=BUDGET)
            return [self._point(self.seed, pattern=name, sizes=sizes)]
        except SamplingError as error:
            self.not_checked.append(f"size {name if zero is None else f'{zero} = 0'}: {error}")
            return []

    def _point(self, seed: int, **options: Any) -> tuple[Case, Truth]:
        case = sample(self.program, seed, derivation=self.derivation, dtype=self.dtype, **options)
        return case, Truth(self.derivation, case, self.dtype, plans=self.plans)

    def places(
        self, names: Sequence[str] | None = None, *, patterns: bool = True
    ) -> dict[str, list[tuple[Case, Truth]]]:
        """Stratum (or size pattern) name -> points.  ``names`` restricts the strata, and leaves out the patterns.

        Raises:
            KeyError: an unknown stratum name; the message lists the known ones.
        """
        applicable = [s.name for s in _strata.applicable(self.program)]
        wanted = [_strata.get(name).name for name in names] if names is not None else list(_strata.names())
        left_out = [name for name in wanted if name not in applicable]
        if left_out:
            self.not_checked.append(f"strata {', '.join(left_out)}: they change no input of {self.program.name}")
        places = {name: self.stratum(name) for name in wanted if name in applicable}
        if names is None and patterns:
            for pattern in ("ones", "ascending", "descending"):
                places[f"size {pattern}"] = self.pattern(pattern)
            for dimension in self.program.dimensions:
                places[f"size {dimension} = 0"] = self.pattern("zero", dimension)
        return {name: points for name, points in places.items() if points}


def check_gradient(
    operation: Operation | str,
    vjp: Gradients,
    *,
    forward: Forward | None = None,
    wrt: Sequence[str] | None = None,
    seed: int | None = None,
    cases: int = 2,
    strata: Sequence[str] | None = None,
    dtype: Any = np.float64,
    derivation: Derivation | None = None,
) -> Evidence:
    """Judge any implementation of an operation's gradient by ball arithmetic, over all strata.

    Args:
        operation: an operation, or the name of one in the catalog.
        vjp: ``vjp(inputs, cotangents)`` returns the gradient of each differentiated input by name; ``cotangents``
        maps output names
            to arrays and is empty for a scalar output.  Integer hyper-parameters are among the inputs.
        forward: ``forward(**inputs)`` returns the outputs by name; judged too if given.
        wrt: the inputs whose gradients are judged; by default those that the operation differentiates.
        seed: repeats a run; a fresh one is drawn and reported otherwise.
        cases: points per stratum; every second has random hyper-parameters.
        strata: names of strata; by default all that apply, and degenerate sizes.
        dtype: ``numpy.float64`` or ``numpy.float32``: of the inputs, and what the tolerances are derived from.

    Returns:
        Evidence with one row for each argument and stratum.  Bounds are those of :mod:`verify.compare`.

    Example:
        >>> def backward(inputs, cotangents):
        ...     X, W, dZ = inputs["X"], inputs["W"], cotangents["Z"]
        ...     return {"X": dZ @ W.T, "W": X.T @ dZ, "b": -dZ.sum(axis=0)}
        >>> evidence = check_gradient("dense", backward, seed=1, strata=["ordinary"])
        >>> [(row.argument, str(row.verdict)) for row in evidence.rows]
        [('X', 'agrees'), ('W', 'agrees'), ('b', 'wrong formula')]
    """
    start = time.perf_counter()
    operation = resolve(operation)
    seed = fresh_seed() if seed is None else seed
    if derivation is None:
        derivation = derive(operation, wrt=None if wrt is None else tuple(wrt))
    points = Points(derivation, seed, cases, dtype)
    rows: list[Row] = []
    for place, found in points.places(strata).items():
        rows += judge(vjp, forward, derivation, place, found, dtype, "balls")
    return Evidence(
        operation.name, tuple(rows), seed, (), tuple(points.not_checked), time.perf_counter() - start, versions()
    )


def judge(
    vjp: Gradients,
    forward: Forward | None,
    derivation: Derivation,
    place: str,
    points: Sequence[tuple[Case, Truth]],
    dtype: Any,
    witness: str,
) -> list[Row]:
    """The rows of one stratum: every output (if there is a forward) and every gradient against its enclosure."""
    names = (*(derivation.of if forward is not None else ()), *derivation.gradients)
    found: dict[str, list[tuple[Comparison, Case]]] = {name: [] for name in names}
    for case, truth in points:
        got = run(vjp, forward, case)
        for name in names:
            if isinstance(got, str) or name not in got:
                note = got if isinstance(got, str) else f"no value was returned for {name}"
                comparison = Comparison(Verdict.WRONG_FORMULA, 0, np.inf, np.inf, np.inf, note=note)
            else:
                comparison = compare(got[name], truth, name, dtype=dtype, gentle=_gentle(place))
            found[name].append((comparison, case))
    return [_row(witness, name, place, comparisons, dtype) for name, comparisons in found.items()]


def run(vjp: Gradients, forward: Forward | None, case: Case) -> dict[str, Array] | str:
    """Outputs and gradients of an implementation at a case; its exception or a changed input as a sentence."""
    given, seeds = case.arguments(), case.seeds()
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what matters of a warning shows in the numbers
        try:
            outputs = dict(forward(**given)) if forward is not None else {}
            gradients = dict(vjp(given, seeds))
        except Exception as error:  # an implementation under test may fail in any way; the verdict says how
            return f"raised {type(error).__name__}: {error}"
    for name, value in {**case.inputs, **case.cotangents}.items():
        after = given[name] if name in given else seeds[name]
        if not np.array_equal(np.asarray(after), value, equal_nan=True):
            return f"changed {name} in place"
    return {name: np.asarray(value) for name, value in {**outputs, **gradients}.items()}


def _gentle(place: str) -> bool:
    return place in ("ordinary", "contracting", "expanding") or place.startswith("size")


def _row(witness: str, name: str, place: str, found: Sequence[tuple[Comparison, Case]], dtype: Any) -> Row:
    verdict = overall(comparison.verdict for comparison, _ in found)
    decisive, case = max(
        ((c, case) for c, case in found if c.verdict is verdict),
        key=lambda pair: np.nan_to_num(pair[0].ulp, nan=np.inf),
    )
    kinks = sum(c.kinks for c, _ in found)
    notes = dict.fromkeys(c.note for c, _ in found if c.note)
    if kinks:
        notes[f"{kinks} elements on kinks"] = None
    bound = RELATIVE if dtype == np.float64 else ROUNDINGS * float(np.finfo(dtype).eps)
    example = {key: value.tolist() for key, value in case.inputs.items()} if verdict.faulty else {}
    return Row(
        witness,
        name,
        place,
        sum(c.points for c, _ in found),
        np.dtype(dtype).name,
        max(c.componentwise for c, _ in found),
        bound,
        verdict,
        "; ".join(notes),
        case.seed,
        max(c.ulp for c, _ in found),
        "" if decisive.worst is None else str(decisive.worst),
        example,
    )

"""Judging any implementation of an operation, a callable that returns gradients, against rigorous truth."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from verify.compare import RELATIVE, Comparison, compare
from verify.counterexample import Counterexample, Subject
from verify.diagnosis import diagnose
from verify.errors import SamplingError
from verify.evidence import Evidence, Row, versions
from verify.given import GIVEN, given_case, mild, violation
from verify.noise import less_noise
from verify.precision import is_real, roundings
from verify.protocol import REFUSES, REPEATED, Failure, Forward, Gradients, check_calls, check_repeated, run, two_cases
from verify.sampling import Case, sample
from verify.sizes import PATTERNS, degenerate_sizes, draw_integers, draw_sizes, telling_sizes
from verify.verdicts import Verdict, overall, worst
from verify.witnesses.balls import Truth, to_float

Array = NDArray[Any]

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
    of their own, named ``size ones``, ``size n = 0`` and so on.  Every second case has random hyper-parameters, if
    ``varied``; with ``distinct`` each case has sizes of its own, and the second one no integer hyper-parameter at its default.
    ``held`` are sizes that all cases have.
    """

    def __init__(
        self,
        derivation: Derivation,
        seed: int,
        cases: int = 1,
        dtype: Any = np.float64,
        *,
        plans: Plans | None = None,
        varied: bool = True,
        distinct: bool = False,
        held: Mapping[Symbol, int] | None = None,
    ) -> None:
        self.held = dict(held or {})
        self.derivation, self.seed, self.cases, self.dtype = derivation, seed, cases, dtype
        self.varied, self.distinct = varied, distinct
        self.plans = plans or Plans(derivation.combined)
        self.program = derivation.program
        self.not_checked: list[str] = []
        self._sizes: dict[int, dict[Symbol, int]] = {}
        self._strata: dict[str, list[tuple[Case, Truth]]] = {}

    def stratum(self, name: str) -> list[tuple[Case, Truth]]:
        """The points of one stratum; every second case has random in-domain hyper-parameters."""
        if name in self._strata:
            return self._strata[name]
        found = self._strata[name] = []
        for number in range(self.cases):
            turn = number if self.distinct else number % 2
            rng = np.random.default_rng([self.seed, turn])
            hypers = "random" if number % 2 and self.varied else "default"
            if turn not in self._sizes:
                other = self.distinct and self.varied and turn == 1
                integers = {**draw_integers(self.program, rng, "other" if other else hypers), **self.held}
                if self.distinct:
                    (self._sizes[turn],) = telling_sizes(
                        self.program, rng, 1, integers=integers, budget=BUDGET, earlier=[*self._sizes.values()]
                    )
                else:
                    self._sizes[turn] = draw_sizes(self.program, rng, integers=integers, budget=BUDGET)
            sizes = self._sizes[turn]
            found.append(self._point(self.seed + number, stratum=name, sizes=sizes, hypers=hypers))
        return found

    def pattern(self, name: str, zero: Symbol | None = None) -> list[tuple[Case, Truth]]:
        """A point with degenerate sizes; none where the declared facts contradict them."""
        rng = np.random.default_rng([self.seed, PATTERNS.index(name)])
        try:
            if zero in self.held:
                raise SamplingError(f"the implementation has {zero} = {self.held[zero]}")
            integers = {**self.program.integers, **self.held}
            sizes = draw_sizes(self.program, rng, name, integers=integers, zero=zero, budget=BUDGET)
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
        """Name of a stratum or of degenerate sizes -> points; ``patterns=False`` leaves the sizes out.

        Raises:
            KeyError: an unknown name; the message lists the known ones.
        """
        applicable = [s.name for s in _strata.applicable(self.program)]
        degenerate = degenerate_sizes(self.program)
        if names is None:
            names = (*_strata.names(), *degenerate)
        wanted = [name if name in degenerate else self._known(name, degenerate) for name in names]
        left_out = [name for name in wanted if name not in degenerate and name not in applicable]
        if left_out:
            self.not_checked.append(f"strata {', '.join(left_out)}: they change no input of {self.program.name}")
        places = {name: self.stratum(name) for name in wanted if name in applicable}
        if patterns:
            places |= {name: self.pattern(*degenerate[name]) for name in wanted if name in degenerate}
        return {name: points for name, points in places.items() if points}

    def _known(self, name: str, degenerate: Mapping[str, Any]) -> str:
        if name.startswith("size "):
            raise KeyError(f"unknown sizes {name!r} of {self.program.name}; known: {', '.join(degenerate)}")
        return _strata.get(name).name


def check_gradient(
    operation: Operation | str,
    vjp: Gradients | None,
    *,
    forward: Forward | None = None,
    wrt: Sequence[str] | None = None,
    seed: int | None = None,
    cases: int = 2,
    strata: Sequence[str] | None = None,
    dtype: Any = np.float64,
    inputs: Mapping[str, Any] | None = None,
    cotangents: Mapping[str, Any] | None = None,
    derivation: Derivation | None = None,
    points: Points | None = None,
    written: str = "",
    fixed: tuple[str, ...] = (),
) -> Evidence:
    """Judge any implementation of an operation's gradient by ball arithmetic, over all strata.

    Beside its values the way it may be called is judged: it must leave its arguments alone, and must not depend on
    other calls (:mod:`verify.protocol`).  A wrong formula comes with a diagnosis where that is exact, and any fault
    with a shrunk counterexample (``evidence.counterexample``): Python text that repeats it.

    Args:
        operation: an operation, or the name of one in the catalog.
        vjp: ``vjp(inputs, cotangents)`` returns the gradient of each differentiated input by name; ``cotangents``
            maps output names to arrays and is empty for a scalar output.  Integer hyper-parameters are among the inputs.
            ``None`` judges the forward alone.
        forward: ``forward(**inputs)`` returns the outputs by name; judged too if given.
        wrt: the inputs whose gradients are judged; by default those that the operation differentiates.
        seed: repeats a run; a fresh one is drawn and reported otherwise.
        cases: points per stratum; every second has random hyper-parameters.
        strata: names of strata (or of degenerate sizes, as verdicts call them); by default all that apply.
        dtype: ``numpy.float64`` or ``numpy.float32``: of the inputs, and what the tolerances are derived from.
        inputs: judge at this point instead; hyper-parameters that are left out take their defaults.
        cotangents: those of that point, by output name; random where left out.
        derivation: that of the operation, if it is at hand.
        points: points that were drawn before for the derivation, to be shared by several implementations; they
            decide the seed, the cases and the dtype.
        written: how the implementation is written in a call of ``bp.check``, which the counterexample then is.
        fixed: hyper-parameters that a counterexample must leave at their values.

    Returns:
        Evidence with one row for each argument and stratum.  Bounds are those of :mod:`verify.compare`.

    Raises:
        ShapeError: ``inputs`` do not fit the declaration.

    Example:
        >>> def backward(inputs, cotangents):
        ...     X, W, dZ = inputs["X"], inputs["W"], cotangents["Z"]
        ...     return {"X": dZ @ W.T, "W": X.T @ dZ, "b": -dZ.sum(axis=0)}
        >>> evidence = check_gradient("dense", backward, seed=1, strata=["ordinary"])
        >>> [(row.argument, str(row.verdict), row.note) for row in evidence.faults]
        [('b', 'wrong formula', 'sign')]
        >>> check_gradient("dense", backward, inputs={"X": [[1.0]], "W": [[2.0]], "b": [0.0]}).ok
        False
    """
    start = time.perf_counter()
    operation = resolve(operation)
    if points is not None:
        derivation, seed, dtype = points.derivation, points.seed, points.dtype
    seed = fresh_seed() if seed is None else seed
    if derivation is None:
        derivation = derive(operation, wrt=None if wrt is None else tuple(wrt))
    points = points or Points(derivation, seed, cases, dtype)
    if inputs is not None:
        case = given_case(derivation, inputs, cotangents or {}, seed, dtype)
        if outside := violation(derivation.program, case):
            rows = [_outside(name, case, dtype, outside) for name in derivation.gradients]
            return Evidence(operation.name, tuple(rows), seed, (), (), time.perf_counter() - start, versions())
        places = {GIVEN: [(case, Truth(derivation, case, dtype, plans=points.plans))]}
    else:
        places = points.places(strata)
    judged: list[Judged] = []
    for place, found in places.items():
        judged += judge_cases(vjp, forward, derivation, place, found, dtype, "balls")
    if drawn := [case for found in places.values() for case, _ in found]:
        case, other = two_cases(derivation, drawn, dtype)
        judged += [Judged(row, case) for row in check_calls(vjp, forward, case, other, dtype)]
    wrong = {each.row.argument: each for each in judged if each.row.verdict.faulty and each.got is not None}
    faults = [(name, each.got, each.case) for name, each in wrong.items() if each.got is not None]
    if not any(each.row.stratum == REPEATED for each in judged):
        judged += [Judged(row, faults[0][2]) for row in check_repeated(vjp, forward, faults, dtype)]
    subject = Subject(operation, derivation, vjp, forward, dtype, implementation=written, fixed=fixed)
    return Evidence(
        operation.name,
        tuple(each.row for each in judged),
        seed,
        (),
        tuple(points.not_checked),
        time.perf_counter() - start,
        versions(),
        counterexample_of(subject, judged),
    )


@dataclass(frozen=True)
class Judged:
    """A row with the case that decided it."""

    row: Row
    case: Case
    got: Array | None = None


def counterexample_of(subject: Subject, judged: Sequence[Judged]) -> Counterexample | None:
    """The first of the most telling faults, to be shrunk when somebody reads it."""
    faults = [each for each in judged if each.row.verdict.faulty]
    if not faults:
        return None
    faults = [each for each in faults if each.row.stratum == REPEATED] or faults  # no other could be seen again
    verdict = worst(each.row.verdict for each in faults)
    row, case = next((each.row, each.case) for each in faults if each.row.verdict is verdict)
    return Counterexample(subject, case, row.argument, verdict, calls=row.witness == "protocol")


def judge(
    vjp: Gradients | None,
    forward: Forward | None,
    derivation: Derivation,
    place: str,
    points: Sequence[tuple[Case, Truth]],
    dtype: Any,
    witness: str,
) -> list[Row]:
    """The rows of one stratum: every output (if there is a forward) and every gradient against its enclosure."""
    return [each.row for each in judge_cases(vjp, forward, derivation, place, points, dtype, witness)]


def judge_cases(
    vjp: Gradients | None,
    forward: Forward | None,
    derivation: Derivation,
    place: str,
    points: Sequence[tuple[Case, Truth]],
    dtype: Any,
    witness: str,
) -> list[Judged]:
    """As :func:`judge`, with the case that decided each row."""
    names = (*(derivation.of if forward is not None else ()), *(derivation.gradients if vjp is not None else ()))
    found: dict[str, list[Finding]] = {name: [] for name in names}
    for case, truth in points:
        got = run(vjp, forward, case)
        is_gentle = gentle(place) or (place == GIVEN and mild(case))
        for name in names:
            finding = look(got, truth, name, dtype, is_gentle)
            if place.endswith(" = 0") and type(got) is Failure:  # to refuse what is empty is no mistake
                finding = replace(finding, comparison=Comparison(Verdict.OUTSIDE, 0, note=f"{REFUSES}{got}"))
            if finding.got is not None:
                less = less_noise(finding.comparison, finding.got, truth, name, vjp, forward, dtype, gentle=is_gentle)
                finding = replace(finding, comparison=less)
            found[name].append(finding)
    return [_judged(witness, name, place, findings, dtype) for name, findings in found.items()]


@dataclass(frozen=True)
class Finding:
    """What came of one array at one case."""

    comparison: Comparison
    case: Case
    truth: Truth
    got: Array | None = None

    def diagnosis(self, name: str) -> str:
        if self.got is None or self.comparison.verdict not in (Verdict.WRONG_FORMULA, Verdict.INACCURATE):
            return ""
        derivation = self.truth.derivation
        words = diagnose(self.got, to_float(self.truth.values(name)), name, derivation, self.case)
        if name in derivation.of and self.comparison.verdict is Verdict.WRONG_FORMULA:
            return "; ".join(filter(None, ("the forward differs from the declared one", words)))
        return words


def look(got: Mapping[str, Array] | Failure, truth: Truth, name: str, dtype: Any, is_gentle: bool) -> Finding:
    """One array of an implementation's results, or its failure to give any, against the truth."""
    if isinstance(got, Failure) or name not in got:
        verdict = got.verdict if isinstance(got, Failure) else Verdict.WRONG_FORMULA
        note = str(got) if isinstance(got, Failure) else f"no value was returned for {name}"
        return Finding(Comparison(verdict, 0, np.inf, np.inf, np.inf, note=note), truth.case, truth)
    return Finding(compare(got[name], truth, name, dtype=dtype, gentle=is_gentle), truth.case, truth, got[name])


def gentle(place: str) -> bool:
    """Whether a value that is not finite is a fault of the formula there, and not of its accuracy."""
    return place in ("ordinary", "contracting", "expanding") or place.startswith("size")


def _outside(name: str, case: Case, dtype: Any, note: str) -> Row:
    kind = np.dtype(dtype).name
    return Row("balls", name, GIVEN, case.inputs[name].size, kind, 0.0, RELATIVE, Verdict.OUTSIDE, note, case.seed)


def _judged(witness: str, name: str, place: str, found: Sequence[Finding], dtype: Any) -> Judged:
    comparisons = [each.comparison for each in found]
    verdict = overall(c.verdict for c in comparisons)
    decisive = max(
        (each for each in found if each.comparison.verdict is verdict),
        key=lambda each: np.nan_to_num(each.comparison.ulp, nan=np.inf),
    )
    kinks = sum(c.kinks for c in comparisons)
    notes = dict.fromkeys((*(c.note for c in comparisons), decisive.diagnosis(name)))
    if verdict is Verdict.INACCURATE:
        notes[_region(name, found)] = None
    if kinks:
        notes[f"{kinks} elements on kinks"] = None
    case, element = decisive.case, decisive.comparison.worst
    row = Row(
        witness,
        name,
        place,
        sum(c.points for c in comparisons),
        np.dtype(dtype).name,
        max(c.componentwise for c in comparisons),
        RELATIVE if dtype == np.float64 else roundings(dtype),
        verdict,
        "; ".join(filter(None, notes)),
        case.seed,
        max(c.ulp for c in comparisons),
        "" if element is None else f"{element}{_bits(name, element.index, case)}",
        {key: value.tolist() for key, value in case.inputs.items()} if verdict.faulty else {},
    )
    return Judged(row, case, decisive.got)


def _region(name: str, found: Sequence[Finding]) -> str:
    """The inputs at the places of the inaccurate elements: ``for z from 36.9 to 40``."""
    words = []
    for key in found[0].case.inputs:
        beside = [each for each in found if each.got is not None and each.case.inputs[key].shape == each.got.shape]
        if key != name and name in found[0].case.inputs:
            continue
        values = [float(each.case.inputs[key][at]) for each in beside for at in each.comparison.inaccurate]
        if values:
            words.append(f"{key} from {min(values):.4g} to {max(values):.4g}")
    return f"for {', '.join(words)}" if words else ""


def _bits(name: str, index: tuple[int, ...], case: Case) -> str:
    """The input element at the same place, to its last bit."""
    shape = (case.inputs[name] if name in case.inputs else case.cotangents.get(name, np.zeros(()))).shape
    found = [
        f"{key}{list(index) if index else ''} = {float(value[index])!r} ({float(value[index]).hex()})"
        for key, value in case.inputs.items()
        if value.shape == shape and (key == name or name not in case.inputs) and is_real(value)
    ]
    return f" at {', '.join(found)}" if found else ""

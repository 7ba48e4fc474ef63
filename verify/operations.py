"""Verifying an operation of the catalog: its derivation and its generated function, by every witness there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import numeric
from derive.derivation import Derivation
from derive.operation import Operation
from derive.program import Program
from derive.reverse import derive
from derive.symmetries import Symmetry
from verify.compare import RELATIVE, Comparison, close, compare, relative_errors
from verify.counterexample import Counterexample, Subject
from verify.errors import MissingReference, SamplingError, WitnessError
from verify.evidence import Evidence, Row, versions
from verify.judge import Judged, Points, counterexample_of, fresh_seed, judge_cases, resolve
from verify.noise import less_noise
from verify.protocol import run
from verify.sampling import Case, sample
from verify.steps import StepCheck, check_steps
from verify.verdicts import Verdict, overall
from verify.witnesses import differences, dot_product, rational, symmetry, taylor
from verify.witnesses.autodiff import Autodiff
from verify.witnesses.balls import Truth, to_float

Array = NDArray[Any]
Progress = Callable[[str], None]
Place = list[tuple[Case, Truth]]

# strata in which differences of a float forward resolve anything
_SMOOTH = ("ordinary", "contracting", "expanding")
_KINKED = ("zeros", "ties")
_SMALL = 100  # scalar operations: a symmetry is evaluated at two or three points


def verify(
    operation: Operation | str,
    *,
    wrt: Sequence[str] | None = None,
    seed: int | None = None,
    cases: int = 2,
    strata: Sequence[str] | None = None,
    steps: bool = True,
    progress: Progress | None = None,
) -> Evidence:
    """Check an operation's derived gradients and generated functions by independent witnesses.

    * *steps*: both sides of every derivation step, and each gradient as total derivative, in ball arithmetic by
      perturbation;
    * *jax*: forward and gradients against JAX's autodiff of the reference forward, at 1e-10 componentwise and
      normwise; what disagrees is settled by ball arithmetic; a reference that cannot be run, or that returns other
      names or shapes than declared, leaves the verdict at *cannot decide*, and one that nobody has stated is named in
      ``not_checked``;
    * *balls*: the same arrays in float64 and float32 against rigorous enclosures, over all strata and degenerate sizes;
    * *differences*: Richardson-extrapolated differences of the generated forward, judged to their own error estimate,
      and the order of the
      Taylor remainder;
    * *dot product*: ``<ybar, J v> = <J^T ybar, v>``, the left side by perturbation along ``v`` in ball arithmetic;
    * *shapes*: any leading axes, where the declaration allows them, against the same rows in one axis;
    * *symmetry*: the declared symmetries (:mod:`derive.symmetries`) and the linearity in the cotangent, in balls;
    * *fractions*: exact rational identity, where the program is a polynomial along its inputs.

    Args:
        operation: an operation, or the name of one in the catalog.
        wrt: inputs to differentiate; by default those that the operation differentiates.
        seed: repeats a run; a fresh one is drawn and reported otherwise.
        cases: points per stratum; every second has random hyper-parameters.
        strata: names of strata (or of degenerate sizes, as verdicts call them); by default all that apply.
        steps: whether the derivation's steps are checked as well.
        progress: called with a word when a witness begins.

    Raises:
        SamplingError: no inputs can be drawn for the operation.

    Example:
        >>> evidence = verify("sigmoid", seed=1, cases=1, strata=["ordinary", "saturated40"])
        >>> evidence.ok, str(evidence.verdict)
        (True, 'agrees')
    """
    start = time.perf_counter()
    say = progress or (lambda word: None)
    operation = resolve(operation)
    seed = fresh_seed() if seed is None else seed
    say("derive")
    derivation = derive(operation, wrt=None if wrt is None else tuple(wrt))
    function = numeric.compile(derivation)
    judged: list[Judged] = []
    not_checked: list[str] = []
    say("balls")
    points = Points(derivation, seed, cases)
    places = points.places(strata)
    for place, found in places.items():
        judged += judge_cases(function.vjp, _forward(function), derivation, place, found, np.float64, "balls")
    not_checked += points.not_checked
    # sizes are a matter of shapes, not of dtypes: float32 is checked over the strata
    narrow = Points(derivation, seed, 1, np.float32, plans=points.plans)
    for place, found in narrow.places(strata, patterns=False).items():
        judged += judge_cases(function.vjp, _forward(function), derivation, place, found, np.float32, "balls")
    rows = [each.row for each in judged]
    say("jax")
    try:
        rows += _autodiff(operation, derivation, function, places)
    except MissingReference as missing:
        not_checked.append(f"jax: {missing}")
    except WitnessError as error:
        # a second statement that cannot be compared is no agreement, whatever the other witnesses say
        note, undecided = str(error), Verdict.CANNOT_DECIDE
        rows.append(Row("jax", "(reference)", "all", 0, "float64", np.inf, RELATIVE, undecided, note, seed))
    say("differences")
    for place, found in places.items():
        if place in (*_SMOOTH, *_KINKED):
            rows += _differences(derivation, function, place, found)
    rows += _leading_axes(derivation, function, points)
    say("symmetries")
    rows += _symmetries(operation, derivation, points, not_checked)
    say("fractions")
    rows += _fractions(derivation, places, not_checked)
    checks: tuple[StepCheck, ...] = ()
    if steps:
        say("steps")
        checks = check_steps(derivation, seed)
    else:
        not_checked.append("steps: not asked for")
    seconds = time.perf_counter() - start
    return Evidence(
        operation.name,
        tuple(rows),
        seed,
        checks,
        tuple(not_checked),
        seconds,
        versions(),
        _shrunk(operation, derivation, function, judged),
    )


def _shrunk(
    operation: Operation, derivation: Derivation, function: Any, judged: Sequence[Judged]
) -> Counterexample | None:
    kinds = {"float64": np.float64, "float32": np.float32}
    for kind, dtype in kinds.items():
        some = [each for each in judged if each.row.dtype == kind]
        written = "function.vjp, forward=function.forward"
        subject = Subject(operation, derivation, function.vjp, _forward(function), dtype, written)
        if found := counterexample_of(subject, some):
            return found
    return None


def _forward(function: numeric.Function) -> Callable[..., Mapping[str, Array]]:
    return function.forward


def _autodiff(operation: Operation, derivation: Derivation, function: Any, places: Mapping[str, Place]) -> list[Row]:
    """The generated function against JAX; sizes that occur once are left to the balls: each would be compiled."""
    witness = Autodiff(operation, derivation.wrt)
    rows = []
    for place, found in places.items():
        if place.startswith("size"):
            continue
        results: dict[str, list[tuple[Comparison, str]]] = {}
        for case, truth in found:
            outputs, gradients = witness.run(case, case.cotangents)
            got = run(function.vjp, function.forward, case)
            for name, expected in {**{k: outputs[k] for k in derivation.of}, **gradients}.items():
                ours = np.full_like(expected, np.nan) if isinstance(got, str) else got[name]
                results.setdefault(name, []).append(settle(ours, expected, truth, name, place))
        for name, outcomes in results.items():
            notes = "; ".join(dict.fromkeys(note for _, note in outcomes if note))
            verdict = overall(comparison.verdict for comparison, _ in outcomes)
            error = max(comparison.componentwise for comparison, _ in outcomes)
            count = sum(comparison.points for comparison, _ in outcomes)
            rows.append(Row("jax", name, place, count, "float64", error, RELATIVE, verdict, notes, found[0][0].seed))
    return rows


def settle(ours: Array, theirs: Array, truth: Truth, name: str, place: str) -> tuple[Comparison, str]:
    """Agreement at 1e-10, or else the verdict of ball arithmetic on both."""
    if ours.shape == theirs.shape and close(ours, theirs):
        errors, norm = relative_errors(ours, theirs)
        return Comparison(Verdict.AGREES, int(ours.size), float(np.max(errors, initial=0.0)), norm), ""
    mine = _judged(ours, truth, name, place)
    if mine.verdict is not Verdict.AGREES:
        return mine, mine.note
    reference = _judged(theirs, truth, name, place)
    if reference.verdict is Verdict.WRONG_FORMULA and (place in _SMOOTH or reference.points == 0):
        note = f"the reference forward and the declaration differ: {reference.worst or reference.note}"
        return Comparison(Verdict.WRONG_FORMULA, mine.points, np.inf, np.inf, note=note), note
    if reference.verdict is Verdict.AGREES:
        return mine, "both within the condition of the problem"
    which = "has another convention at kinks" if reference.kinks else f"is off by up to {reference.ulp:.2g} ULP"
    return mine, f"settled by balls: JAX {which}"


def _judged(got: Array, truth: Truth, name: str, place: str) -> Comparison:
    gentle = place in _SMOOTH
    return less_noise(compare(got, truth, name, gentle=gentle), got, truth, name, None, None, np.float64, gentle=gentle)


def _differences(derivation: Derivation, function: Any, place: str, found: Place) -> list[Row]:
    rows = []
    for case, truth in found[:1]:
        got = run(function.vjp, None, case)
        if isinstance(got, str):
            continue
        gradients = {name: got[name] for name in derivation.gradients}
        phi = differences.objective(function.forward, case.integers, case.cotangents)
        with np.errstate(all="ignore"):
            for name, gradient in gradients.items():
                defined = np.isfinite(to_float(truth.values(name)))
                finding = differences.judge(phi, case.inputs, name, gradient, defined=defined)
                notes = [finding.detail] if finding.detail else []
                if finding.kinks:
                    notes.append(f"{finding.kinks} elements on kinks, checked from both sides")
                if finding.undecided:
                    notes.append(f"{finding.undecided} elements beyond what differences resolve")
                verdict, note = finding.verdict, "; ".join(notes)
                if finding.kinks and verdict is Verdict.WRONG_FORMULA:
                    # Where kinks of several terms meet, the convention at each may lead out of both slopes.
                    agreed = compare(gradient, truth, name).verdict is Verdict.AGREES
                    verdict = Verdict.CANNOT_DECIDE if agreed else verdict
                count, bound = finding.points + finding.kinks, finding.bound
                rows.append(
                    Row("differences", name, place, count, "float64", finding.error, bound, verdict, note, case.seed)
                )
            if place == "ordinary":
                rows.append(_taylor(phi, case, gradients))
        if place in _SMOOTH:
            rows.append(_dot_product(derivation, place, truth, gradients))
    return rows


def _taylor(phi: differences.Objective, case: Case, gradients: Mapping[str, Array]) -> Row:
    found = taylor.remainder(phi, case.inputs, gradients, case.seed)
    return Row(
        "taylor",
        ", ".join(gradients),
        "ordinary",
        taylor.STEPS,
        "float64",
        found.size,
        taylor.EXPECTED,
        found.verdict,
        found.detail,
        case.seed,
    )


def _dot_product(derivation: Derivation, place: str, truth: Truth, gradients: Mapping[str, Array]) -> Row:
    case = truth.case
    found = dot_product.identity(derivation, case, gradients, np.random.default_rng(case.seed), truth.condition)
    name, bound = ", ".join(gradients), dot_product.RELATIVE
    return Row(
        "dot product", name, place, found.points, "float64", found.error, bound, found.verdict, found.detail, case.seed
    )


def _leading_axes(derivation: Derivation, function: Any, points: Points) -> list[Row]:
    """Any leading axes (``z[...]``): 2 x 3 rows and a single one must give what the same rows give in one axis."""
    program = derivation.program
    if program.ellipsis is None:
        return []
    rows = []
    ordinary = points.stratum("ordinary")[0][0]
    for axes in ((2, 3), ()):
        sizes = {**ordinary.sizes, program.ellipsis: int(np.prod(axes))}
        case = sample(program, ordinary.seed, sizes=sizes, derivation=derivation)
        spread = replace(
            case, inputs=_spread(program, case.inputs, axes), cotangents=_spread(program, case.cotangents, axes)
        )
        flat, deep = run(function.vjp, function.forward, case), run(function.vjp, function.forward, spread)
        for name in (*derivation.of, *derivation.gradients):
            if isinstance(flat, str) or isinstance(deep, str):
                verdict, error, note = Verdict.WRONG_FORMULA, np.inf, str(flat if isinstance(flat, str) else deep)
            else:
                wanted = _spread(program, {name: flat[name]}, axes)[name]
                same = wanted.shape == deep[name].shape and close(deep[name], wanted)
                verdict = Verdict.AGREES if same else Verdict.WRONG_FORMULA
                error = float(np.max(relative_errors(deep[name], wanted)[0], initial=0.0)) if same else np.inf
                note = "" if same else f"shape {deep[name].shape} where {wanted.shape} is due, or other values"
            place, count = f"leading axes {axes}", int(np.prod(axes))
            rows.append(Row("shapes", name, place, count, "float64", error, RELATIVE, verdict, note, case.seed))
    return rows


def _symmetries(operation: Operation, derivation: Derivation, points: Points, not_checked: list[str]) -> list[Row]:
    case = sample(derivation.program, points.seed, derivation=derivation, budget=_SMALL)
    claims: list[Symmetry | str] = [*operation.symmetries, *([symmetry.COTANGENT] if derivation.cotangents else [])]
    rows = []
    for number, claim in enumerate(claims):
        try:
            found = symmetry.check(
                claim, derivation, case, np.random.default_rng([case.seed, number]), plans=points.plans
            )
        except SamplingError as reason:
            not_checked.append(f"symmetry: {reason}")
            continue
        rows += [
            Row(
                "symmetry",
                each.argument,
                str(claim),
                each.points,
                "exact",
                0.0,
                0.0,
                each.verdict,
                each.detail,
                case.seed,
            )
            for each in found
        ]
    return rows


def _spread(program: Program, arrays: Mapping[str, Array], axes: tuple[int, ...]) -> dict[str, Array]:
    """The arrays with the axis that stands for any leading axes unfolded into these."""
    found = {}
    for name, array in arrays.items():
        shape = program.tensors[name].shape
        leads = bool(shape) and shape[0] == program.ellipsis
        found[name] = array.reshape((*axes, *array.shape[1:])) if leads else array
    return found


def _fractions(derivation: Derivation, places: Mapping[str, Place], not_checked: list[str]) -> list[Row]:
    case = next((found[0][0] for found in places.values() if found), None)
    if case is None or not rational.applies(derivation, case):
        not_checked.append("fractions: the program is not rational")
        return []
    rows = []
    for name in derivation.gradients:
        outcome = rational.identity(derivation, case, name, np.random.default_rng(case.seed))
        if outcome.verdict is Verdict.CANNOT_DECIDE:
            not_checked.append(f"fractions: {outcome.detail}")
            continue
        rows.append(
            Row(
                "fractions",
                name,
                case.stratum,
                outcome.points,
                "exact",
                0.0,
                0.0,
                outcome.verdict,
                outcome.detail,
                case.seed,
            )
        )
    return rows

"""What a gradient function must not do beside being right: change what it is given, or depend on other calls.

Three ways of calling must give what a single call gives: with another forward pass between forward and backward (two
forwards alive, as in a recurrence or a network that uses a layer twice), again after another backward pass, and with
arrays that are not contiguous.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from verify.errors import ImplementationStopped, MappingError, SamplingError
from verify.evidence import Row
from verify.generated import generated
from verify.precision import is_real, limits
from verify.sampling import Case, sample
from verify.strata import applicable
from verify.verdicts import Verdict

Array = NDArray[Any]
Gradients = Callable[[Mapping[str, Array], Mapping[str, Array]], Mapping[str, Array]]
Forward = Callable[..., Mapping[str, Array]]


REPEATED = "repeated"  # where the rows of what is not repeatable stand
REFUSES = "refuses it: "  # before the exception, where there is nothing to compute
_AGAIN = 3
_SIZES = 4  # sets of sizes that are looked at


class Failure(str):
    """Why an implementation gave no arrays that could be judged, as a sentence; an exception, for one."""

    verdict = Verdict.WRONG_FORMULA


class Mutation(Failure):
    """An implementation changed an array that belongs to its caller."""

    verdict = Verdict.PROTOCOL


class Silence(Failure):
    """An implementation did not answer: it hung, or its process ended."""

    verdict = Verdict.PROTOCOL


def run(vjp: Gradients | None, forward: Forward | None, case: Case) -> dict[str, Array] | Failure:
    """Outputs and gradients of an implementation at a case; its exception or a changed input as a sentence.

    Either pass may be missing.
    """
    given, seeds = case.arguments(), case.seeds()
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters of a warning shows in the numbers
            outputs = dict(forward(**given)) if forward is not None else {}
            changed = _changed(case, given, seeds)
            gradients = dict(vjp(given, seeds)) if vjp is not None and not changed else {}
        if changed or (changed := _changed(case, given, seeds)):
            return Mutation(f"changed {changed} in place")
        arrays = {name: np.asarray(value) for name, value in {**outputs, **gradients}.items()}
        strange = [name for name, value in arrays.items() if value.dtype.kind not in "fiubV"]  # V: bfloat16
        if strange:
            return Failure(f"returned no numbers for {', '.join(strange)}: an array of {arrays[strange[0]].dtype}")
        return arrays
    except MappingError:  # nobody knows yet what it returns
        raise
    except ImplementationStopped as error:
        return Silence(str(error))
    except Exception as error:  # an implementation under test may fail in any way; the verdict says how
        return Failure(f"raised {type(error).__name__}: {error}")


def _changed(case: Case, given: Mapping[str, Any], seeds: Mapping[str, Array]) -> str:
    for name, value in case.inputs.items():
        if not np.array_equal(np.asarray(given[name]), value, equal_nan=True):
            return name
    for name, value in case.cotangents.items():
        if not np.array_equal(np.asarray(seeds[name]), value, equal_nan=True):
            return f"the cotangent of {name}"
    return ""


def check_calls(
    vjp: Gradients | None, forward: Forward | None, case: Case, other: Case | None, dtype: Any
) -> list[Row]:
    """At a case, a row for each way of calling that must not matter; none where a single call already fails.

    ``other`` is what is called between, of the same sizes: see :func:`two_cases`.

    A difference counts when it is larger, in norm, than the square root of the unit roundoff: rounding may differ from
    call to call, what was left behind by another call differs grossly.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> derivation = derive(get("sigmoid"))
        >>> case = sample(derivation.program, 1, derivation=derivation)
        >>> class Layer:
        ...     def forward(self, z):
        ...         self.a = 1 / (1 + np.exp(-z))
        ...         return {"a": self.a}
        ...     def backward(self, inputs, cotangents):
        ...         return {"z": cotangents["a"] * self.a * (1 - self.a)}
        >>> layer = Layer()
        >>> cases = two_cases(derivation, [case])
        >>> print(check_calls(layer.backward, layer.forward, *cases, np.float64)[0].note)
        not re-entrant: z depends on another forward pass that ran before the backward pass
    """
    alone = run(vjp, forward, case)
    if isinstance(alone, Failure):
        return []
    alone = {name: value.copy() for name, value in alone.items()}
    if rows := check_repeated(vjp, forward, [(name, value, case) for name, value in alone.items()], dtype):
        return rows
    rows = []
    if other is not None:
        rows.append(_row(case, dtype, "two calls", _two_calls(vjp, forward, case, other, alone), alone))
    strided = run(None if vjp is None else _strided(vjp), None if forward is None else _strided_forward(forward), case)
    where = _differing(strided, alone)
    note = f"{where} depends on whether arrays are contiguous" if where else ""
    rows.append(_row(case, dtype, "non-contiguous", note, alone))
    return rows


def check_repeated(
    vjp: Gradients | None, forward: Forward | None, faults: Sequence[tuple[str, Array, Case]], dtype: Any
) -> list[Row]:
    """A row if one of the arrays that were found wrong is another one when the same call is made again.

    Example:
        >>> from derive.registry import get
        >>> case = sample(get("relu").program, 1)
        >>> calls = iter(range(9))
        >>> def noisy(inputs, cotangents):
        ...     return {"z": np.maximum(inputs["z"], 0) + next(calls)}
        >>> first = noisy(case.inputs, {})["z"]
        >>> print(check_repeated(noisy, None, [("z", first, case)], np.float64)[0].note)
        not repeatable: z is another one when the same call is made again
    """
    for name, got, case in faults:
        for _ in range(_AGAIN):
            again = run(vjp, forward, case)
            if isinstance(again, Failure) or not _same(again.get(name), got):
                note = f"not repeatable: {name} is another one when the same call is made again"
                return [_row(case, dtype, REPEATED, note, {name: got})]
    return []


def _two_calls(
    vjp: Gradients | None, forward: Forward | None, case: Case, other: Case, alone: Mapping[str, Array]
) -> str:
    run(vjp, forward, other)
    again = run(vjp, forward, case)
    if where := _differing(again, alone):
        return f"not re-entrant: {where} depends on the calls before"
    run(vjp, forward, other)
    if where := _differing(again, alone):
        return f"not re-entrant: {where} of one call is overwritten by the next"

    def between(inputs: Mapping[str, Array], cotangents: Mapping[str, Array]) -> Mapping[str, Array]:
        if forward is not None:
            forward(**other.arguments())
        return vjp(inputs, cotangents) if vjp is not None else {}

    if where := _differing(run(between, forward, case), alone):
        return f"not re-entrant: {where} depends on another forward pass that ran before the backward pass"
    return ""


def two_cases(derivation: Derivation, cases: Sequence[Case], dtype: Any = np.float64) -> tuple[Case, Case | None]:
    """Two cases of the same sizes, one of them given: what was left behind then fits, and goes unnoticed unless looked for.

    With the inputs or the cotangents of the second the first has another gradient, if that can be had: two points between the same
    kinks of a piecewise linear function, or a softmax of a single score, would not tell whose inputs were used, and a dead
    rectifier not whose cotangents.  So the first is the one to look at, after a call with the second.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> hard = derive(get("hard_sigmoid"))
        >>> first, second = two_cases(hard, [sample(hard.program, 1, derivation=hard)])
        >>> bool(np.array_equal(abs(first.inputs["z"]) < 3, abs(second.inputs["z"]) < 3))
        False
    """
    unlike = {tuple(case.sizes.items()): case for case in reversed(cases)}
    places = ["ordinary"] * _AGAIN + [stratum.name for stratum in applicable(derivation.program)]
    best, pair = -1, None
    for case in list(reversed(unlike.values()))[:_SIZES]:
        for number, place in enumerate(places, 1):
            drawn = {"stratum": place, "sizes": case.sizes, "derivation": derivation, "dtype": dtype}
            with suppress(SamplingError):
                other = sample(derivation.program, case.seed + number, **drawn)
                for first, second in ((case, other), (other, case)):
                    told = _told(derivation, first, second)
                    if told > best:
                        best, pair = told, (first, second)
                    if told == 1 + bool(derivation.cotangents):
                        return first, second
    return pair or (cases[0], None)


def _told(derivation: Derivation, case: Case, other: Case) -> int:
    """Of the inputs and the cotangents, how many show by the gradients of the one case that the other's were used there."""

    def gradients(inputs: Case, cotangents: Case) -> Mapping[str, Array]:
        return generated(derivation, replace(inputs, cotangents=cotangents.cotangents))

    def differ(a: Mapping[str, Array], b: Mapping[str, Array]) -> bool:
        return any(not _same(a[name], b[name]) for name in derivation.gradients)

    due, moved = gradients(case, case), gradients(other, case)
    return differ(moved, due) + differ(gradients(case, other), due)


def _differing(got: dict[str, Array] | Failure, alone: Mapping[str, Array]) -> str:
    """The names of the arrays that differ from those of a single call; all of them where a call fails."""
    if isinstance(got, Failure):
        return f"{', '.join(alone)} ({got})"
    return ", ".join(name for name in alone if not _same(got.get(name), alone[name]))


def _same(a: Array | None, b: Array) -> bool:
    if a is None or a.shape != b.shape:
        return False
    finite = np.isfinite(b) & np.isfinite(a)
    if not np.array_equal(np.asarray(a)[~finite], b[~finite], equal_nan=True):
        return False
    unit = float(limits(b.dtype if is_real(b) else np.float64).eps)
    gap = np.abs(np.where(finite, a, 0.0) - np.where(finite, b, 0.0))
    scale = np.max(np.abs(np.where(finite, b, 0.0)), initial=0.0)
    return bool(np.max(gap, initial=0.0) <= unit**0.5 * scale)


def _row(case: Case, dtype: Any, place: str, note: str, arrays: Mapping[str, Array]) -> Row:
    verdict = Verdict.PROTOCOL if note else Verdict.AGREES
    count = sum(int(value.size) for value in arrays.values())
    bound = float(limits(dtype).eps) ** 0.5
    kind, error = np.dtype(dtype).name, np.inf if note else 0.0
    return Row("protocol", ", ".join(arrays), place, count, kind, error, bound, verdict, note, case.seed)


def _spread(value: Any) -> Any:
    """The same values in every second place of a larger array, with the axes in reverse order in memory."""
    if not isinstance(value, np.ndarray) or not value.ndim:
        return value
    wide = np.zeros((*value.shape[::-1], 2), dtype=value.dtype)
    view = wide[..., 0].T
    view[...] = value
    return view


def _strided(vjp: Gradients) -> Gradients:
    return lambda given, seeds: vjp(_spread_all(given), _spread_all(seeds))


def _strided_forward(forward: Forward) -> Forward:
    return lambda **given: forward(**_spread_all(given))


def _spread_all(arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _spread(value) for name, value in arrays.items()}

"""The simple relation between two arrays, if one holds in every observation: a sign, a factor, a transpose, a sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.oracle.observation import Observation, alike, digits_of

Array = NDArray[Any]
EQUAL = "equal"
_ROUNDINGS = 16
_DOUBLE = 1e-10  # what is closer is no matter of single precision


@dataclass(frozen=True)
class Relation:
    """``kind`` is one of the mutants' names where they have one; ``words`` say what was found, with names and numbers."""

    kind: str
    words: str


@dataclass(frozen=True)
class Pair:
    """One array of an implementation, what it is compared with, and where."""

    got: Array
    base: Array
    at: Observation


def relation(pairs: Sequence[Pair]) -> Relation | None:
    """What turns the second array into the first in all pairs alike; ``None`` if no simple relation does.

    >>> from verify.sampling import Case
    >>> at = Observation(Case({}, {}, {}, {}, "given", "given", 0), {}, {})
    >>> base = np.array([1.0, 2.0])
    >>> relation([Pair(-base, base, at)]).words, relation([Pair(3 * base, base, at)]).words
    ('the sign is wrong', 'it is 3 times what is due')
    """
    if not pairs:
        return None
    if (broken := _not_a_number(pairs)) is not None:
        return broken
    if all(alike(p.got, p.base) for p in pairs):
        return Relation(EQUAL, "")
    if any(p.got.shape != p.base.shape for p in pairs):
        return _reshaped(pairs)
    if not any(np.any(p.got) for p in pairs) and any(np.any(p.base) for p in pairs):
        return Relation("zero", "it is zero everywhere")
    with np.errstate(all="ignore"):
        for look in (_scaled, _transposed, _collapsed, _zeroed, _shifted):
            if (found := look(pairs)) is not None:
                return found
    return None


def narrowed(pairs: Sequence[Pair]) -> Relation | None:
    """Arrays in double precision that are right to the digits of single precision, and no further.

    >>> from verify.sampling import Case
    >>> at = Observation(Case({}, {}, {}, {}, "given", "given", 0), {}, {})
    >>> base = np.array([1/3, 2/7])
    >>> narrowed([Pair(np.float64(np.float32(base)), base, at)]).kind
    'float32 accumulation'
    >>> narrowed([Pair(1.001*base, base, at)]), narrowed([Pair(base, base, at)])
    (None, None)
    """
    if any(p.got.shape != p.base.shape or p.got.dtype != np.float64 for p in pairs):
        return None
    if all(alike(p.got, p.base, _DOUBLE) for p in pairs):
        return None
    for pair in pairs:
        size = float(np.max(np.abs(pair.base), initial=0.0))
        if not np.all(np.abs(pair.got - pair.base) <= _ROUNDINGS * float(np.finfo(np.float32).eps) * size):
            return None
    return Relation(
        "float32 accumulation",
        "it is right to the digits of float32, no further: something on the way is computed or kept in it",
    )


def _not_a_number(pairs: Sequence[Pair]) -> Relation | None:
    """Values that are none where numbers are due, everything else being right."""
    if any(p.got.shape != p.base.shape for p in pairs):
        return None
    bad = [~np.isfinite(p.got) & np.isfinite(p.base) for p in pairs]
    if not any(map(np.any, bad)) or not all(alike(p.got[~b], p.base[~b]) for p, b in zip(pairs, bad, strict=True)):
        return None
    count, size = sum(int(b.sum()) for b in bad), sum(b.size for b in bad)
    kinds = {"nan" if np.isnan(value) else "inf" for p, b in zip(pairs, bad, strict=True) for value in p.got[b]}
    where = "everywhere" if count == size else f"at {count} of {size} elements"
    return Relation("not a number", f"it is {' or '.join(sorted(kinds))} {where}, where numbers are due")


def _reshaped(pairs: Sequence[Pair]) -> Relation | None:
    if all(p.got.ndim == p.base.ndim >= 2 and alike(np.swapaxes(p.got, -1, -2), p.base) for p in pairs):
        return Relation("transpose", "it is the transpose of what is due")
    for axis in range(max(p.got.ndim for p in pairs)):
        if all(axis < p.got.ndim == p.base.ndim + 1 and alike(p.got.sum(axis), p.base) for p in pairs):
            return Relation("not summed", f"it is not summed over axis {axis}, along which the argument is repeated")
    if all(np.size(p.got) == 1 and p.base.size for p in pairs):
        if all(alike(np.ravel(p.got), np.ravel(p.base.mean())) for p in pairs):
            return Relation("collapsed", "it is one number, the mean of the elements that are due")
        if all(alike(np.ravel(p.got), np.ravel(p.base.sum())) for p in pairs):
            return Relation("collapsed", "it is one number, the sum of the elements that are due")
    if all(p.got.size == p.base.size and alike(p.got.reshape(p.base.shape), p.base) for p in pairs):
        return Relation("shape", "the values are right, the shape is not")
    return None


def _scaled(pairs: Sequence[Pair]) -> Relation | None:
    ratios = []
    for p in pairs:
        some = (p.base != 0) & np.isfinite(p.base) & np.isfinite(p.got)
        if np.any(p.got[~some & np.isfinite(p.got) & np.isfinite(p.base)]):
            return None
        if not some.any():
            continue
        with np.errstate(all="ignore"):
            found = p.got[some] / p.base[some]
        middle = float(np.median(found))
        # elements that cancel to almost nothing have no digits, and no ratio
        if not alike(p.got, middle * p.base):
            return None
        ratios.append((middle, p))
    if not ratios or sum(p.base.size for _, p in ratios) < 2:
        return None
    return _named_ratio(ratios)


def _named_ratio(ratios: Sequence[tuple[float, Pair]]) -> Relation | None:
    first = ratios[0][0]
    pairs = [pair for _, pair in ratios]
    sharp, near = _within(pairs, 1e-7), _within(pairs, 1e-6)
    constant = all(abs(r - first) <= sharp * abs(first) for r, _ in ratios)
    if constant and abs(first + 1) <= sharp:
        return Relation("sign", "the sign is wrong")
    if constant:
        for number, kind, words in (
            (2.0, "factor 2", "it is 2 times what is due"),
            (0.5, "factor 1/2", "it is half of what is due: a factor 2 is missing"),
        ):
            if abs(first - number) <= sharp:
                return Relation(kind, words)
    for words, values in _factors([p.at for _, p in ratios]):
        for sign, also in (
            (1, ""),
            (-1, ", with the sign turned"),
            (2, ", and 2 times that"),
            (0.5, ", and half of that"),
        ):
            if all(abs(r - sign * v) <= near * abs(v) for (r, _), v in zip(ratios, values, strict=True)):
                return Relation(*_times(words, also, [p.at for _, p in ratios]))
            if all(abs(r * v - sign) <= near * abs(sign) for (r, _), v in zip(ratios, values, strict=True)):
                return Relation(*_over(words, also, [p.at for _, p in ratios]))
    if constant:
        return Relation("ratio", f"it is {first:.6g} times what is due")
    return None


def _within(pairs: Sequence[Pair], double: float) -> float:
    """A relative error that is ``double`` for results in double precision, and as large as it must be for others."""
    return max(double, *(digits_of(pair.got) for pair in pairs))


def _times(words: str, also: str, at: Sequence[Observation]) -> tuple[str, str]:
    if _is_size(words, at):
        return "missing 1/N", f"it is {words} times what is due: the 1/{_grouped(words)} is missing{also}"
    return "factor twice", f"it is {words} times what is due: {words} stands there once too often{also}"


def _over(words: str, also: str, at: Sequence[Observation]) -> tuple[str, str]:
    if _is_size(words, at):
        return "extra 1/N", f"it is divided by {words} once too often{also}"
    return "factor missing", f"the factor {words} is missing{also}"


def _is_size(words: str, at: Sequence[Observation]) -> bool:
    return any(str(symbol) in words.replace("sqrt(", "").rstrip(")").split("*") for symbol in at[0].case.sizes)


def _grouped(words: str) -> str:
    return f"({words})" if "*" in words else words


def _factors(at: Sequence[Observation]) -> Iterator[tuple[str, list[float]]]:
    """Sizes and scalar hyper-parameters, products of two, and their roots: with their values in each observation."""
    names = [name for name in at[0].scales if all(name in each.scales for each in at)]

    def useful(values: list[float]) -> bool:
        return all(v > 0 and abs(v - 1) > 1e-9 for v in values) or (min(values) > 0 and len(set(values)) > 1)

    singles = [(name, [each.scales[name] for each in at]) for name in names]
    for name, values in singles:
        if useful(values):
            yield name, values
    for (a, left), (b, right) in combinations(singles, 2):
        values = [x * y for x, y in zip(left, right, strict=True)]
        if useful(values) and useful(left) and useful(right):
            yield f"{a}*{b}", values
    for name, values in singles:
        if useful(values):
            yield f"sqrt({name})", [v**0.5 for v in values]


def _transposed(pairs: Sequence[Pair]) -> Relation | None:
    for a, b in combinations(range(max(p.got.ndim for p in pairs)), 2):
        if all(p.got.ndim > b and alike(np.swapaxes(p.got, a, b), p.base) for p in pairs):
            return Relation("transpose", f"its axes {a} and {b} are exchanged")
    return None


def _collapsed(pairs: Sequence[Pair]) -> Relation | None:
    some = [p for p in pairs if p.base.size > 1]
    if some and all(_filled(p, p.base.sum()) for p in some):
        return Relation("summed over one axis too many", "each element is the sum of all those that are due")
    if some and all(_filled(p, p.base.mean()) for p in some):
        return Relation("collapsed", "each element is the mean of those that are due")
    return None


def _zeroed(pairs: Sequence[Pair]) -> Relation | None:
    """Right, but for elements that are 0; where the values of the argument tell which, their range is said."""
    lost = [(p.got == 0) & (np.abs(p.base) > 0) & np.isfinite(p.base) for p in pairs]
    if not any(np.any(m) for m in lost) or all(np.all(m) for m in lost):
        return None
    if not all(alike(p.got[~m], p.base[~m]) for p, m in zip(pairs, lost, strict=True)):
        return None
    count, size = sum(int(m.sum()) for m in lost), sum(m.size for m in lost)
    return Relation(
        "zero in a region", f"it is right but for {count} of {size} elements, which are 0{_region(pairs, lost)}"
    )


def _region(pairs: Sequence[Pair], lost: Sequence[Array]) -> str:
    """The input whose values are apart where elements are lost, and where they are not."""
    for name in pairs[0].at.case.inputs:
        values = [np.asarray(p.at.case.inputs[name]) for p in pairs]
        if any(v.shape != m.shape for v, m in zip(values, lost, strict=True)):
            continue
        inside = np.concatenate([v[m] for v, m in zip(values, lost, strict=True)])
        outside = np.concatenate([v[~m] for v, m in zip(values, lost, strict=True)])
        if outside.size and inside.max() < outside.min():
            return f": where {name} is below {outside.min():.6g}"
        if outside.size and inside.min() > outside.max():
            return f": where {name} is above {outside.max():.6g}"
        if outside.size and not np.any((inside >= outside.min()) & (inside <= outside.max())):
            return f": where {name} is outside {outside.min():.6g} ... {outside.max():.6g}"
    return ""


def _filled(pair: Pair, number: float) -> bool:
    """Whether every element is this number, up to what cancellation in a sum leaves."""
    rounding = _within([pair], 1e-8) * 1e-4 * float(np.sum(np.abs(pair.base)))
    return bool(np.all(np.abs(pair.got - number) <= _within([pair], 1e-7) * abs(number) + rounding))


def _shifted(pairs: Sequence[Pair]) -> Relation | None:
    """``got - base`` is one number everywhere, or a named array."""
    finite = [p for p in pairs if p.base.size and np.isfinite(p.got).all() and np.isfinite(p.base).all()]
    if len(finite) < 2:
        return None
    gaps = [p.got - p.base for p in finite]
    first = float(gaps[0].flat[0])
    near = _within(finite, 1e-6)
    if all(alike(gap, np.full(gap.shape, first), near) for gap in gaps):
        return Relation("added", f"{first:.6g} is added to each element")
    for name in _named(finite):
        values = [_value(p.at, name) for p in finite]
        for factor, sign in ((1.0, "added"), (-1.0, "subtracted")):
            if all(
                alike(gap, factor * np.broadcast_to(v, gap.shape), near) and np.any(v)
                for gap, v in zip(gaps, values, strict=True)
                if _fits(v, gap)
            ) and all(_fits(v, gap) for gap, v in zip(gaps, values, strict=True)):
                return Relation("added", f"{name} is {sign} that does not belong there")
    return None


def _named(pairs: Sequence[Pair]) -> list[str]:
    return list(dict.fromkeys(name for p in pairs for name in _arrays(p.at)))


def _arrays(at: Observation) -> Mapping[str, Array]:
    cotangents = {f"d{name}": value for name, value in at.case.cotangents.items()}
    return {**at.case.inputs, **at.values, **cotangents}


def _value(at: Observation, name: str) -> Array:
    return np.asarray(_arrays(at).get(name, np.nan))


def _fits(value: Array, gap: Array) -> bool:
    try:
        return bool(np.broadcast_shapes(value.shape, gap.shape) == gap.shape)
    except ValueError:
        return False

"""What is wrong with an array, in a few words, where that is exact and cheap to find out.

A word is given only if it explains the whole array: the same array with the sign turned, or divided by a number, or
transposed, or computed from another argument, *is* the true one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from verify.generated import function_of
from verify.precision import is_real, limits
from verify.sampling import Case

Array = NDArray[Any]


def diagnose(got: Array, expected: Array, name: str, derivation: Derivation, case: Case) -> str:
    """The exact relation between a wrong array and the true one; empty if none of the simple ones holds.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> from verify.sampling import sample
        >>> derivation = derive(get("half_mse"))
        >>> case = sample(derivation.program, 1, derivation=derivation)
        >>> true = (case.inputs["yhat"] - case.inputs["y"]) / len(case.inputs["y"])
        >>> diagnose(0 * true, true, "yhat", derivation, case), diagnose(-true, true, "yhat", derivation, case)
        ('zero', 'sign')
        >>> print(diagnose(len(true) * true, true, "yhat", derivation, case))
        ratio n = 3 (a factor 1/n is missing)
    """
    if got.shape != expected.shape or not expected.size:
        return ""
    lost = int(np.sum(~np.isfinite(got) & np.isfinite(expected)))
    if lost:
        return f"{lost} of {got.size} elements are not finite where the true value is"
    if not np.all(np.isfinite(expected)):
        return ""
    if not np.any(got) and np.any(expected):
        return "zero"
    false = int(np.sum((got == 0) & (np.abs(expected) >= np.finfo(np.float32).tiny)))
    digits = max(_unit(got) ** 0.5, 1e-9)
    if found := _ratio(got, expected, case, digits):
        return found
    if got.ndim >= 2 and got.shape[-1] == got.shape[-2] and _same(np.swapaxes(got, -1, -2), expected, digits):
        return "transposed"
    if name in derivation.gradients:
        for words, value in _otherwise(name, derivation, case):
            if value.shape == got.shape and _same(got, value, digits) and not _same(value, expected, digits):
                return words
    if false:
        return f"{false} of {got.size} elements are 0 where the true value is not"
    wrong = ~(np.abs(got - expected) <= digits * np.abs(expected))
    count = int(np.sum(wrong))
    if 4 * count > got.size or not count:
        return ""
    some = _constant(got[wrong], expected[wrong], digits)
    return f"{count} of {got.size} elements" + (f", ratio {some:.6g}" if some else "")


def _unit(array: Array) -> float:
    return float(limits(array.dtype if is_real(array) else np.float64).eps)


def _same(a: Array, b: Array, digits: float) -> bool:
    """Equal in every element, up to rounding; and not only because there is hardly an element."""
    return bool(np.all(np.abs(a - b) <= digits * np.abs(b) + 1e-13 * np.max(np.abs(b), initial=0.0)))


def _constant(got: Array, expected: Array, digits: float) -> float | None:
    """The ratio of two arrays, if it is one number."""
    some = expected != 0
    if not np.any(some) or np.any(got[~some]):
        return None
    with np.errstate(all="ignore"):
        ratios = got[some] / expected[some]
    middle = float(np.median(ratios))
    return middle if np.all(np.abs(ratios - middle) <= digits * abs(middle)) else None


def _ratio(got: Array, expected: Array, case: Case, digits: float) -> str:
    ratio = _constant(got, expected, digits)
    if ratio is None or abs(ratio - 1) <= digits:
        return ""
    if abs(ratio + 1) <= digits:
        return "sign"
    for words, size in _sizes(case):
        if abs(ratio - size) <= digits * size:
            return f"ratio {words} = {size} (a factor 1/{_grouped(words)} is missing)"
        if abs(ratio * size - 1) <= digits:
            return f"ratio 1/{_grouped(words)} = 1/{size} (divided by {words} once too often)"
    # a single element has a ratio of its own to any wrong value
    return f"ratio {ratio:.6g}" if np.sum(expected != 0) > 1 else ""


def _grouped(words: str) -> str:
    return f"({words})" if "*" in words else words


def _sizes(case: Case) -> Iterator[tuple[str, int]]:
    """The sizes of a case and their products, smallest first, with their names."""
    known = [(str(symbol), size) for symbol, size in case.sizes.items() if size > 1]
    for count in (1, 2):
        for chosen in combinations(known, count):
            yield "*".join(name for name, _ in chosen), prod(size for _, size in chosen)


def _otherwise(name: str, derivation: Derivation, case: Case) -> Iterator[tuple[str, Array]]:
    """What the gradient would be if a frequent mistake were made everywhere: an argument mistaken for another."""
    try:
        function = function_of(derivation)
        given, seeds = case.arguments(), case.seeds()
        outputs = {key: np.asarray(value) for key, value in function.forward(**given).items()}
    except Exception:  # a diagnosis is a help beside the verdict; where it cannot be had, the verdict stands alone
        return
    changes: list[tuple[str, Mapping[str, Any], Mapping[str, Array]]] = []
    for key, value in case.inputs.items():
        if value.ndim >= 2 and value.shape[-1] == value.shape[-2] > 1 and is_real(value):
            changes.append((f"transposed: {key} stands where its transpose is due", {key: value.swapaxes(-1, -2)}, {}))
    for key, value in outputs.items():
        if key in case.cotangents:
            changes.append((f"the cotangent of {key} is ignored", {}, {key: np.ones_like(case.cotangents[key])}))
        if name in case.inputs and value.shape == case.inputs[name].shape:
            changes.append((f"the derivative is taken at the output {key} and not at {name}", {name: value}, {}))
    for words, inputs, cotangents in changes:
        try:
            with np.errstate(all="ignore"):
                yield words, np.asarray(function.vjp({**given, **inputs}, {**seeds, **cotangents})[name])
        except Exception:  # as above: the changed argument may lie outside its domain
            continue

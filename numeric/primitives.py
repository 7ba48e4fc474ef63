"""Numerically stable building blocks that generated code calls; each keeps the dtype and never overflows on the way.

They are primitives of arithmetic, not operations: a declaration that writes ``1/(1 + exp(-z))`` is rewritten to use
them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric.elementary import (
    erfc,
    exp_ratio,
    expm1_minus,
    log_cosh,
    log_ratio,
    minus_tanh,
    power_minus_one,
    root_plus,
    vanishing,
)

Array = NDArray[Any]


def logistic(u: Array) -> Array:
    """``1/(1 + exp(-u))`` without overflow and without a false zero for very negative ``u``.

    >>> float(logistic(np.array(-720.0))) > 0
    True
    """
    e = np.exp(np.minimum(u, 40))  # from there on the function is 1 to the last digit
    result: Array = e / (1 + e)
    return result


def logistic_slope(u: Array) -> Array:
    """``logistic(u)*logistic(-u)``, the derivative, as ``e/(1 + e)**2`` with ``e = exp(-|u|)``.

    The error of ``e`` above and below the line cancels near 0, where the condition number is small; that of a
    hyperbolic cosine would be squared there.

    >>> float(logistic_slope(np.array(-720.0))) > 0
    True
    """
    e = np.exp(np.copysign(u, -1))
    f = 1 + e
    f *= f
    e /= f
    return e


def logistic_minus(u: Array, v: Array) -> Array:
    """``logistic(u) - v`` with the tail of each side on its own: ``(1 - v) - q`` or ``q - v``, ``q = logistic(-|u|)``.

    >>> float(logistic_minus(np.array(40.0), np.array(1.0)))
    -4.248354255291589e-18
    """
    e = np.exp(np.copysign(u, -1))
    e /= 1 + e
    result: Array = 0.5 + np.copysign(0.5, u) - v
    return result - np.copysign(e, u)


def softplus(u: Array) -> Array:
    """``log(1 + exp(u))``: the larger of ``u`` and 0, plus a remainder that ``log1p`` keeps exact.

    >>> float(softplus(np.array(-40.0)))
    4.248354255291589e-18
    """
    result: Array = np.maximum(u, 0) + np.log1p(np.exp(-np.abs(u)))
    return result


def sech2(u: Array) -> Array:
    """``1 - tanh(u)**2`` without cancellation: four times the slope of the logistic function at ``2*u``.

    >>> float(sech2(np.array(20.0)))
    1.6993417021166355e-17
    """
    r = logistic_slope(u + u)
    r *= 4
    return r


def softmax(u: Array, axis: int) -> Array:
    """``exp(u)/sum(exp(u))`` along an axis, shifted by the maximum.

    >>> softmax(np.array([1000.0, 1000.0]), 0)
    array([0.5, 0.5])
    """
    if u.shape[axis] == 0:
        return np.zeros_like(u)
    e: Array = u - np.maximum.reduce(u, axis=axis, keepdims=True)
    np.exp(e, out=e)
    e /= np.add.reduce(e, axis=axis, keepdims=True)
    return e


def log_softmax(u: Array, axis: int) -> Array:
    """``u - logsumexp(u)`` along an axis, the maximum taken off first.

    >>> log_softmax(np.array([0.0, -800.0]), 0)
    array([   0., -800.])
    """
    if u.shape[axis] == 0:
        return np.zeros_like(u)
    shifted: Array = u - np.maximum.reduce(u, axis=axis, keepdims=True)
    e = np.exp(shifted)
    e[_along(shifted.argmax(axis=axis), axis)] = 0
    shifted -= np.log1p(np.add.reduce(e, axis=axis, keepdims=True))
    return shifted


def logsumexp(u: Array, axis: int | tuple[int, ...]) -> Array:
    """``log(sum(exp(u)))`` along axes; -inf where there is nothing to sum.

    >>> float(logsumexp(np.array([1000.0, 1000.0]), 0))
    1000.6931471805599
    >>> tail = float(logsumexp(np.array([0.0, -80.0]), 0))  # the logarithm of a number next to 1 keeps what is beside it
    >>> f"{tail:.13g}"
    '1.804851387845e-35'
    """
    if u.size == 0:
        return np.asarray(np.log(np.exp(u).sum(axis=axis)))
    if isinstance(axis, tuple):
        kept = [n for k, n in enumerate(u.shape) if k not in axis]
        u, axis = np.moveaxis(u, axis, range(-len(axis), 0)).reshape(*kept, -1), len(kept)
    e = np.exp(u - _shift(u, axis))
    e[_along(u.argmax(axis=axis), axis)] = 0
    return np.asarray(np.log1p(np.add.reduce(e, axis=axis)) + np.maximum.reduce(u, axis=axis))


def _shift(u: Array, axis: int | tuple[int, ...]) -> Array:
    top: Array = np.asarray(np.maximum.reduce(u, axis=axis, keepdims=True))
    return top if np.isfinite(top).all() else np.where(np.isfinite(top), top, u.dtype.type(0))


def centred(u: Array, axis: int) -> Array:
    """``u - mean(u)`` along an axis, with the rounding of the mean taken out by a second pass.

    >>> centred(np.array([1e6, 1e6 + 1]), 0)
    array([-0.5,  0.5])
    """
    if u.shape[axis] == 0:
        return u.copy()
    n = u.dtype.type(u.shape[axis])
    c: Array = u - np.add.reduce(u, axis=axis, keepdims=True) / n
    c -= np.add.reduce(c, axis=axis, keepdims=True) / n
    return c


def deviation(u: Array, weights: Array, axis: int) -> Array:
    """``u - sum(weights*u)`` along an axis, for weights with sum 1, from differences to the heaviest entry.

    >>> deviation(np.array([3.0, 5.0]), np.array([1.0, 1e-20]), 0)
    array([-2.e-20,  2.e+00])
    """
    if u.shape[axis] == 0:
        return u.copy()
    heaviest = _taken(u, weights.argmax(axis=axis), axis)
    d: Array = u - (heaviest[..., None] if axis == u.ndim - 1 else np.expand_dims(heaviest, axis))
    d -= np.add.reduce(weights * d, axis=axis, keepdims=True)
    return d


def simplex_minus(p: Array, v: Array, axis: int) -> Array:
    """``p - v`` for rows of p with sum 1: ``1 - p`` of an entry above 1/2 is the sum of the others.

    >>> simplex_minus(np.array([1.0, 1e-20]), np.array([1.0, 0.0]), 0)
    array([-1.e-20,  1.e-20])
    """
    r: Array = p - v
    if p.shape[axis] == 0:
        return r
    at = _along(p.argmax(axis=axis), axis)
    others = p.copy()
    others[at] = 0
    rest = np.add.reduce(others, axis=axis)
    r[at] = np.where(rest < 0.5, (1 - v[at]) - rest, r[at])
    return r


def less_share(u: Array, w: Array, axis: int) -> Array:
    """``u - w*sum(u)`` for rows of w with sum 1: at a weight above 1/2 it is less the sum of the others.

    >>> less_share(np.array([1.0, 0.0]), np.array([1.0, 1e-20]), 0)
    array([ 1.e-20, -1.e-20])
    """
    r: Array = u - w * np.add.reduce(u, axis=axis, keepdims=True)
    if w.shape[axis] == 0:
        return r
    at = _along(w.argmax(axis=axis), axis)
    heavy = r[at]
    r[at] = 0
    r[at] = np.where(w[at] > 0.5, -np.add.reduce(r, axis=axis), heavy)
    return r


def root_of_squares(u: Array, axis: int | tuple[int, ...], divisor: Any = 1, offset: Any = 0) -> Array:
    """``sqrt(offset + sum(u**2)/divisor)`` along axes, also where the squares overflow or underflow.

    >>> with np.errstate(over="ignore", under="ignore"):
    ...     print(root_of_squares(np.array([[3e200, 4e200], [3e-200, 4e-200]]), 1))
    [5.e+200 5.e-200]
    """
    total: Array = offset + np.add.reduce(u * u, axis=axis) / divisor
    if total.size == 0 or (np.min(total) > _LEAST[total.dtype.char] and np.max(total) < np.inf):
        return np.sqrt(total)
    top = np.maximum.reduce(np.abs(u), axis=axis, keepdims=True, initial=0)
    top = np.maximum(top, np.sqrt(offset * divisor))
    scale = np.ldexp(u.dtype.type(1), np.frexp(np.where((top > 0) & np.isfinite(top), top, 1))[1])
    u = u / scale
    scale = np.squeeze(scale, axis=axis)
    return np.asarray(np.sqrt(offset / scale / scale + np.add.reduce(u * u, axis=axis) / divisor) * scale)


_LEAST = {np.dtype(kind).char: np.finfo(kind).tiny / np.finfo(kind).eps ** 2 for kind in (np.float32, np.float64)}
"""A sum of squares above it loses no digit to those that underflow."""


def where(mask: Array, values: Array) -> Array:
    """The values where the mask holds, 0 elsewhere, also in place of NaN and infinities.

    >>> where(np.array([True, False]), np.array([1.0, np.inf]))
    array([1., 0.])
    """
    if values.size < 4096 or values.shape != mask.shape:
        return np.where(mask, values, 0)
    # On the bits: a choice element by element is many times slower where the mask is irregular.
    bits = np.dtype(f"i{values.dtype.itemsize}")
    keep = mask.astype(bits)
    np.negative(keep, out=keep)
    np.bitwise_and(keep, np.ascontiguousarray(values).view(bits), out=keep)
    result: Array = keep.view(values.dtype)
    return result


def _along(positions: Any, axis: int) -> tuple[Any, ...]:
    """The index of the element at each of the positions along one axis."""
    shape = np.shape(positions)
    others = [np.arange(n).reshape(-1, *(1,) * (len(shape) - k - 1)) for k, n in enumerate(shape)]
    return (*others[:axis], positions, *others[axis:])


def _taken(u: Array, positions: Any, axis: int) -> Array:
    """The element at each of the positions along one axis."""
    if axis == u.ndim - 1:
        first = np.arange(0, u.size, u.shape[-1])
        return np.asarray(u.take(positions + (first if u.ndim == 2 else first.reshape(u.shape[:-1]))))
    return np.asarray(u[_along(positions, axis)])


def argmax(u: Array, axis: int) -> Any:
    """The position of the first maximum along an axis; 0 where there is nothing.

    >>> int(argmax(np.array([1.0, 3.0, 3.0]), 0)), argmax(np.zeros((2, 0)), 1)
    (1, array([0, 0]))
    """
    return u.argmax(axis) if u.shape[axis] else np.zeros(u.shape[:axis] + u.shape[axis + 1 :], dtype=np.intp)


def argmin(u: Array, axis: int) -> Any:
    """The position of the first minimum along an axis; 0 where there is nothing.

    >>> int(argmin(np.array([3.0, 1.0, 1.0]), 0))
    1
    """
    return argmax(-u, axis)


def add_at(shape: tuple[int, ...], index: tuple[Array, ...], inside: Any, values: Array) -> Array:
    """Zeros of a shape with ``values`` added at the positions ``index`` where ``inside`` holds (repeats add up)."""
    result = np.zeros(shape, dtype=values.dtype)
    arrays = np.broadcast_arrays(values, np.asarray(inside), *index)
    keep = arrays[1].astype(bool)
    np.add.at(result, tuple(a[keep] for a in arrays[2:]), arrays[0][keep])
    return result


def padded(array: Array, widths: tuple[tuple[int, int], ...]) -> Array:
    """The array with that many zeros before and after it along each axis.

    >>> padded(np.array([1.0, 2.0]), ((1, 2),))
    array([0., 1., 2., 0., 0.])
    """
    shape = tuple(n + before + after for n, (before, after) in zip(array.shape, widths, strict=True))
    result = np.zeros(shape, dtype=array.dtype)
    result[tuple(slice(before, before + n) for n, (before, _) in zip(array.shape, widths, strict=True))] = array
    return result


def pick(array: Array, index: tuple[Array | int, ...]) -> Array:
    """``array[index]`` with positions outside moved to the nearest end (a bracket around the access hides those)."""
    if 0 in array.shape:
        shape = np.broadcast_shapes(*(np.shape(i) for i in index))
        return np.zeros(shape, dtype=array.dtype)
    moved = tuple(np.clip(i, 0, n - 1) for i, n in zip(index, array.shape, strict=True))
    return np.asarray(array[moved])


def windows(array: Array, axis: int, start: int, counts: tuple[int, int], steps: tuple[int, int]) -> Array:
    """A view in which ``axis`` becomes two: element (i, p) is ``array[start + steps[0]*i + steps[1]*p]``.

    >>> windows(np.arange(5.0), 0, 0, (2, 3), (2, 1))
    array([[0., 1., 2.],
           [2., 3., 4.]])
    """
    if 0 in counts or 0 in array.shape:
        return np.zeros((*array.shape[:axis], *counts, *array.shape[axis + 1 :]), dtype=array.dtype)
    last = start + sum(step * (count - 1) for step, count in zip(steps, counts, strict=True))
    if start < 0 or last >= array.shape[axis]:
        raise IndexError(f"windows up to position {last} leave an axis of length {array.shape[axis]}")
    part = array[(slice(None),) * axis + (slice(start, None),)]
    stride = array.strides[axis]
    return np.lib.stride_tricks.as_strided(
        part,
        (*array.shape[:axis], *counts, *array.shape[axis + 1 :]),
        (*array.strides[:axis], *(stride * step for step in steps), *array.strides[axis + 1 :]),
        writeable=False,
    )


__all__ = [
    "add_at", "argmax", "argmin", "centred", "deviation", "erfc", "exp_ratio", "expm1_minus", "less_share", "log_cosh", "log_ratio",
    "log_softmax", "logistic", "logistic_minus", "logistic_slope", "logsumexp", "minus_tanh", "padded", "pick",
    "power_minus_one", "root_of_squares", "root_plus", "sech2", "simplex_minus", "softmax", "softplus", "vanishing",
    "where", "windows",
]  # fmt: skip

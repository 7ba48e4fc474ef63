"""What an implementation returned at a case, beside what is right there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.precision import is_real, limits
from verify.sampling import Case

Array = NDArray[Any]

_DOUBLE = 1e-9
_ROUNDINGS = 4  # of the largest element, in less than double precision: what is left where terms cancel
_DIGITS = {4: 1e-4, 2: 3e-2}  # by the bytes of a number


@dataclass(frozen=True)
class Observation:
    """The arrays of an implementation at one case, the true ones, and every named value of the forward pass there."""

    case: Case
    got: Mapping[str, Array]
    expected: Mapping[str, Array]
    values: Mapping[str, Array] = field(default_factory=dict)

    @cached_property
    def scales(self) -> dict[str, float]:
        """What a factor could be made of: sizes by their symbol, scalar hyper-parameters by their name."""
        found = {str(symbol): float(size) for symbol, size in self.case.sizes.items()}
        found |= {name: float(value) for name, value in self.case.inputs.items() if not np.ndim(value)}
        return found


def digits_of(*arrays: Array) -> float:
    """The relative error that a few thousand roundings may be in the least precise dtype of these.

    >>> digits_of(np.ones(1), np.ones(1, np.float32))
    0.0001
    """
    return max(_DIGITS.get(a.dtype.itemsize, _DOUBLE) if is_real(a) else _DOUBLE for a in arrays)


def alike(a: Any, b: Any, digits: float | None = None) -> bool:
    """Equal in every element up to a relative error, or up to what cancellation leaves of the largest element.

    The error is by default that of :func:`digits_of` both.  Where one side is not
    finite nothing is compared, unless nothing is finite.

    >>> alike([1.0, 1e-20], [1.0 + 1e-10, 0.0]), alike([1.0, 2.0], [1.0, -2.0]), alike([1.0], [[1.0]])
    (True, False, False)
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    left = 0.0
    if digits is None:
        digits = digits_of(a, b)
        left = max(_ROUNDINGS * float(limits(x.dtype).eps) for x in (a, b) if is_real(x)) if digits > _DOUBLE else 0.0
    a, b = a.astype(np.float64), b.astype(np.float64)
    finite = np.isfinite(a) & np.isfinite(b)
    if a.size and not finite.any():
        return bool(np.array_equal(a, b, equal_nan=True))
    a, b = a[finite], b[finite]
    scale = float(np.max(np.abs(b), initial=0.0))
    return bool(np.all(np.abs(a - b) <= digits * np.abs(b) + max(digits * 1e-4, left) * scale))

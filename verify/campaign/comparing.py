"""A whole batch compared at once: what agrees, what the reference cannot tell, and what must be settled.

For an element with the reference's value ``t`` and the value ``g`` under test:

* *agree*: ``|g - t| <= 1e-10 |t|``; so the array agrees normwise as well.  There is no absolute floor, and NaN agrees with
  nothing.  Where both are exactly 0 this is an agreement of no digits, so one such case of a batch is settled anyway.
* *conditioned*: ``|g - t| <= 64 D``, where ``D`` is how far the reference moves under one roundoff in its inputs
  (:func:`verify.campaign.evaluating.spread`).  This is the rule ``C u K`` of :mod:`verify.compare` with ``K`` measured in
  floating point: the last step of any backward stable algorithm is at least as far from the truth as that.  It holds
  only while ``64 D`` is below a thousandth of the array's largest element, and never at kinks, where ``D`` is a jump.
  ``D`` also contains the reference's own rounding, so one such case of a batch is settled too.
* *disputed*: everything else.  ``large`` says that it is seen against the largest element of its array, or is not
  finite; a dispute that is not large is most often a digit that the reference lost (``1 - sigmoid(40)``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.compare import RELATIVE
from verify.precision import ROUNDINGS

Array = NDArray[Any]
_SHARE = 2.0**-10


@dataclass(frozen=True)
class Compared:
    """One gradient in all cases of a batch: masks over its elements, and the largest errors.

    The componentwise error is that of the elements that agree, the normwise one that of the conditioned ones as well.

    Example:
        >>> t = np.array([[1.0, 2.0, 0.0, np.nan]])
        >>> found = compare_stacked(np.array([[1.0, 2.1, 1e-300, np.nan]]), t)
        >>> found.agree.tolist(), found.disputed.tolist(), found.large.tolist()
        ([[True, False, False, False]], [[False, True, True, True]], [[False, True, False, True]])
    """

    agree: Array
    conditioned: Array
    large: Array
    zero: Array  # both are exactly 0
    weight: Array  # the gap over the largest element of its array: the worst is settled first
    componentwise: float
    normwise: float

    @property
    def disputed(self) -> Array:
        """What neither rule accepts."""
        return np.asarray(~(self.agree | self.conditioned))


def compare_stacked(got: Array, expected: Array, spread: Array | None = None) -> Compared:
    """Compare two stacks of arrays; ``spread`` is the ``D`` of the second rule."""
    axes = tuple(range(1, expected.ndim))
    with np.errstate(all="ignore"):
        size = np.abs(expected)
        gap = np.abs(got - expected)
        scale = np.max(size, axis=axes, keepdims=True, initial=0.0, where=np.isfinite(size))
        agree = np.isfinite(gap) & (gap <= RELATIVE * size)  # where t is infinite, no gap is too wide
        allowed = np.zeros(gap.shape) if spread is None else ROUNDINGS * spread
        conditioned = ~agree & (gap <= allowed) & (allowed <= _SHARE * scale)
        weight = np.where(gap == 0, 0.0, gap / scale)
        weight = np.where(np.isnan(weight), np.inf, weight)
        accepted = agree | conditioned
        errors = np.where(gap == 0, 0.0, gap / size)
        return Compared(
            agree,
            conditioned,
            ~accepted & ~(weight <= RELATIVE),
            (got == 0) & (expected == 0),
            weight,
            float(np.max(errors, initial=0.0, where=agree)),
            float(np.max(weight, initial=0.0, where=accepted)),
        )

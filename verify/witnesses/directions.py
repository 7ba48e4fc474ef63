"""Directions in which inputs are moved: whole enough to stay exact, and without the coincidences that make a check empty."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_GRID = 4096  # directions are multiples of 1/_GRID
_SPAN = 2  # up to this on both sides of 0


def direction(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Random multiples of 2^-12, none of them 0, no two of them alike.

    An element that is not moved is not checked, and equal shifts of all columns are a shift of the rows too: a claim that
    is false in general would hold.  Multiples of 2^-12 of a few units add exactly to inputs on a grid.

    Example:
        >>> found = direction(np.random.default_rng(0), (2, 3))
        >>> len(set(np.abs(found).flat)), bool((found != 0).all())
        (6, True)
        >>> bool((found * 4096 == np.round(found * 4096)).all())
        True
    """
    count = int(np.prod(shape))
    # distinct in size too: a pair v, -v cancels in a sum
    sizes = 1 + rng.choice(max(_SPAN * _GRID, count), size=count, replace=False)
    return np.asarray(sizes * rng.choice([-1, 1], size=count) / _GRID).reshape(shape)


__all__ = ["direction"]

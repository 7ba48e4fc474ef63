"""Axes unrolled into one, and rolled up again: views, and what must not be taken for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from derive.registry import declare
from numeric import compile

UNROLLED = "x[n, c, h]\ny[m, k < c*h] = sum(where(k == a*h + b, x[m, a, b], 0), a, b)"


def test_unrolling_is_a_view_both_ways() -> None:
    function = compile(declare(UNROLLED))
    assert function.source.count(".reshape(") == 2
    x = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(function.forward(x=x)["y"], x.reshape(2, 12))
    dy = np.arange(24.0).reshape(2, 12) ** 2
    np.testing.assert_array_equal(function.vjp({"x": x}, {"y": dy})["x"], dy.reshape(2, 3, 4))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the first index is the faster one: not the memory order of the row, but of its transpose
        (
            "x[n, c, h]\ny[m, k < c*h] = sum(where(k == b*c + a, x[m, a, b], 0), a, b)",
            lambda x: np.swapaxes(x, 1, 2).reshape(2, 12),
        ),
        # squares overlap: positions 0, 1, 2, ... are met several times
        (
            "x[n, c, h]\ny[m, k < c*h] = sum(where(k == a + b, x[m, a, b], 0), a, b)",
            lambda x: np.stack([[np.fliplr(s).trace(2 - k + 1) if k < 6 else 0.0 for k in range(12)] for s in x]),
        ),
        # one axis is longer than the digits say: the rest stays 0
        (
            "x[n, c, h]\ny[m, k < c*h + 2] = sum(where(k == a*h + b, x[m, a, b], 0), a, b)",
            lambda x: np.pad(x.reshape(2, 12), ((0, 0), (0, 2))),
        ),
    ],
)
def test_only_what_is_a_number_in_mixed_radix(text: str, expected: Callable[[Any], Any]) -> None:
    x = np.arange(1.0, 25).reshape(2, 3, 4)
    np.testing.assert_array_equal(compile(declare(text)).forward(x=x)["y"], expected(x))

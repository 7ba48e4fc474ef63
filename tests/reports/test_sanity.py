"""The sanity checks of a page: what is said holds at every point, and no more is computed than decides it."""

from __future__ import annotations

from typing import Any

import flint
import pytest

from derive.registry import declare
from derive.reverse import derive
from numeric.errors import OutOfBounds
from reports import sanity
from reports.document import Items, plain
from reports.sanity import sanity_blocks
from reports.symbols import notation_of


class Balls:
    """A tensor of given balls, which remembers how many were read."""

    def __init__(self, *values: Any) -> None:
        self.values, self.read = values, 0

    def shape(self, _: str) -> tuple[int, ...]:
        return (len(self.values),)

    def value(self, _: str, place: tuple[int, ...]) -> Any:
        self.read += 1
        if self.values[place[0]] is None:
            raise OutOfBounds("outside")
        return flint.arb(self.values[place[0]])


@pytest.mark.parametrize(
    ("values", "vanishes", "read"),
    [
        ((0, 0, 0), True, 3),
        ((0, 1, 0, 0), False, 2),
        ((0, "nan", 0), False, 2),
        ((None, 0), False, 1),
        ((), False, 0),  # nothing is there that could be 0
        ((0, 0, 1), False, 3),
    ],
)
def test_a_tensor_vanishes_where_every_element_does(values: tuple[Any, ...], vanishes: bool, read: int) -> None:
    balls = Balls(*values)
    assert sanity._vanishes(sanity.Point(None, balls), "x") is vanishes  # type: ignore[arg-type]
    assert balls.read == read


def said(text: str) -> list[str]:
    operation = declare(text, name="mine")
    derivation = derive(operation)
    found = sanity_blocks(operation, derivation, notation_of(derivation))
    return [plain(item) for block in found if isinstance(block, Items) for item in block.items]


def test_sums_that_vanish_along_one_axis_and_not_along_the_other_are_told_once() -> None:
    items = said("x[n, d]; L = sum((x[i, j] - sum(x[i, k], k)/d)**4, i, j)")
    assert [item.split(":")[0] for item in items].count("Vanishing sums") == 1
    assert sum("adding a constant" in item for item in items) == 1


def test_what_vanishes_at_size_one_and_only_there_is_told() -> None:
    items = said("x[n]; y[n]; L = sum((x[i] - sum(x[k], k)/n)**2*y[i], i)")
    (one,) = [item for item in items if item.startswith("Size 1")]
    assert len(one.split(",")) == 3  # both gradients are 0 for a single element
    assert not any(item.startswith("Size 1") for item in said("x[n]; L = sum(x[i]**2, i)"))

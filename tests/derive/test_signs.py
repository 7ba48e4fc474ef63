"""``sign(u)*u`` is ``|u|``: without it a derivative of an absolute value keeps a difference that cancels."""

from __future__ import annotations

import pytest

from derive.registry import declare
from derive.reverse import derive

CASES = {
    "x[n]\ny = x/(1 + abs(x))": "dx = dy/(1 + abs(x))**2",
    "x[n]\ny = x*abs(x)": "dx = 2*abs(x)*dy",
    "x[n]\nL = sum(abs(x)**3)": "dx = 3*abs(x)*x",
    "x[n], y[n]: data\nL = sum(abs(x - y)*(y - x))": "dx = -2*abs(x - y)",
    # |sign(u)| is not 1 at 0, so the square of a sign stays.
    "x[n]\ny = sign(x)**2*x": "dx = dy*sign(x)**2",
}


@pytest.mark.parametrize("text", CASES)
def test_a_sign_times_its_argument(text: str) -> None:
    assert str(derive(declare(text))) == CASES[text]

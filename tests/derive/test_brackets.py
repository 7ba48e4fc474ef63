"""What brackets say of each other and of what stands beside them."""

from __future__ import annotations

import pytest

from derive.registry import declare
from derive.reverse import derive

CASES = {
    # bounds on a maximum are bounds on both of its arguments, and numbers go to one side
    "x[n]\ny = min(6, max(0, x + 3))": "dx = [x < 3]*[x > -3]*dy",
    "x[n]\ny = max(-1, min(1, x - 2))": "dx = [x < 3]*[x > 1]*dy",
    # not a bound on both: the maximum is above 1 where either is
    "x[n], w[n]: data\ny = max(1, max(w, x))": "dx = [max(w, x) > 1]*[x > w]*dy",
    # a maximum with 0 is 0 where the bracket is
    "x[n]\nL = sum(max(0, 1 - x)**2)": "dx = -2*max(0, 1 - x)",
    "x[n]\nL = sum(max(0, x)**3)": "dx = 3*max(0, x)**2",
    "x[n]\nL = sum(min(0, x)**2)": "dx = 2*min(0, x)",
    # under [j == label[i]] the two elements are one
    "Z[n, k]\nlabel[n]: int\nP = softmax(Z)\nL = -mean(log(P[i, label[i]]), i)": "dZ[i, j] = (P[i, j] - [j == label[i]])/n",
    "S[n, n]\nP = softmax(S)\nL = -mean(log(P[i, i]), i)": "dS[i, j] = (P[i, j] - [j == i])/n",
    # the root is there already
    "x[n, d]\nr[i] = sqrt(sum(x[i, j]**2, j))\nL = sum(r)": "dx = x/r[:, None]",
}


@pytest.mark.parametrize("text", CASES)
def test_a_bracket_is_used(text: str) -> None:
    assert str(derive(declare(text))) == CASES[text]

"""The value chosen at each kink is recorded when the declaration is read, whatever hides the kink."""

from __future__ import annotations

import pytest

from derive.registry import declare, get, names
from derive.reverse import derive
from derive.second import hessian
from tests.derive.forms import KINKS

FIRST_ARGUMENT = "the first argument takes the whole cotangent."
CASES = {
    "x[n]\ny = max(0, x)": [f"At a tie of max(0, x[i]) {FIRST_ARGUMENT}"],
    "x[n]\nties(min) == last\ny = min(x, 0)": ["At a tie of min(x[i], 0) the last argument takes the whole cotangent."],
    # pooling, over windows that do not and that do overlap
    "x[n]\ny[i < n//2] = max(x[2*i + p], p)": [
        "At a tie of max(x[p + 2*i], p) the first extremum takes the whole cotangent."
    ],
    "x[n], w[k]\nties(max) == share\ny[i] = max(x[i + p] + w[p], p)": [
        "At a tie of max(w[p] + x[i + p], p) the cotangent is shared in equal parts by all that attain it "
        "(extremums alike)."
    ],
    "x[n]\ny[i] = where(x[i] > 1, x[i], 0)": [
        "Where the condition x[i] > 1 changes, the derivative is that of the branch taken."
    ],
    "s[n, n]\np[i, j] = where(j <= i, s[i, j], -inf)": [],  # a mask is no kink
    "x[n, k]\nlabel[n]: int\ny[i, j] = where(j == label[i], x[i, j], 0)": [],  # nor is a label
    "x[n]\nL = sum(abs(x)) + sum(sign(x))": [
        "The derivative of abs(x[i]) at 0 is 0.",
        "The derivative of sign(x[i]) is 0, at 0 too.",
    ],
    # inside a named function, a function-valued hyper-parameter, a recurrence with its start
    "x[n], h0\nf = relu\nh[t] = f(h[t - 1] + x[t])\nh[-1] = f(h0)": [
        f"At a tie of max(0, h[t - 1] + x[t]) {FIRST_ARGUMENT}",
        f"At a tie of max(0, h0) {FIRST_ARGUMENT}",
    ],
    "x[n, d], W[d, k]\nZ = x @ W\nA = relu(Z)\nB = relu(A - 1)": [
        f"At a tie of max(0, Z[i, j]) {FIRST_ARGUMENT}",
        f"At a tie of max(0, A[i, j] - 1) {FIRST_ARGUMENT}",
    ],
}


@pytest.mark.parametrize("text", CASES)
def test_every_kink_is_recorded(text: str) -> None:
    assert sorted(map(str, declare(text).program.conventions)) == sorted(CASES[text])


def test_kinks_of_the_catalog() -> None:
    found = {name: [str(c) for c in get(name).program.conventions] for name in names()}
    assert {name: said for name, said in found.items() if said} == KINKS | {
        "relu": [f"At a tie of max(0, z[i]) {FIRST_ARGUMENT}"],
        "rnn_relu": [f"At a tie of max(0, z[t, i, j]) {FIRST_ARGUMENT}"],
        "max_pool2d": [
            "At a tie of max(x[m, g, p + i*stride, q + j*stride], q) the first extremum takes the whole cotangent.",
            "At a tie of max(R[m, g, i, j, p], p) the first extremum takes the whole cotangent.",
        ],
        "binary_step": ["Where the condition z[i] > 0 changes, the derivative is that of the branch taken."],
    }
    (mlp,) = get("mlp", activation="relu").program.conventions[:1]
    assert str(mlp).startswith("At a tie of max(0, ")


def test_a_convention_is_kept_where_the_program_is_differentiated_again() -> None:
    operation = declare("x[n]\nL = sum(max(0, x)**2)")
    (kink,) = operation.program.conventions
    assert kink.target == "L"
    assert kink in derive(operation).combined.conventions
    assert kink in hessian(operation, wrt="x").program.conventions

"""Claim b10: the worked example, computed in balls with a declared network and compared with every printed number.

Two printed numbers are cut off, not rounded: sigma'(Z2) = 0.2495... is printed as 0.249 and a hidden slope of 0.2479... as
0.247.  All others are the true values, rounded to as many places as are printed.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import pytest

import backproof as bp
from numeric.exact import Exact
from tests.claims.support import same

HALF = Fraction(1, 2)

NETWORK = bp.declare(
    """
    x[n], W1[h, n], b1[h], w2[h], b2
    y: data
    z1 = W1 @ x + b1
    a1 = sigmoid(z1)
    s1 = a1*(1 - a1)
    z2 = w2 @ a1 + b2
    a2 = sigmoid(z2)
    s2 = a2*(1 - a2)
    L = (a2 - y)**2/2
    output(L)
    """,
    name="worked_example",
)


def decimals(text: str) -> Any:
    """Decimals as fractions: what is printed is meant exactly.  Rows are set apart by semicolons."""
    rows = [[Fraction(each) for each in row.split()] for row in text.split(";")]
    return rows if len(rows) > 1 else rows[0] if len(rows[0]) > 1 else rows[0][0]


GIVEN = {
    "x": decimals("0.5 0.8"),
    "W1": decimals("0.2 -0.3; 0.4 0.1"),
    "b1": decimals("0.1 -0.1"),
    "w2": decimals("0.3 -0.2"),
    "b2": decimals("0.05"),
    "y": Fraction(1),
}

# Claimed results: name here -> the tensor, and the decimals as the article prints them.
PRINTED = {
    "Z1": ("z1", "-0.04 0.18"),
    "hidden outputs": ("a1", "0.49 0.545"),
    "Z2": ("z2", "0.088"),
    "A2": ("a2", "0.522"),
    "L": ("L", "0.114"),
    "delta2": ("dz2", "-0.119"),
    "dW2": ("dw2", "-0.058 -0.065"),
    "db2": ("db2", "-0.119"),
    "delta1": ("db1", "-0.009 0.006"),
}
# Printed, rounded as it should be, and more digits: of the slopes at the output and at the second hidden unit.  The digits
# are mpmath's, 1/(1 + exp(-z)) at 50 digits from the same decimals.
CUT_OFF = {
    "slope at the output": ("s2", 0, "0.249", "0.250", "0.24951635"),
    "slope of the second hidden unit": ("s1", 1, "0.247", "0.248", "0.24798589"),
}


@pytest.fixture(scope="module")
def example() -> Exact:
    """Forward and derived gradients; ``dz2`` is the derivative of the loss by the weighted sum of the output."""
    return Exact(bp.derive(NETWORK, wrt="W1, b1, w2, b2").combined, GIVEN)


def elements(example: Exact, tensor: str) -> list[Any]:
    return list(example.array(tensor).ravel())


def rounds_to(ball: Any, printed: str) -> bool:
    """Whether every number of the ball is within half a unit of the last printed place."""
    unit = Fraction(1, 10 ** len(printed.partition(".")[2]))
    gap = abs(ball - flint.arb(flint.fmpq(*Fraction(printed).as_integer_ratio())))
    return bool(gap < flint.arb(flint.fmpq(*(unit * HALF).as_integer_ratio())))


@pytest.mark.parametrize("what", PRINTED)
def test_b10_what_is_printed_is_rounded_correctly(example: Exact, what: str) -> None:
    tensor, printed = PRINTED[what]
    found = elements(example, tensor)
    assert [rounds_to(ball, each) for ball, each in zip(found, printed.split(), strict=True)] == [True] * len(found)


def test_b10_the_residual_and_the_first_hidden_slope(example: Exact) -> None:
    assert rounds_to(elements(example, "a2")[0] - 1, "-0.478")
    assert rounds_to(elements(example, "s1")[0], "0.25")


@pytest.mark.parametrize("what", CUT_OFF)
def test_b10_two_slopes_are_cut_off_instead_of_rounded(example: Exact, what: str) -> None:
    tensor, position, printed, rounded, true = CUT_OFF[what]
    ball = elements(example, tensor)[position]
    assert not rounds_to(ball, printed)
    assert rounds_to(ball, rounded)
    assert rounds_to(ball, true)
    assert float(printed) < float(ball) < float(printed) + 1e-3  # the digits are the first ones


def test_b10_the_example_has_columns_for_inputs() -> None:
    """Read with rows for samples (x W1), the same numbers give Z1 = [0.52, -0.17], which is not printed."""
    rows = bp.declare("x[n], W1[n, h], b1[h]\nz1 = x @ W1 + b1")
    exact = Exact(rows.program, {name: GIVEN[name] for name in ("x", "W1", "b1")}, field="rational")
    assert exact.array("z1").tolist() == decimals("0.52 -0.17")


def test_b10_in_the_row_layout_of_the_catalog_the_first_matrix_is_transposed(example: Exact) -> None:
    """With W1^T the catalog's perceptron is the example, and so are its gradients; with W1 as printed it is another network."""
    columns: list[list[Fraction]] = GIVEN["W1"]
    given = {
        "X": [GIVEN["x"]],
        "W1": [list(row) for row in zip(*columns, strict=True)],
        "b1": GIVEN["b1"],
        "W2": [[weight] for weight in GIVEN["w2"]],
        "b2": [GIVEN["b2"]],
        "Y": [[GIVEN["y"]]],
    }
    rows = Exact(bp.derive("mlp", wrt="W1, b1, W2, b2").combined, given)
    for ours, theirs in (("L", "L"), ("db1", "db1"), ("dW2", "dw2"), ("db2", "db2")):
        assert same(rows.array(ours), example.array(theirs))
    assert same(rows.array("dW1").T, example.array("dW1"))
    other = Exact(bp.get("mlp").program, {**given, "W1": columns})
    assert not rounds_to(other.array("Z2")[0, 0], "0.088")


def test_b10_the_slopes_are_those_that_the_gradients_use() -> None:
    """The engine finds sigma' among the declared tensors: dz2 is delta2, dz1 is delta1."""
    assert str(bp.derive(NETWORK, wrt="W1, b1, w2, b2")).splitlines() == [
        "dz2 = (a2 - y)*s2",
        "dz1 = dz2*s1*w2",
        "dW1 = outer(dz1, x)",
        "db1 = dz1",
        "dw2 = a1*dz2",
        "db2 = dz2",
    ]

"""``check_formula``: right ones with the level of proof, wrong ones with what speaks against them, and what would be right."""

from __future__ import annotations

import pytest

from derive.errors import DeclarationError, DerivationError
from derive.registry import declare
from tests.seeds import SEED
from verify import Verdict
from verify.oracle import check_formula

# "treated as an identity" means that both multiply out to the same terms
PROVEN = [
    ("X.T @ (sigmoid(X @ w + b) - y)/n", "dL/dw", "logistic_regression"),
    ("X.T @ p/n - X.T @ y/n", "dw", "logistic_regression"),
    ("sum(dZ, axis=0)", "db", "dense"),
    ("g[i, j] = sum(dZ[i, l]*W[j, l], l)", "dX", "dense"),
    ("da*a*(1 - a)", "dz", "sigmoid"),
    # the usual form of batch normalisation's backward pass, as in CS231n's notes; the term that Caffe's issue 3878 misses in it
    # is 0, since sum(x - mu) = 0
    (
        "c = x - mu; g = gamma*dy; r = 1/sqrt(var + eps); g*r - c*mean(g*c, axis=0)*r**3 - mean(g*r, axis=0)",
        "dx",
        "batch_norm",
    ),
    (
        "g = dy*gamma; m = mean(g*xhat, axis=-1, keepdims=1);"
        "(g - mean(g, axis=-1, keepdims=1) - xhat*m)/sqrt(mean((x - mean(x, axis=1, keepdims=1))**2, axis=1, keepdims=1) + eps)",
        "dL/dx",
        "layer_norm",
    ),
]
AGREEING = [
    ("da*sigmoid(z)*(1 - sigmoid(z))", "dz", "sigmoid"),
    ("da*exp(-z)/(1 + exp(-z))**2", "dz", "sigmoid"),
    ("da*where(z > 0, 1, a + alpha)", "dz", "elu"),
]
WRONG = [
    ("da*sigmoid(a)*(1 - sigmoid(a))", "dz", "sigmoid", "taken at a and not at z"),
    ("X.T @ (p - y)", "dL/dw", "logistic_regression", "the 1/n is missing"),
    ("-X.T @ (p - y)/n", "dL/dw", "logistic_regression", "sign"),
    ("X.T @ (sigmoid(X @ w) - y)/n", "dw", "logistic_regression", "b is left out"),
]
SHAPES = [
    ("X @ (p - y)/n", "dL/dw", "logistic_regression", "axis of the left (d) with the first of the right (n)", "(p - y) @ X / n"),
    ("dZ.T @ X", "dW", "dense", "it has the shape (k, d), and W has (d, k)", "X.T @ dZ"),
    ("(softmax(h @ U) - Y) @ h", "dU", None, "contracts", "h.T @ (softmax(h @ U) - Y)"),
    ("dZ", "db", "dense", "it has the shape (n, k), and b has (k,)", ""),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "gradient", "name"), PROVEN)
def test_an_identity_is_proven(formula: str, gradient: str, name: str) -> None:
    found = check_formula(formula, gradient, name, seed=SEED)
    assert (found.verdict, found.level) == (Verdict.AGREES, "identity proven"), str(found)


@pytest.mark.parametrize(("formula", "gradient", "name"), AGREEING)
def test_what_is_no_identity_by_its_form_is_compared_in_balls(formula: str, gradient: str, name: str) -> None:
    found = check_formula(formula, gradient, name, seed=SEED)
    assert found.ok
    assert found.level.startswith("agrees on ")


@pytest.mark.parametrize(("formula", "gradient", "name", "cause"), WRONG)
def test_a_wrong_one_gets_a_counterexample_its_cause_and_the_right_one(
    formula: str, gradient: str, name: str, cause: str
) -> None:
    found = check_formula(formula, gradient, name, seed=SEED)
    assert (found.verdict, found.level) == (Verdict.WRONG_FORMULA, "counterexample")
    assert cause in str(found)
    assert "got " in str(found)
    assert str(found).endswith(f"  {found.right}")


@pytest.mark.parametrize(("formula", "gradient", "name", "reason", "turned"), SHAPES)
def test_shapes_are_explained_and_what_fits_is_tried(
    formula: str, gradient: str, name: str | None, reason: str, turned: str
) -> None:
    text = "h[n, d], U[d, k]; Y[n, k]: data; sum(Y[i, j], j) == 1; L = -sum(Y*log(softmax(h @ U)))"
    own = declare(text, name="scores")
    found = check_formula(formula, gradient, own if name is None else name, seed=SEED)
    assert (found.verdict, found.level) == (Verdict.WRONG_FORMULA, "shape")
    assert reason in found.reason
    assert found.rearranged == turned


def test_another_slope_at_a_kink_is_another_convention() -> None:
    found = check_formula("da*where(z >= 0, 1, a + alpha)", "dz", "elu", seed=SEED)
    assert found.verdict is Verdict.WRONG_CONVENTION


def test_how_a_program_would_round_is_another_matter() -> None:
    assert check_formula("da*(1/(1 + exp(-z)) - 1/(1 + exp(-z))**2)", "dz", "sigmoid", seed=SEED).ok


def test_errors_show_the_line_of_the_formula() -> None:
    with pytest.raises(DeclarationError, match=r"line 2:\n    g \* gama\n        \^\ngama is not declared"):
        check_formula("g = dy\ng * gama", "dx", "layer_norm")
    with pytest.raises(DeclarationError, match="the formula is empty"):
        check_formula(" ", "dx", "layer_norm")


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("q[k]; q*dZ @ W.T", "line 1:\n    q[k]\n    ^\nwhat stands before the formula are equations"),
        ("b > 0; dZ @ W.T", "what stands before the formula are equations"),
        ("output(Z); dZ @ W.T", "what stands before the formula are equations"),
        ("q = 1.0; q*dZ @ W.T", "line 1:\n    q = 1.0\n    ^\na formula has no inputs of its own"),
        ("Z = X; dZ @ W.T", "Z is defined twice"),
    ],
)
def test_a_formula_declares_nothing(formula: str, told: str) -> None:
    with pytest.raises(DeclarationError) as error:
        check_formula(formula, "dX", "dense", seed=SEED)
    assert told in str(error.value)


def test_gradients_that_there_are_not_are_named() -> None:
    with pytest.raises(DerivationError, match="softmax_cross_entropy has dZ; got 'dL/dz'"):
        check_formula("P", "dL/dz", "softmax_cross_entropy")
    with pytest.raises(DerivationError, match="dZ/dX is no gradient, since Z is no scalar; write dL/dX with dZ for"):
        check_formula("W.T", "dZ/dX", "dense")
    with pytest.raises(DerivationError, match="logistic_regression has no E; its scalars are L"):
        check_formula("w", "dE/dw", "logistic_regression")

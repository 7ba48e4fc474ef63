"""The printed gradients against the textbook forms, and their lengths (issue: at most 200 characters a line)."""

from __future__ import annotations

import pytest

from derive.registry import declare, get, names
from derive.reverse import derive
from tests.derive.forms import FORMS
from tests.derive.support import derived


@pytest.mark.parametrize("name", FORMS)
def test_textbook_form(name: str) -> None:
    assert str(derived(name)) == FORMS[name]


def test_every_operation_has_its_form() -> None:
    assert FORMS.keys() == set(names())


@pytest.mark.parametrize("name", names())
def test_lengths(name: str) -> None:
    lines = str(derived(name)).split("\n")
    assert all(len(line) <= 200 for line in lines)
    assert sum(map(len, lines)) <= max(800, 100 * len(lines))


# SymPy orders the sides of a relation by name; print has what varies on the left, numbers and sizes on the right.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x[n]\ny[i] = where(0 < x[i], x[i], 0)", "dx = [x > 0]*dy"),
        ("x[T]\ny[t] = where(T > t + 1, x[t], 0)", "dx[t] = dy[t]*[t + 1 < T]"),
        ("x[n]\ny[i] = where(n - 1 == i, x[i], 0)", "dx[i] = dy[n - 1]*[i == n - 1]"),
    ],
)
def test_brackets_have_the_size_on_the_right(text: str, expected: str) -> None:
    assert str(derive(declare(text))) == expected


# Other tools return 0 for these (SymPy's matrix derivatives of a sum of traces among them).
SILENT_ZEROS = {
    "A[n, n], B[n, n], X[n, n]\nL = sum(A[i, j]*X[j, i]) + sum(B[i, j]*X[j, i])": ("X", "dX = A.T + B.T"),
    "x[n], w[n]\nL = log(sum(w*x))": ("x", "dx = w/(w @ x)"),
    "x[n], c\nL = sum(x) + c": ("x", "dx = 1"),
    # a start value is a second definition of w, which is 0 and not all of it
    "x[T]\nw[t] = x[t]**2\nw[-1] = 0\ny[t] = w[t] + w[t - 1]\noutput(y)": ("x", "dx = 2*dw*x"),
    "x[n], c[n]\nL = sum(c)": ("x", "dx = 0"),
}


@pytest.mark.parametrize("text", SILENT_ZEROS)
def test_terms_that_other_tools_lose(text: str) -> None:
    wrt, expected = SILENT_ZEROS[text]
    assert str(derive(declare(text), wrt=wrt)).split("\n")[-1] == expected


def test_an_input_that_does_not_matter_has_a_stated_reason() -> None:
    derivation = derive(declare("x[n], c[n]\nL = sum(c)"), wrt="x")
    assert any("x" in step.because and step.after == 0 for step in derivation.steps if step.target == "dx")


def test_the_rnn_text_does_not_depend_on_the_number_of_steps() -> None:
    symbolic = str(derived("rnn"))
    for steps in (3, 5, 9):
        fixed = str(derive(declare(get("rnn").text.replace("X[T,", f"X[{steps},"))))
        # With steps there surely is a first one, so that its guard goes; nothing else changes.
        assert fixed == symbolic.replace("pad(dz[0, i, k])*W_hh[j, k]", "W_hh[j, k]*dz[0, i, k]")
    assert "2" not in symbolic.replace("**2", "")


def test_a_whole_number_division_is_one_factor() -> None:
    operation = declare("b, c\nn = 6, k = 3\ny[t < n] = b*(t//k)*c**(t//k)")
    assert str(derive(operation, wrt="b")) == "db = sum((t//k)*c**(t//k)*dy[t], t)"


def test_a_repr_is_one_line() -> None:
    assert repr(get("lenet")) == "<operation lenet>"
    assert repr(derived("mse")) == "<derivation of mse: L by yhat>"

"""Samples as columns: the exchanged program means the same, its derivation too, and its forms are those of the books."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from derive.errors import DerivationError
from derive.latex import derivation_latex
from derive.layout import exchanged, laid_out
from derive.registry import declare, get
from derive.reverse import derive
from numeric import compile as generate
from numeric.exact import Exact
from reports.binding.pages import _Task, pages
from tests.shares import share, turn
from verify import verify
from verify.campaign.plan import Subject
from verify.sampling import sample


def test_the_dense_layer_reads_as_in_a_book_with_columns() -> None:
    columns = laid_out(get("dense"), "columns")
    assert str(columns.program.equations[0].rhs) == "b[j] + sum(W[j, l]*X[l, i], l)"
    shown = derivation_latex(derive(columns))
    for formula in (r"\bar{X} &= W^{\top} \bar{Z}", r"\bar{W} &= \bar{Z} X^{\top}", r"\bar{b} &= \bar{Z} \mathbf{1}"):
        assert formula in shown


def test_a_sequence_of_matrices_keeps_its_time_in_front() -> None:
    program = laid_out(get("rnn"), "columns").program
    rows = get("rnn").program
    assert program.tensors["X"].shape == (rows.tensors["X"].shape[0], *rows.tensors["X"].shape[:0:-1])
    assert "W_hh[j, k]*h[t - 1, k, i]" in str(program.equations[1].rhs)


def test_what_has_no_matrix_stays_and_says_so() -> None:
    found = laid_out(get("sigmoid"), "columns")
    assert found.program is get("sigmoid").program
    assert found.transposed == ()
    assert "nothing changes" in found.layout
    with pytest.raises(DerivationError, match="rows or columns"):
        laid_out(get("dense"), "diagonal")


def turned(values: Any, names: frozenset[str]) -> dict[str, Any]:
    return {n: np.ascontiguousarray(np.swapaxes(v, -1, -2)) if n in names else v for n, v in values.items()}


@pytest.mark.parametrize("name", turn("layout", [n for n in share("layout") if exchanged(get(n).program)], 6))
def test_gradients_are_those_of_rows_exchanged(name: str) -> None:
    """Both derivations in ball arithmetic at the same point; the generated code of the one against the balls of the other."""
    rows, columns = derive(get(name)), derive(laid_out(get(name), "columns"))
    matrices = exchanged(rows.program)
    case = sample(rows.program, 5, derivation=rows, budget=300)
    given, seeds = case.arguments(), case.seeds()
    truth = Exact(rows.combined, case.exact(rows))
    got = generate(columns).vjp(turned(given, matrices), turned(seeds, matrices) or None)
    for argument, gradient in rows.gradients.items():
        due = np.vectorize(lambda ball: float(ball.mid()), otypes=[float])(truth.array(gradient))
        due = np.swapaxes(due, -1, -2) if argument in matrices else due
        assert np.allclose(got[argument], due, rtol=1e-9, atol=1e-12), argument


def test_the_reference_judges_the_exchanged_operation() -> None:
    found = verify(laid_out(get("dense"), "columns"), seed=3, cases=1, strata=["ordinary"])
    assert found.ok
    assert "jax" in {row.witness for row in found.rows}


def test_a_declaration_of_ones_own_is_exchanged_too() -> None:
    own = laid_out(declare("A[n, d], v[d]; y = A @ v", name="own"), "columns")
    assert str(derive(own)).splitlines() == ["dA = outer(v, dy)", "dv = A @ dy"]


def test_an_operation_travels_in_its_layout() -> None:
    """To the workers of a campaign and of a book, of which each reads the declaration again."""
    own = declare("x[n, d], w[d]; p = sigmoid(x @ w); L = sum(p)", "own")
    for operation in (get("dense"), get("mlp", activation="relu"), own):
        columns = laid_out(operation, "columns")
        for travelled in (Subject.of(columns).operation(), _Task.of(0, columns, {}, None).operation()):
            assert travelled.program.equations == columns.program.equations != operation.program.equations
            assert travelled.transposed == columns.transposed
            assert travelled.layout == columns.layout
        with pytest.raises(DerivationError, match="has samples as columns already"):
            laid_out(columns, "rows")
    [found] = pages([laid_out(declare("x[n, d]; L = sum(x**2)"), "columns")], evidence=False)
    assert found.ok

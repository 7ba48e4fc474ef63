"""Every displayed equation of a report is evaluated again; what is corrupted between derivation and page is caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sympy import Add, Expr

import reports.lines
import reports.running
from derive.derivation import Derivation
from derive.matrix import Matrix, Transpose
from derive.nodes import Access
from derive.notation import Box, expression_box
from derive.notation.matrices import MatrixSetter
from derive.notation.tree import MINUS, PLUS, Row, Sign
from derive.operation import Operation
from derive.registry import get
from derive.reverse import derive
from numeric import compile as generate
from reports.document import Section
from reports.numbers import Numbers
from reports.page import bound, derived_parts, sections
from reports.settings import Settings
from reports.statement import result_blocks
from reports.symbols import notation_of
from tests.reports.reevaluation import Fault, Reevaluation, displayed
from tests.shares import share, turn


def formulas(operation: Operation, derivation: Derivation, detail: str = "lecture") -> tuple[Section, ...]:
    """The parts of a page that display equations."""
    numbers, notation = Numbers(operation.name), notation_of(derivation)
    parts = derived_parts(operation, derivation, generate(derivation), notation, numbers, Settings(detail))
    return bound(parts, operation.name)


def look(operation: Operation, detail: str = "lecture") -> int:
    derivation = derive(operation)
    parts = formulas(operation, derivation, detail)
    assert all(line.claim is not None for _, line in displayed(parts))
    return Reevaluation(derivation, notation_of(derivation)).check(parts)


def test_no_other_part_of_a_page_displays_equations() -> None:
    operation = get("layer_norm")
    derivation = derive(operation)
    whole = sections(operation, derivation, None, generate(derivation))
    assert list(displayed(whole)) == list(displayed(formulas(operation, derivation)))


@pytest.mark.slow
@pytest.mark.parametrize("name", turn("re-evaluation", share("re-evaluation"), 10))
def test_every_displayed_equation_holds_as_it_is_printed(name: str) -> None:
    assert look(get(name)) > 0


@pytest.mark.parametrize("detail", ["brief", "full"])
def test_other_levels_of_detail_hold_too(detail: str) -> None:
    assert look(get("softmax_cross_entropy"), detail) > 0
    assert look(get("dense"), detail) > 0


def _without_a_term(expression: Any) -> Any:
    return Add(*expression.args[1:]) if isinstance(expression, Add) else expression


def _swapped(expression: Any) -> Any:
    """Two indices of every matrix element exchanged."""
    return expression.replace(
        lambda node: isinstance(node, Access) and len(node.indices) == 2,
        lambda node: Access(node.tensor, node.indices[1], node.indices[0]),
    )


def _flipped(box: Box) -> Box:
    """Every sign between terms turned round."""
    if isinstance(box, Row):
        turn = {PLUS: MINUS, MINUS: PLUS}
        return Row(tuple(turn.get(part, part) if k else part for k, part in enumerate(box.parts)))
    return box


PRINTED: dict[str, Callable[[Any], Any]] = {
    "a term is dropped": lambda set_it: lambda e, notation: set_it(_without_a_term(e), notation),
    "a sign is flipped": lambda set_it: lambda e, notation: _flipped(set_it(e, notation)),
    "two indices are exchanged": lambda set_it: lambda e, notation: set_it(_swapped(e), notation),
    "a factor is lost": lambda set_it: lambda e, notation: set_it(e * 2, notation),
}


@pytest.mark.parametrize("what", PRINTED)
def test_a_formula_that_is_set_wrongly_is_caught(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports.lines, "expression_box", PRINTED[what](expression_box))
    with pytest.raises((Fault, AssertionError)):
        look(get("softmax_cross_entropy"))


def test_a_transpose_too_many_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = reports.lines.matrix_box

    def wrong(tree: Matrix, *others: Any) -> Box:
        return right(Transpose(tree), *others)

    monkeypatch.setattr(reports.lines, "matrix_box", wrong)
    with pytest.raises((Fault, AssertionError, ValueError)):
        look(get("dense"))


def test_a_wrong_shape_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = reports.lines.shape_box
    monkeypatch.setattr(reports.lines, "shape_box", lambda shape, notation: right(shape[::-1], notation))
    with pytest.raises(Fault, match="the shape"):
        look(get("dense"))


def test_a_wrong_shape_below_a_factor_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = MatrixSetter.under
    monkeypatch.setattr(MatrixSetter, "under", lambda self, box, *shape: right(self, box, *shape[::-1]))
    with pytest.raises(AssertionError, match="the shape below"):
        look(get("dense"))


def test_a_step_that_loses_a_term_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The running total is no longer what it was: the object behind the line is wrong itself."""
    right = reports.running.replaced

    def wrong(total: Expr, before: Expr, after: Expr) -> Expr | None:
        found = right(total, before, after)
        return None if found is None else _without_a_term(found)

    monkeypatch.setattr(reports.running, "replaced", wrong)
    with pytest.raises(Fault, match="does not hold"):
        look(get("softmax_cross_entropy"))


def test_a_line_that_is_changed_afterwards_is_caught() -> None:
    operation = get("dense")
    derivation = derive(operation)
    parts = formulas(operation, derivation)
    check = Reevaluation(derivation, notation_of(derivation))
    lines = [line for _, line in displayed(parts)]
    assert check.line(lines[0])
    for wrong in (
        replace(lines[0], right=Row((lines[0].right, Sign("plus"), lines[0].right))),
        replace(lines[0], left=lines[1].left),
        replace(lines[0], claim=None),
        replace(lines[0], claim=lines[1].claim),
    ):
        with pytest.raises(Fault):
            check.line(wrong)


def test_a_derivation_that_is_wrong_is_caught() -> None:
    """Not only the print: a result with a wrong sign is no gradient, whoever set it."""
    derivation: Derivation = derive(get("dense"))
    (first, *others) = derivation.adjoint.equations
    wrong = replace(
        derivation, adjoint=derivation.adjoint.with_(equations=(replace(first, rhs=-first.rhs), *others)), matrices={}
    )
    check = Reevaluation(wrong, notation_of(wrong))
    parts = result_blocks(wrong, notation_of(wrong))
    with pytest.raises(Fault, match="does not hold"):
        check.check([Section("Result", tuple(parts))])

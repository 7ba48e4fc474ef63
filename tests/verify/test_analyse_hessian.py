"""The Hessian analysis: enclosures of eigenvalues, verdicts, and that a wrong form or product is seen."""

from __future__ import annotations

import dataclasses
from typing import Any

import flint
import numpy as np
import pytest

from derive.nodes import Access
from derive.registry import get
from verify.analyses import hessian as module
from verify.analyses.eigenvalues import _positive_definite, smallest_eigenvalue


@pytest.mark.parametrize("spectrum", [[-3.0, 0.0, 0.0, 5.0], [0.0, 0.0, 5.0], [2.0]])
def test_the_smallest_eigenvalue_is_enclosed(spectrum: list[float]) -> None:
    true = np.array(spectrum)
    matrix = np.diag(true)
    for i in range(len(true) - 1):  # rotations by the angle of 3-4-5 keep everything rational
        turn = np.eye(len(true))
        turn[i : i + 2, i : i + 2] = [[0.6, -0.8], [0.8, 0.6]]
        matrix = turn @ matrix @ turn.T
    matrix = (matrix + matrix.T) / 2
    low, high = smallest_eigenvalue(matrix)
    assert low <= true[0] + 1e-14
    assert high >= true[0] - 1e-14
    assert high - low < 1e-11


def test_definiteness_is_a_proof() -> None:
    matrix = np.vectorize(flint.arb, otypes=[object])(np.array([[2.0, 1.0], [1.0, 2.0]]))  # eigenvalues 1 and 3
    assert _positive_definite(matrix, 0.999)
    assert not _positive_definite(matrix, 1.0)
    assert not _positive_definite(matrix, 2.5)


def test_verdicts() -> None:
    convex = module.hessian(get("softmax_regression"), wrt=["W"])
    assert convex.agrees
    assert convex.blocks[0].verdict == "positive semi-definite (convex)"
    saddle = module.hessian(get("least_squares"), wrt=["X", "W"])
    assert saddle.agrees
    assert saddle.blocks[0].verdict.startswith("not positive semi-definite: at a drawn point")
    assert [b.wrt for b in module.hessian(get("least_squares"), points=1).blocks] == [("X",), ("W",)]


def test_samples_alone_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    true = module.curvature

    def unproven(*arguments: Any) -> Any:
        return dataclasses.replace(true(*arguments), missing=Access("p"))

    monkeypatch.setattr(module, "curvature", unproven)
    report = module.hessian(get("least_squares"), wrt=["W"])
    assert report.blocks[0].verdict == "not shown to be positive semi-definite"


def test_a_wrong_form_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    true = module.curvature

    def doubled(*arguments: Any) -> Any:
        found = true(*arguments)
        *rest, last = found.program.equations
        program = found.program.with_(equations=(*rest, dataclasses.replace(last, rhs=2 * last.rhs)))
        return dataclasses.replace(found, program=program)

    assert module.hessian(get("logistic_regression"), wrt=["w"], points=1).agrees
    monkeypatch.setattr(module, "curvature", doubled)
    assert not module.hessian(get("logistic_regression"), wrt=["w"], points=1).agrees


def test_a_wrong_product_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    true = module.hessian_vector

    def wrong(*arguments: Any) -> Any:
        found = true(*arguments)
        *rest, last = found.program.equations
        program = found.program.with_(equations=(*rest, dataclasses.replace(last, rhs=last.rhs * 2)))
        return dataclasses.replace(found, program=program)

    monkeypatch.setattr(module, "hessian_vector", wrong)
    assert not module.hessian(get("logistic_regression"), wrt=["w"], points=1).agrees

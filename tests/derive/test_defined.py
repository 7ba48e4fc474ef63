"""Domains that a text does not declare and that its functions need."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from derive.registry import declare
from tests.seeds import SEED
from verify import Verdict, check_gradient, verify


def domains(text: str) -> dict[str, str]:
    program = declare(text, name="own").program
    return {t.name: " and ".join(map(str, t.domain)) for t in program.tensors.values() if t.domain}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x[n]; y = log(x)", {"x": "x[i0] > 0"}),
        ("x[n, m]; y[i] = sum(log(2 - 4*x[i, j]), j)", {"x": "x[i0, i1] < 1/2"}),
        ("x[n]; y = sqrt(x)", {"x": "x[i0] >= 0"}),
        ("x[n]; y = 1/sqrt(x - 1)", {"x": "x[i0] > 1"}),
        ("x[n], a; y[i] = x[i]**a", {"x": "x[i0] > 0"}),
        ("p[n]; L = -sum(log(p[i]) + log(1 - p[i]), i)", {"p": "p[i0] > 0 and p[i0] < 1"}),
        # declared, or guarded, or no single element, or defined everywhere: nothing is read off
        ("x > -1; y = log(x)", {"x": "x > -1"}),
        ("x[n]; y[i] = where(x[i] > 1, log(x[i]), 0)", {}),
        ("x[n]; y = log(x*x + 1)", {}),
        ("x[n]; y = sqrt(sum(x[i]*x[i], i))", {}),
        ("x[n], w[n]; y = log(x + w)", {}),
        ("x[n]; y = x**3 + 1/x", {}),
        ("x[n], p = 2.5; y = x**p", {}),
    ],
)
def test_what_a_function_needs_of_an_input(text: str, expected: dict[str, str]) -> None:
    assert domains(text) == expected


@pytest.mark.parametrize("formula", ["log(x[i])", "x[i]**x[i]", "sqrt(3 - x[i])*log(1 + x[i])"])
def test_an_operation_without_a_declared_domain_is_verified_where_it_is_defined(formula: str) -> None:
    evidence = verify(declare(f"x[n]; y[i] = {formula}", name="own"), seed=SEED)
    assert evidence.ok, str(evidence)
    assert {row.verdict for row in evidence.rows if row.witness == "taylor"} == {Verdict.AGREES}


def test_what_was_read_off_is_for_drawing_and_judges_no_given_point() -> None:
    """At -1 the slope of a root is not defined, and what an implementation says of the other elements counts."""
    root = declare("x[n]; y[i] = sqrt(x[i])", name="root")
    point = {"x": np.array([4.0, -1.0])}

    def garbage(inputs: Any, cotangents: Any) -> Any:
        return {"x": np.full(2, np.nan)}

    judged = check_gradient(root, garbage, inputs=point, cotangents={"y": np.ones(2)})
    assert judged.verdict is Verdict.WRONG_FORMULA
    stated = declare("x[n]; x >= 0; y[i] = sqrt(x[i])", name="root")
    assert check_gradient(stated, garbage, inputs=point).verdict is Verdict.OUTSIDE

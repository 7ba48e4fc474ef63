"""Steps, matrix forms, two ways to read a text, and output that does not depend on the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from derive.nodes import Access
from derive.registry import declare
from derive.reverse import derive
from tests.derive.support import derived
from tests.shares import share

# What the command line prints of the catalog is compared in tests/project; here is what it does not print.
PRINT = """
from derive.registry import get
from derive.second import hessian, jacobian
from derive.text import expression_text
for d in (jacobian(get("layer_norm"), wrt="x"), hessian(get("softmax_cross_entropy"), wrt="Z")):
    print(d)
    for s in d.steps:
        print(s.rule, s.target, expression_text(s.before), expression_text(s.after), s.because)
"""


def test_second_order_does_not_depend_on_the_hash_seed(root: Path) -> None:
    outputs = set()
    for seed in ("0", "1", "12345"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", PRINT], cwd=root, env=environment, capture_output=True, text=True, check=True
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert "P[i, j]*([j == q] - P[i, q])*[i == r]/n" in outputs.pop()


@pytest.mark.parametrize("name", share("steps"))
def test_a_step_names_only_what_is_known_by_then(name: str) -> None:
    """Inputs, intermediates, cotangents, and adjoints whose own derivation ended before; a recurrence is its own past."""
    derivation = derived(name)
    loops = [{e.target for e in (*g.starts, *g.equations, *g.ends)} for g in derivation.adjoint.groups if g.direction]
    known = {*derivation.program.tensors, *derivation.cotangents.values()}
    for step in derivation.steps:
        assert step.because
        together = next((loop for loop in loops if step.target in loop), {step.target})
        assert {a.tensor for e in (step.before, step.after) for a in e.atoms(Access)} <= known | together, step
        if step.rule == "result":
            known.add(step.target)
    assert known >= {e.target for e in derivation.equations}


@pytest.mark.parametrize("name", share("steps"))
def test_the_steps_end_in_the_equations(name: str) -> None:
    derivation = derived(name)
    ends = {(e.target, e.indices): e.rhs for e in derivation.derived}
    for equation in derivation.equations:
        assert ends.pop((equation.target, equation.indices)) == equation.rhs
    # The others were put in, or are zeros: each is said to be, and is gone.
    put_in = {s.because for s in derivation.steps if s.rule == "inline"}
    zeros = " ".join(s.because for s in derivation.steps if s.rule == "zero").split()
    for target, _ in ends:
        assert f"{target} put in" in put_in or target in zeros
        assert target not in derivation.combined.tensors


def test_an_adjoint_that_is_put_in_is_derived_first() -> None:
    derivation = derived("softmax_cross_entropy")
    assert [e.target for e in derivation.derived] == ["dP", "dZ"]
    assert [e.target for e in derivation.equations] == ["dZ"]
    rules = [(s.rule, s.target) for s in derivation.steps]
    assert rules.index(("result", "dP")) < rules.index(("chain rule", "dZ"))


def test_matrix_shorthand_equals_the_index_form() -> None:
    short = derive(declare("X[n, d], W[d, k], b[k]\nZ = X @ W + b"))
    index = derive(declare("X[n, d], W[d, k], b[k]\nZ[i, j] = sum(X[i, l]*W[l, j], l) + b[j]"))
    assert str(short) == str(index) == "dX = dZ @ W.T\ndW = X.T @ dZ\ndb = colsum(dZ)"


def test_a_file_reads_as_its_text(tmp_path: Path) -> None:
    text = "x[n]  # a comment\neps > 0; eps = 0.5\ny[i] = x[i]/(x[i] + eps)\n"
    path = tmp_path / "op.eqs"
    path.write_text(text, encoding="utf-8")
    from_file, from_text = declare(path), declare(text)
    assert from_file.program.equations == from_text.program.equations
    assert dict(from_file.program.tensors) == dict(from_text.program.tensors)

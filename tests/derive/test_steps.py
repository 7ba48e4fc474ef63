"""Steps, matrix forms, two ways to read a text, and output that does not depend on the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from derive.nodes import Access
from derive.registry import declare, get, names
from derive.reverse import derive

PRINT_ALL = """
from derive.registry import get, names
from derive.reverse import derive
from derive.text import expression_text
for name in names():
    d = derive(get(name))
    print(name, d)
    for s in d.steps:
        print(s.rule, s.target, expression_text(s.before), expression_text(s.after), s.because)
"""


@pytest.mark.slow
def test_the_output_does_not_depend_on_the_hash_seed(root: Path) -> None:
    outputs = set()
    for seed in range(5):
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        done = subprocess.run(
            [sys.executable, "-c", PRINT_ALL], cwd=root, env=environment, capture_output=True, text=True, check=True
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert "softmax dz = a*(da - rowsum(a*da))" in outputs.pop()


@pytest.mark.parametrize("name", names())
def test_steps_speak_of_known_tensors_and_end_in_the_equations(name: str) -> None:
    derivation = derive(get(name))
    # An adjoint that was put into its one reader keeps its name in the steps before that.
    known = {*derivation.combined.tensors, *derivation.adjoints.values()}
    last = {}
    for step in derivation.steps:
        assert step.because
        assert {a.tensor for e in (step.before, step.after) for a in e.atoms(Access)} <= known
        if step.rule == "result":
            last[step.target, step.indices] = step.after
    for equation in derivation.equations:
        assert last[equation.target, equation.indices] == equation.rhs


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

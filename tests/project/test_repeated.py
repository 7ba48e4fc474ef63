"""Many seeds in one process: a failure at one of them is found and named; what takes no seed is not run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.repeated import STEP

TEXT = """
import pytest
from hypothesis import given, strategies as st
from tests.seeds import SEED

def test_of_the_module():
    assert SEED != {bad}

@pytest.mark.parametrize("seed", [SEED + 1, 5])
def test_of_a_parameter(seed):
    assert seed != {bad} + 1

def test_once(tmp_path):
    (tmp_path / "made").mkdir()
"""
NONE = "def test_that_draws_nothing():\n    assert False\n"


def run(root: Path, *files: Path) -> str:
    chosen = {"BACKPROOF_TEST_SEED": "70", "BACKPROOF_TEST_REPEAT": "3", "PYTEST_ADDOPTS": "", "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.repeated", *map(str, files)]
    result = subprocess.run(
        command, env=os.environ | chosen, capture_output=True, text=True, check=False, cwd=files[0].parent
    )
    return result.stdout + result.stderr


def test_a_failure_at_one_seed_is_named(root: Path, tmp_path: Path) -> None:
    bad = 70 + 2 * STEP
    (tmp_path / "test_bad.py").write_text(TEXT.format(bad=bad), encoding="utf-8")
    (tmp_path / "test_none.py").write_text(NONE, encoding="utf-8")
    said = run(root, tmp_path / "test_bad.py", tmp_path / "test_none.py")
    assert f"fails at 1 of 3 seeds: [{bad}]" in said
    assert "2 failed, 2 passed, 1 deselected" in said, said

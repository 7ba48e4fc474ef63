"""The soak itself: other seeds each run, a line each, an end at the first failure."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from tests.seeds import VARIABLE
from tests.soak import FOLDERS, main

PASSES = "def test_it():\n    pass\n"
FAILS = "def test_it():\n    assert False, 'on purpose'\n"


@pytest.mark.parametrize(("text", "status", "lines"), [(PASSES, 0, 2), (FAILS, 1, 1)], ids=["passes", "fails"])
def test_runs_until_one_fails(
    text: str, status: int, lines: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test_one.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "")
    before = os.environ[VARIABLE]
    places = ["--out", str(tmp_path / "out"), "--log", str(tmp_path / "soak.log")]
    assert main(["--runs", "2", *places, "--", str(tmp_path / "test_one.py")]) == status
    log = (tmp_path / "soak.log").read_text(encoding="utf-8").splitlines()[1:]
    assert len(log) == lines
    assert len({line.split("seed")[1] for line in log}) == lines
    assert os.environ[VARIABLE] == before
    assert (tmp_path / "out" / "soak-failure.txt").exists() == bool(status)
    assert all(("1 passed" in line) == (not status) for line in log)
    assert all(("FAILED" in line) == bool(status) for line in log)


def test_it_goes_on_where_it_was_as_long_as_nothing_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_one.py").write_text(PASSES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "")

    log = tmp_path / "tests" / "soak.log"  # among what is run, and not a part of it

    def runs(count: int) -> list[str]:
        assert main(["--runs", str(count), "--", str(tmp_path / "tests" / "test_one.py")]) == 0
        return log.read_text(encoding="utf-8").splitlines()[1:]

    first = runs(1)
    second = runs(2)
    assert second[:1] == first
    assert len(second) == 2
    log.write_text(log.read_text(encoding="utf-8").replace("passed  seed", "FAILED  seed", 1), encoding="utf-8")
    assert not set(second) & set(runs(2)), "a run that failed is not one in a row"
    first = runs(1)
    (tmp_path / "tests" / "test_one.py").write_text(PASSES + "# changed\n", encoding="utf-8")
    assert first[0] not in runs(1)


def test_no_test_is_without_a_deadline() -> None:
    # one that hangs would never end a soak; what has to be compiled is compiled outside of the examples
    root = Path(__file__).resolve().parents[2]
    files = [file for folder in FOLDERS for file in sorted((root / folder).rglob("*.py"))]
    assert len(files) > 400
    endless = [
        f"{file.relative_to(root)}:{keyword.value.lineno}"
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "deadline" and isinstance(keyword.value, ast.Constant) and keyword.value.value is None
    ]
    assert not endless

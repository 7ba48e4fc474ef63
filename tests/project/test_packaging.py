"""What pyproject.toml asks for is what the code imports, and the make targets and the CI script hold together."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.project.test_import_direction import ORDER, imported

# Import name -> distribution, where they differ.
DISTRIBUTIONS = {"flint": "python-flint", "math_core": "math-core", "ml_dtypes": "ml-dtypes"}


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return dict(tomllib.loads((root / "pyproject.toml").read_text())["project"])


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~;\[ ]", requirement)[0].lower() for requirement in requirements}


def third_party(root: Path, part: str) -> set[str]:
    """Distributions that the files of a part import."""
    found = {name for file in (root / part).rglob("*.py") for name, _ in imported(file.read_text())}
    return {DISTRIBUTIONS.get(name, name) for name in found - {*ORDER, *sys.stdlib_module_names}}


@pytest.mark.parametrize("part", ["backproof", "derive", "numeric", "verify"])
def test_core_parts_need_core_dependencies_only(part: str, root: Path, project: dict[str, Any]) -> None:
    # PyTorch, Dask and safetensors are looked for where they are used, and done without where they are not installed
    extras = ("torch", "dask", "vectors") if part == "verify" else ()
    optional = set().union(*(names(project["optional-dependencies"][extra]) for extra in extras))
    optional |= {"pytest"} if part == "backproof" else set()  # its plugin is loaded by pytest alone
    assert third_party(root, part) - {"mpmath"} <= names(project["dependencies"]) | optional


def test_reports_need_the_extra(root: Path, project: dict[str, Any]) -> None:
    extra = names(project["optional-dependencies"]["reports"])
    used = third_party(root, "reports")
    assert used <= extra | names(project["dependencies"])
    assert {"typst", "math-core", "matplotlib"} <= extra


def test_no_dependency_is_unused(root: Path, project: dict[str, Any]) -> None:
    used = set().union(*(third_party(root, part) for part in ORDER))
    assert names(project["dependencies"]) <= used
    assert names(project["optional-dependencies"]["reports"]) <= used


def test_every_requirement_is_a_range_without_an_address(project: dict[str, Any]) -> None:
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["reports"]]:
        assert re.fullmatch(r"[a-z0-9-]+>=[0-9.]+,<[0-9.]+", requirement), requirement


def test_every_part_is_marked_typed(root: Path) -> None:
    assert all((root / part / "py.typed").is_file() for part in ORDER)


def test_make_targets_exist_and_install_first(root: Path) -> None:
    for target in ("book", "test", "check", "bench"):
        done = subprocess.run(["make", "--dry-run", "--always-make", target], cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "pip install" in done.stdout
        assert done.stdout.index("pip install") < done.stdout.rindex(".venv/bin/")


def test_an_old_python_is_refused_with_the_fix(root: Path, tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for name in ("Makefile", "pyproject.toml"):
        (tmp_path / name).write_text((root / name).read_text())
    done = subprocess.run(["make", "check", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert "3.11" in done.stdout + done.stderr
    assert "PYTHON=" in done.stdout + done.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_ci_script_runs_what_must_pass(root: Path) -> None:
    script = root / ".ci" / "run"
    assert subprocess.run(["bash", "-n", str(script)]).returncode == 0
    text = script.read_text()
    assert "set -euo pipefail" in text
    for command in ("make check", "make test", "make book"):
        assert re.search(rf"^{command}$", text, flags=re.MULTILINE)
    assert script.stat().st_mode & 0o111

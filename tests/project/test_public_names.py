"""``import backproof``: the public names, what loading them costs, and the check that the parts are ours."""

from __future__ import annotations

import os
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest

import backproof as bp
from backproof._parts import PARTS, check_parts


def python(code: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter that finds the packages of this tree."""
    given = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, env=given, capture_output=True, text=True, timeout=120)


def test_import_loads_no_heavy_library(root: Path) -> None:
    heavy = {"sympy", "numpy", "scipy", "jax", "matplotlib", "hypothesis", "rich", "typer"}
    code = f"import sys, backproof; print(sorted({heavy} & set(sys.modules)))"
    assert python(code, root).stdout.strip() == "[]"


def test_deriving_and_compiling_load_neither_jax_nor_matplotlib(root: Path) -> None:
    code = (
        "import sys, backproof as bp; bp.compile(bp.derive('dense')); "
        "print(sorted({'jax', 'matplotlib', 'typst', 'hypothesis'} & set(sys.modules)), 'numpy' in sys.modules)"
    )
    done = python(code, root)
    assert done.stdout.strip() == "[] True", done.stderr


def test_every_public_name_loads_and_is_documented() -> None:
    for name in bp.__all__:
        value = getattr(bp, name)
        assert name in dir(bp)
        if name not in ("__version__", "errors"):
            assert value.__doc__, f"bp.{name} has no docstring"
    assert {"declare", "get", "operations", "derive", "hessian", "jvp", "compile", "verify", "report"} <= set(
        bp.__all__
    )


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'derivative'"):
        attrgetter("derivative")(bp)


@pytest.mark.parametrize("part", PARTS)
def test_a_foreign_package_is_named_by_path(part: str, root: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "elsewhere" / part
    foreign.mkdir(parents=True)
    (foreign / "__init__.py").write_text("")
    code = f"import sys; sys.path[:0] = [{str(foreign.parent)!r}, {str(root)!r}]; import backproof"
    done = python(code, tmp_path)
    assert done.returncode == 1
    assert "ImportError" in done.stderr
    assert str(foreign) in done.stderr
    assert str(root / part) in done.stderr


def test_a_foreign_module_of_one_file_is_named_too(root: Path, tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_text("")
    done = python(f"import sys; sys.path.insert(1, {str(root)!r}); import backproof", tmp_path)
    assert done.returncode == 1
    assert str(tmp_path) in done.stderr


def test_a_missing_part_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="needs its part 'derive'"):
        check_parts()


def test_the_version_is_the_one_that_is_packaged(root: Path) -> None:
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert bp.__version__ == project["version"]

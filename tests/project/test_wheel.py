"""The wheel: built from this tree, installed into a fresh environment, and used from another directory."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

PACKAGES = ("backproof", "derive", "numeric", "verify", "reports")
IGNORED = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.pyc")


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left in the tree and nothing left there gets in."""
    copy = tmp_path_factory.mktemp("source")
    for package in PACKAGES:
        shutil.copytree(root / package, copy / package, ignore=IGNORED)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, copy)
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (found,) = out.glob("backproof-*-py3-none-any.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment that holds the wheel; the libraries that it needs are borrowed, so no network is used."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    python = folder / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    done = subprocess.run([*install, str(wheel)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    query = "import sysconfig; print(sysconfig.get_path('purelib'))"
    target = subprocess.run([python, "-c", query], capture_output=True, text=True, check=True).stdout.strip()
    # A .pth file inside a borrowed folder is not read, so an editable install of this tree stays unseen.
    Path(target, "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def used(environment: Path, cwd: Path, *command: str, status: int = 0) -> str:
    """Run a program of the environment, with nothing of this process's Python settings."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    program = [str(environment / "bin" / command[0]), *command[1:]]
    done = subprocess.run(program, cwd=cwd, env=clean, capture_output=True, text=True, timeout=300)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path, root: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        str(file.relative_to(root))
        for package in PACKAGES
        for file in (root / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert expected - packed == set()
    assert {name for name in packed if ".dist-info/" not in name} - expected == set()
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in packed)
    for package in PACKAGES:
        assert f"{package}/py.typed" in packed


def test_the_installed_package_is_the_one_that_runs(environment: Path, root: Path, tmp_path: Path) -> None:
    code = "import backproof, derive, numeric; print(backproof.__file__, derive.__file__, numeric.__file__)"
    for file in used(environment, tmp_path, "python", "-c", code).split():
        assert Path(file).is_relative_to(environment)
        assert not Path(file).is_relative_to(root)


def test_the_command_line_works_from_another_directory(environment: Path, tmp_path: Path) -> None:
    names = {each["name"] for each in json.loads(used(environment, tmp_path, "backproof", "list", "--json"))}
    assert {"dense", "softmax", "conv2d", "rnn"} <= names
    (tmp_path / "mine.eqs").write_text("x[n], w[n]\nL = sum(x[i]*w[i], i)**2\n")
    assert "dw" in used(environment, tmp_path, "backproof", "derive", "mine.eqs", "--wrt", "w")
    assert "def " in used(environment, tmp_path, "backproof", "code", "dense")


def test_verify_and_report_work_from_another_directory(environment: Path, tmp_path: Path) -> None:
    assert "agrees" in used(environment, tmp_path, "backproof", "verify", "sigmoid")
    used(environment, tmp_path, "backproof", "report", "sigmoid", "--out", "pages", "--formats", "pdf,html,tex,md")
    written = {file.suffix for file in (tmp_path / "pages").rglob("*") if file.stat().st_size > 500}
    assert {".pdf", ".html", ".tex", ".md"} <= written


LAYERS = """
import numpy as np

def layer_norm_backward(dout, x, gamma, eps):
    xc = x - x.mean(-1, keepdims=True)
    rstd = 1/np.sqrt(xc.var(-1, keepdims=True) + eps)
    xhat, g = xc*rstd, dout*gamma
    dx = rstd*(g - g.mean(-1, keepdims=True) - xhat*(g*xhat).mean(-1, keepdims=True))
    return {"x": dx, "gamma": (dout*xhat).sum(0), "beta": dout.sum(0)}
"""


def test_the_fixture_of_the_readme_works_in_a_fresh_project(environment: Path, root: Path, tmp_path: Path) -> None:
    (written,) = re.findall(
        r"^```python\n([^`]*gradient_oracle[^`]*)^```$", (root / "README.md").read_text(), re.MULTILINE
    )
    (tmp_path / "test_mine.py").write_text(written)
    (tmp_path / "mylayers.py").write_text(LAYERS)
    pytest_there = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--gradient-cases=2")
    assert "1 passed" in used(environment, tmp_path, *pytest_there)
    (tmp_path / "mylayers.py").write_text(LAYERS.replace(" - g.mean(-1, keepdims=True)", ""))
    told = used(environment, tmp_path, *pytest_there, status=1)
    assert "cause (x): mu is taken for a constant" in told
    assert "1 failed" in told


def test_the_readme_and_the_metadata_travel(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    text = archive.read(metadata).decode()
    assert "Requires-Python: >=3.11" in text
    assert "License-Expression: MIT" in text
    for extra in ("reports", "test"):
        assert f"Provides-Extra: {extra}" in text
    required = [line for line in text.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert not any(heavy in line for line in required for heavy in ("matplotlib", "typst", "autograd", "pytest"))
    assert "# backproof" in text

"""A new operation is one declaration in one file and one reference: the rest follows, with nothing else touched."""

from __future__ import annotations

import compileall
import json
import shutil
from pathlib import Path

import pytest

from tests.project.cli import Result, in_a_fresh_process

DECLARATION = '''"""Swish with a slope: not in the catalog."""

from derive.registry import register

register(
    "tilted_swish",
    """
    x[n, d], slope[d]
    y[i, j] = x[i, j] * sigmoid(slope[j] * x[i, j]) + x[i, j] / 4
    """,
    title="Tilted swish",
    category="activation",
    summary="a swish whose gate has a slope for each feature",
    source="made up for this test",
)
'''

REFERENCE = '''"""The independent forward of tilted_swish."""

import jax

from verify.references import reference


@reference("tilted_swish")
def tilted_swish(x, slope):
    return {"y": x * jax.nn.sigmoid(slope * x) + x / 4}
'''


@pytest.fixture(scope="module")
def tree(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages with the two new files in it."""
    copy = tmp_path_factory.mktemp("tree")
    for package in ("backproof", "derive", "numeric", "verify", "reports"):
        shutil.copytree(root / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "derive" / "catalog" / "tilted.py").write_text(DECLARATION)
    (copy / "verify" / "references" / "tilted.py").write_text(REFERENCE)
    compileall.compile_dir(copy, quiet=1)  # once for all the processes below
    return copy


def backproof(tree: Path, cwd: Path, *arguments: str) -> Result:
    """The command line of the copied tree."""
    return in_a_fresh_process(*arguments, cwd=cwd, env={"PYTHONPATH": str(tree)})


def test_list_and_show_find_it(tree: Path, tmp_path: Path) -> None:
    listed = backproof(tree, tmp_path, "list", "--json")
    assert listed.status == 0, listed.err
    (entry,) = (each for each in json.loads(listed.out) if each["name"] == "tilted_swish")
    assert entry["category"] == "activation"
    shown = backproof(tree, tmp_path, "show", "tilted_swish")
    assert "made up for this test" in shown.out
    assert "slope[d]" in shown.out


def test_derive_and_code_know_it(tree: Path, tmp_path: Path) -> None:
    derived = backproof(tree, tmp_path, "derive", "tilted_swish", "--form", "index")
    assert derived.status == 0, derived.err
    assert "dslope" in derived.out
    assert "sigmoid" in derived.out
    code = backproof(tree, tmp_path, "code", "tilted_swish")
    assert code.status == 0, code.err
    compile(code.out, "generated", "exec")


def test_verify_checks_it_against_its_reference(tree: Path, tmp_path: Path) -> None:
    verified = backproof(tree, tmp_path, "verify", "tilted_swish", "--details")
    assert verified.status == 0, verified.out + verified.err
    assert "agrees" in verified.out
    assert "jax" in verified.out.lower()


def test_report_writes_its_page(tree: Path, tmp_path: Path) -> None:
    reported = backproof(tree, tmp_path, "report", "tilted_swish", "--out", "pages", "--formats", "html,md")
    assert reported.status == 0, reported.err
    for suffix in ("html", "md"):
        pages = [file.read_text() for file in (tmp_path / "pages").rglob(f"*.{suffix}")]
        assert any("made up for this test" in page and "slope" in page for page in pages), suffix


def test_a_reference_that_says_something_else_is_caught(tree: Path, tmp_path: Path) -> None:
    """The reference is really what decides: change it, and the verdict changes."""
    wrong = tmp_path / "tree"
    shutil.copytree(tree, wrong)
    reference = wrong / "verify" / "references" / "tilted.py"
    reference.write_text(reference.read_text().replace("x / 4", "x / 2"))
    verified = backproof(wrong, tmp_path, "verify", "tilted_swish")
    assert verified.status == 1, verified.err
    assert "0 of 1" in verified.out


def test_no_file_outside_mentions_it(root: Path) -> None:
    """The name occurs nowhere in the tree but in this test."""
    packages = ("backproof", "derive", "numeric", "verify", "reports")
    files = [file for package in packages for file in (root / package).rglob("*.py")]
    assert files
    assert not [file for file in files if "tilted_swish" in file.read_text()]
    assert in_a_fresh_process("show", "tilted_swish", cwd=root).status == 2

"""The README's tour is executed: Python as doctests, console blocks as commands that print what is promised there."""

from __future__ import annotations

import doctest
import os
import re
import shlex
from pathlib import Path

import pytest

from tests.project.cli import in_process

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[tuple[str, str]]:
    """Each command of a console block with the output that it promises."""
    pieces = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(piece.split("\n", 1)[0], piece.split("\n", 1)[1]) for piece in pieces]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tour runs in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_python_examples(root: Path, name: str) -> None:
    text = (root / name).read_text()
    examples = "\n".join(blocks(text, "python"))
    test = doctest.DocTestParser().get_doctest(examples, {}, name, str(root / name), 0)
    told: list[str] = []
    results = doctest.DocTestRunner(optionflags=FLAGS, verbose=False).run(test, out=told.append)
    assert results.failed == 0, "".join(told)
    if name == "README.md":
        assert results.attempted >= 15


def test_console_examples(root: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each ``backproof`` command prints what the README says; ``cat`` shows files, ``make`` is for another test."""
    checker = doctest.OutputChecker()
    ran = 0
    for block in blocks((root / "README.md").read_text(), "console"):
        for line, expected in commands(block):
            program, *arguments = shlex.split(line)
            if program == "cat":
                (elsewhere / arguments[0]).write_text(expected)
                continue
            if program != "backproof":
                assert program in ("make", "pip"), f"the README runs {program!r}"
                continue
            result = in_process(capsys, *arguments)
            assert result.status == 0, result.err
            assert checker.check_output(expected, result.out, FLAGS), f"$ {line}\n{result.out}"
            ran += 1
    assert ran >= 3


def test_links_and_folders_exist(root: Path) -> None:
    for name in ("README.md", "CONTRIBUTING.md", "tests/README.md"):
        file = root / name
        text = file.read_text()
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (file.parent / target).exists(), f"{name} links to {target}"
        for line in text.splitlines():
            if match := re.match(r"^\| `([\w/.]+)` \|", line):
                base = root / "tests" if name.startswith("tests") else root
                assert (base / match[1]).exists(), f"{name} names {match[1]}"


def test_the_make_targets_that_are_named_exist(root: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), flags=re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md", "tests/README.md", ".ci/run"):
        for target in re.findall(r"(?:`|\$ |^)make ([a-z]+)", (root / name).read_text(), flags=re.MULTILINE):
            assert target in targets, f"{name} names make {target}"


def test_nothing_in_the_tree_needs_this_machine(root: Path) -> None:
    """No absolute home or work path in any text that is shipped."""
    for folder in ("backproof", "derive", "numeric", "verify", "reports", "tests", ".ci"):
        for file in (root / folder).rglob("*"):
            if (
                file.is_file()
                and file.suffix in (".py", ".md", ".toml", ".eqs", "")
                and "__pycache__" not in file.parts
            ):
                assert not re.search(r"/(?:work|home)/\w", file.read_text()), file
    assert os.sep == "/"

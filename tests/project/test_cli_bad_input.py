"""Every kind of bad input ends with status 2, no traceback, and a message that names cause, place and fix."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.project.cli import in_a_fresh_process, in_process

# What is wrong -> (the declaration, what the message must contain).
DECLARATIONS: dict[str, tuple[str, list[str]]] = {
    "an index with two dimensions": (
        "A[n, k], B[m, k]\ny[i, j] = A[i, j] * B[j, i]\n",
        ["line 2", "^", "index", "of A", "of B", "(k)", "(m)"],
    ),
    "an undeclared tensor": ("X[n, d]\nZ = X @ W\n", ["line 2", "^", "W", "declare"]),
    "a syntax error": ("X[n, d]\nZ = X @ @ X\n", ["line 2", "^"]),
    "a cycle": ("x[n]\na[i] = x[i] * b[i]\nb[i] = a[i] + 1\n", ["a", "b", "cycle|circle|depend"]),
    "a recurrence without start": ("x[T]\nh[t] = h[t-1] + x[t]\n", ["h", "h[-1]", "initial value", "line 2"]),
    "code in place of mathematics": ('x[n]\ny = __import__("os").system("x")\n', ["line 2", "^"]),
    "an unknown function": ("x[n]\ny = sigmoyd(x)\n", ["line 2", "^", "sigmoyd", "sigmoid"]),
    "no equation at all": ("x[n]\n", ["equation"]),
    "nothing": ("", ["equation|empty|declaration"]),
}


def assert_told(message: str, wanted: list[str]) -> None:
    assert "Traceback" not in message
    for alternatives in wanted:
        assert any(each in message for each in alternatives.split("|")), f"{alternatives!r} is not in:\n{message}"


@pytest.mark.parametrize("what", DECLARATIONS)
@pytest.mark.parametrize("command", ["derive", "code", "show"])
def test_a_bad_declaration(what: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, wanted = DECLARATIONS[what]
    file = tmp_path / "mine.eqs"
    file.write_text(text)
    result = in_process(capsys, command, str(file))
    assert result.status == 2, result
    assert result.out == ""
    assert_told(result.err, ["mine.eqs", *wanted])


@pytest.mark.parametrize("what", ["a cycle", "code in place of mathematics"])
def test_a_bad_declaration_in_a_fresh_process(what: str, tmp_path: Path) -> None:
    text, wanted = DECLARATIONS[what]
    result = in_a_fresh_process("derive", "-", cwd=tmp_path, input=text)
    assert result.status == 2
    assert_told(result.err, wanted)
    assert list(tmp_path.iterdir()) == []


HOSTILE = {
    "opened": "(" * 10_000_000,
    "opened and closed": "x[n]\ny = " + "(" * 5_000_000 + "x" + ")" * 5_000_000,
    "over many lines": "((\n" * 3_300_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_ten_megabytes_of_parentheses(text: str, tmp_path: Path) -> None:
    file = tmp_path / "deep.eqs"
    file.write_text(text)
    started = time.perf_counter()
    result = in_a_fresh_process("derive", str(file), cwd=tmp_path)
    assert result.status == 2
    assert time.perf_counter() - started < 20
    assert_told(result.err, ["deep.eqs", "characters|nested|long"])
    assert len(result.err) < 2_000, "the message must not repeat the text"


def test_an_unknown_operation_gets_suggestions(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["derive"], ["code"], ["show"], ["verify"], ["mutants"], ["report", "--out", "somewhere"]):
        result = in_process(capsys, command[0], "sofmax", *command[1:])
        assert result.status == 2
        assert_told(result.err, ["sofmax", "softmax"])
    assert not Path("somewhere").exists()


def test_an_unknown_name_for_of_or_wrt(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--of", "--wrt"):
        result = in_process(capsys, "derive", "dense", option, "Wx")
        assert result.status == 2
        assert_told(result.err, ["Wx", "dense", "W"])


def test_a_hessian_of_something_that_is_no_scalar(capsys: pytest.CaptureFixture[str]) -> None:
    result = in_process(capsys, "derive", "dense", "--of", "Z", "--wrt", "W", "--hessian")
    assert result.status == 2
    assert_told(result.err, ["Z", "scalar", "dense", "jacobian"])


def test_unknown_options_of_an_operation(capsys: pytest.CaptureFixture[str]) -> None:
    result = in_process(capsys, "derive", "mlp:activation=sigmoyd")
    assert result.status == 2
    assert_told(result.err, ["sigmoyd", "sigmoid"])
    result = in_process(capsys, "derive", "dense:activation")
    assert result.status == 2
    assert_told(result.err, ["name=value", "activation"])
    result = in_process(capsys, "derive", "dense:colour=relu")
    assert result.status == 2
    assert_told(result.err, ["colour", "dense"])


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "missing.eqs"
    result = in_process(capsys, "derive", str(missing))
    assert result.status == 2
    assert_told(result.err, [str(missing), "No such file"])
    folder = tmp_path / "folder.eqs"
    folder.mkdir()
    result = in_process(capsys, "derive", str(folder))
    assert result.status == 2
    assert_told(result.err, [str(folder), "directory"])


def test_a_file_that_is_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "binary.eqs"
    file.write_bytes(b"x[n]\n\xff\xfe\x00")
    result = in_process(capsys, "derive", str(file))
    assert result.status == 2
    assert_told(result.err, ["binary.eqs", "UTF-8"])


def test_an_output_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    started = time.perf_counter()
    for command in (
        ["report", "sigmoid", "--out", str(tmp_path / "file" / "pages")],
        ["book", "--out", str(tmp_path / "file" / "book.pdf")],
        ["book", "--out", "/proc/nowhere/book.pdf"],
        ["book", "--out", str(tmp_path / "new" / "book.pdf"), "--bibtex", str(tmp_path / "file" / "book.bib")],
    ):
        result = in_process(capsys, *command)
        assert result.status == 2, result
        assert_told(result.err, [str(Path(command[-1]).parent), f"another with {command[-2]}", "cannot write"])
    assert not (tmp_path / "new").exists()
    assert time.perf_counter() - started < 10, "it must be said before the work is done"


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["report", "sigmoid", "--out", "x", "--formats", "pdf,docx"], ["docx", "tex, pdf, html, md"]),
        (["book", "--out", "book.docx"], ["book.docx", "PDF"]),
        (["derive", "dense", "--form", "poem"], ["poem", "matrix"]),
        (["derive", "dense", "--wrt", ","], ["--wrt"]),
        (["derive"], ["NAME|FILE.eqs", "Missing argument"]),
        (["integrate", "dense"], ["integrate"]),
        (["derive", "x[n]; y = x"], ["x[n]", ".eqs"]),
        (["verify", "sigmoid", "--seed", "luck"], ["--seed", "integer"]),
        (["mutants"], ["--all", "names"]),
        (["mutants", "sigmoid", "--all"], ["--all", "names"]),
    ],
)
def test_bad_arguments(arguments: list[str], wanted: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    result = in_process(capsys, *arguments)
    assert result.status == 2, result
    assert_told(result.err, wanted)


def test_a_fault_of_our_own_is_not_called_bad_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import derive.registry

    def broken(*arguments: object, **options: object) -> object:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(derive.registry, "get", broken)
    monkeypatch.setattr("backproof.front.get", broken)
    result = in_process(capsys, "show", "dense")
    assert result.status == 70
    assert "ZeroDivisionError" in result.err
    assert "fault of backproof" in result.err

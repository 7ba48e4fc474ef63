"""Files are whole or not there; what goes wrong is said with the fix."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from derive.registry import get
from reports import book, report
from reports.engines import first_error, latex_pdf, latex_run, make_folder, typst_pdf, write_whole
from reports.errors import CompileError, EngineMissing, MissingExtra, ReportError, extra


def left_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.rglob("*"))


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "book.pdf"
    write_whole(file, b"old")
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"
    assert left_in(tmp_path) == ["book.pdf"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "book.pdf"
    write_whole(file, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ReportError, match="No space left on device"):
        write_whole(file, b"new")
    assert file.read_bytes() == b"old"
    assert left_in(tmp_path) == ["book.pdf"]


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "page.html", b"half")
    assert left_in(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for call in (
        lambda: make_folder(tmp_path / "file" / "out"),
        lambda: report([get("sigmoid")], tmp_path / "file" / "out", ("md",), evidence=False),
        lambda: book(tmp_path / "file" / "out" / "book.pdf", [get("sigmoid")], evidence=False),
    ):
        with pytest.raises(ReportError, match=r"cannot write into the folder .*file.out"):
            call()
    assert left_in(tmp_path) == ["file"]


def test_a_failing_engine_leaves_no_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rejects(*_: object) -> bytes:
        raise CompileError("typst rejected the document: no")

    monkeypatch.setattr("reports.binding.typeset.typst_pdf", rejects)
    with pytest.raises(CompileError):
        book(tmp_path / "book.pdf", [get("identity")], evidence=False)
    assert left_in(tmp_path) == []


def test_typst_says_what_it_rejects() -> None:
    with pytest.raises(CompileError, match=r"typst rejected .*unknown variable: nonsense"):
        typst_pdf('#set document(title: "x")\n#nonsense')


@pytest.mark.usefixtures("tex")
def test_tex_says_what_it_rejects() -> None:
    with pytest.raises(CompileError, match=r"(?s)pdflatex rejected .*Undefined control sequence.*nonsense"):
        latex_pdf("\\documentclass{article}\\begin{document}\n\\nonsense\n\\end{document}")


@pytest.mark.usefixtures("tex")
def test_shell_escape_is_off(tmp_path: Path) -> None:
    source = (
        "\\documentclass{article}\\begin{document}\\immediate\\write18{touch "
        + str(tmp_path / "x")
        + "}y\\end{document}"
    )
    _, log = latex_run(source)
    assert "runsystem(touch" in log
    assert "disabled" in log
    assert left_in(tmp_path) == []


def test_a_missing_engine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(EngineMissing, match=r"texlive-latex-recommended.*latexmk"):
        latex_pdf("x")


def test_an_engine_that_cannot_start_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "latexmk"
    broken.write_bytes(b"\x7fELF and no more")
    broken.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda _: str(broken))
    with pytest.raises(CompileError, match=f"cannot start {broken}: Exec format error; .* use the other engine"):
        latex_pdf("")


def test_the_first_error_of_a_log_is_found() -> None:
    assert first_error("This is pdfTeX\n! Emergency stop.\n<*> x\n\nlater\n") == "! Emergency stop.\n<*> x"


def test_unknown_engines_and_formats_are_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="there is no"):
        report([get("sigmoid")], tmp_path / "out", ("docx",))
    with pytest.raises(ReportError, match="there is no"):
        book(tmp_path / "out" / "book.pdf", engine="troff")
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("name", ["typst", "math_core", "matplotlib", "jinja2"])
def test_a_missing_library_names_the_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=rf"'{name}'.*backproof\[reports\]") as caught, extra(name):
        __import__(name)
    assert isinstance(caught.value, ModuleNotFoundError)
    assert caught.value.name == name


def test_a_library_that_fails_for_another_reason_says_its_own() -> None:
    with pytest.raises(ModuleNotFoundError, match="surely_not_there") as caught, extra("typst"):
        __import__("surely_not_there")
    assert not isinstance(caught.value, MissingExtra)


def test_importing_reports_loads_no_library_of_the_extra() -> None:
    code = "import sys, reports; print([m for m in ('typst', 'math_core', 'matplotlib', 'jinja2', 'jax') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Whatever stops a book, in whatever phase: the old file stays, nothing half-written and nobody working is left behind."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reports import engines
from reports.engines import typst_pdf
from reports.errors import CompileError, ReportError

# The command line, which says READY when the first page is to be made; or with no pages at all, so that it typesets at once.
SCRIPT = """
import os, signal, sys
if os.environ["LARGEST"]:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["LARGEST"]),)*2)
import backproof.cli as cli
import reports.binding.pages as pages
import reports.writing as writing

made = pages._made

def announced(tasks, jobs):
    print("READY", flush=True)
    yield from made(tasks, jobs)

if os.environ["PHASE"] == "making":
    pages._made = announced
else:
    writing.pages = lambda *_, **__: iter(())
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever started the tests may have ignored it
sys.argv = ["backproof", *sys.argv[1:]]
cli.main()
"""


def children(pid: int) -> list[int]:
    """The processes that descend from one."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            if parent == pid:
                found += [int(entry.name), *children(int(entry.name))]
    return found


def left(pids: list[int]) -> list[str]:
    """Those that still run a moment later; what has ended and waits to be counted does not run."""
    until = time.monotonic() + 10
    while True:
        running = []
        for pid in pids:
            try:
                state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
                running += [Path(f"/proc/{pid}/cmdline").read_text()] if state not in "ZX" else []
            except OSError:
                continue
        if not running or time.monotonic() > until:
            return running
        time.sleep(0.1)


def start(folder: Path, phase: str, *arguments: str, path: str = "", largest: str = "") -> subprocess.Popen[str]:
    """``largest`` is how many bytes a file may have; the child sets it, since a process with JAX in it should not fork."""
    (folder / "tmp").mkdir()
    environment = {
        **os.environ, "PHASE": phase, "LARGEST": largest, "TMPDIR": str(folder / "tmp"), "BACKPROOF_CACHE": str(folder / "cache"),
        "PATH": path + os.environ["PATH"],
    }  # fmt: skip
    command = [sys.executable, "-c", SCRIPT, "book", "--out", str(folder / "book.pdf"), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment)


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")


@needs_proc
def test_an_interrupt_while_pages_are_made(tmp_path: Path) -> None:
    (tmp_path / "book.pdf").write_text("an older book")
    process = start(tmp_path, "making", "lstm", "vae", "--jobs", "2")
    assert process.stdout is not None
    assert process.stdout.readline() == "READY\n"
    time.sleep(2.0)
    started = children(process.pid)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 130, errors
    assert left(started) == []
    assert errors.count("\n") == 1, errors
    assert "backproof: interrupted (0 pages were made)" in errors
    assert "book.pdf is as it was" in errors
    assert "the same command goes on from there" in errors
    assert (tmp_path / "book.pdf").read_text() == "an older book"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["book.pdf", "cache", "tmp"]
    assert list((tmp_path / "tmp").glob("backproof-*")) == []
    assert list((tmp_path / "cache").rglob(".*")) == []


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_in_a_callback_of_the_collector_is_not_lost(name: str, status: int) -> None:
    """JAX has such a callback, and Python drops whatever is raised in it."""
    script = f"""
import gc, signal, sys, time
import backproof.cli as cli

def callback(phase, _):
    if phase == "start":
        gc.callbacks.remove(callback)
        signal.raise_signal(signal.{name})
        for _ in range(1000):
            pass

def run():
    gc.callbacks.append(callback)
    gc.collect()
    print("LOST", flush=True)
    try:
        time.sleep(10)
    except KeyboardInterrupt as stop:
        return getattr(stop, "status", 130)
    return 0

signal.signal(signal.SIGINT, signal.default_int_handler)
cli.run = run
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("LOST\n", "", status)


@needs_proc
def test_processes_end_with_the_one_that_they_work_for() -> None:
    script = """
import time
from verify.processes import unordered

def work(seconds):
    print("READY", flush=True)
    time.sleep(seconds)

list(unordered(work, [60, 60], 2))
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["READY\n"] * 2
    started = children(process.pid)
    assert len(started) >= 2
    process.kill()
    process.wait()
    process.stdout.close()
    assert left(started) == []


@needs_proc
@pytest.mark.usefixtures("tex")
@pytest.mark.parametrize("end", ["interrupted", "terminated", "engine killed"])
def test_a_signal_while_tex_runs(tmp_path: Path, end: str) -> None:
    """A latexmk that hangs, with a child of its own: what ends us ends both; if somebody ends it, we say so."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "latexmk"
    program.write_text("#!/bin/sh\nsleep 600 &\necho $$ > ../../pid\nwait\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    process = start(tmp_path, "typesetting", "l2", "--engine", "latex", "--no-cache", path=f"{programs}{os.pathsep}")
    until = time.monotonic() + 200
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        if time.monotonic() > until or process.poll() is not None:
            process.kill()
            pytest.fail(f"latexmk was not started: {process.communicate()}")
        time.sleep(0.05)
    started = children(process.pid)
    assert len(started) >= 2
    if end == "engine killed":
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    else:
        process.send_signal(signal.SIGINT if end == "interrupted" else signal.SIGTERM)
    _, errors = process.communicate(timeout=200)
    assert left(started) == []
    assert not (tmp_path / "book.pdf").exists()
    assert list((tmp_path / "tmp").iterdir()) == []
    assert errors.count("\n") == 1, errors
    if end == "engine killed":
        assert process.returncode == 2
        assert "was ended from outside (signal 9)" in errors
    else:
        assert process.returncode == (130 if end == "interrupted" else 143)
        assert "interrupted (typesetting with latex): " in errors
        assert "book.pdf was not written; say it again" in errors


def test_a_large_document_is_compiled_by_a_child_that_can_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    small = typst_pdf('#set document(title: "x")\nwords')
    monkeypatch.setattr(engines, "LARGE", 0)
    assert typst_pdf('#set document(title: "x")\nwords') == small
    with pytest.raises(CompileError, match=r"typst rejected .*unknown variable: nonsense"):
        typst_pdf('#set document(title: "x")\n#nonsense')
    assert typst_pdf('#set document(title: "x")\n#"\\u{4e2d}"').startswith(b"%PDF-")  # a character that no font has


def test_a_killed_typst_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engines, "LARGE", 0)
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nkill -9 $$\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(CompileError, match=r"typst was ended from outside \(signal 9\)"):
        typst_pdf("x")


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_a_full_disk_leaves_the_old_book(tmp_path: Path) -> None:
    """No file may become larger than 60,000 bytes: what typst is given fits, and the book does not."""
    book = tmp_path / "book.pdf"
    book.write_text("an older book")
    process = start(tmp_path, "typesetting", "l2", largest="60000")
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 2, errors
    assert f"backproof: cannot write {book}: File too large" in errors
    assert errors.count("\n") == 1, errors
    assert book.read_text() == "an older book"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["book.pdf", "cache", "tmp"]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_full_temporary_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(engines, "_place", full)
    with pytest.raises(ReportError, match=r"folder for temporary files, .*No space left on device; make room .*TMPDIR"):
        typst_pdf("x")

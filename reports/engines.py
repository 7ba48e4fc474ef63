"""The programs that make PDF: found, run in a folder of their own, and their failures said in their own words."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias, cast

from reports.errors import CompileError, EngineMissing, ReportError, extra

# PDF/UA: every formula and picture has words
TYPST = {"format": "pdf", "ignore_system_fonts": True, "timestamp": 0, "pdf_standards": "ua-1"}
LARGE = 300_000  # characters: a larger document takes seconds
SECONDS = 600
Finished: TypeAlias = "subprocess.CompletedProcess[bytes]"
TEX_PACKAGES = "texlive-latex-recommended texlive-fonts-recommended lmodern latexmk"


def typst_pdf(source: str, assets: Mapping[str, bytes] | None = None) -> bytes:
    """PDF by the ``typst`` wheel, without TeX: system fonts off and the time fixed, so that equal input gives equal bytes.

    A book is compiled in a process of its own, which an interrupt can end.  Raises :class:`CompileError` with Typst's message,
    or :class:`reports.errors.MissingExtra`.

    >>> typst_pdf('#set document(title: "x")\\nwords')[:5]
    b'%PDF-'
    """
    with extra("typst"):
        import typst  # noqa: F401 - a child could not say so well that it is missing
    compiled = _typst_apart if len(source) > LARGE else _typst_here
    missing = ""
    while True:
        with _workplace() as folder:
            _place(folder, "main.typ", (_by_number(missing) + source).encode(), assets)
            try:
                return compiled(folder)
            except _Rejected as problem:
                found = _not_in_fonts(problem.message) - set(missing)
                if not found:
                    raise CompileError(f"typst rejected the document: {problem}") from None
                missing += "".join(sorted(found))  # the engine alone knows its fonts, and names what they lack


class _Rejected(Exception):
    """What Typst says of a document that it does not take."""

    def __init__(self, message: str, hints: Sequence[str]) -> None:
        super().__init__("\n".join([message, *(f"hint: {hint}" for hint in hints)]))
        self.message = message


def _typst_here(folder: Path) -> bytes:
    import typst

    try:
        return bytes(typst.compile(folder / "main.typ", root=folder, **cast(Any, TYPST)))
    except typst.TypstError as problem:
        raise _Rejected(str(getattr(problem, "message", problem)), getattr(problem, "hints", ())) from None


def _typst_apart(folder: Path) -> bytes:
    script = Path(__file__).parent / "typst" / "child.py"
    done = _run([sys.executable, "-P", str(script), str(folder), json.dumps(TYPST)], folder, dict(os.environ), "typst")
    if done.returncode == 1 and done.stdout.startswith(b"["):
        raise _Rejected(*json.loads(done.stdout))
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise CompileError(f"typst failed: {''.join(last) or f'exit status {done.returncode}'}")
    return (folder / "main.pdf").read_bytes()


def typst_query(source: str, selector: str, assets: Mapping[str, bytes] | None = None) -> list[Any]:
    """The values of the metadata with a label, as the layout has them."""
    with extra("typst"):
        import typst
    with _workplace() as folder:
        main = _place(folder, "main.typ", source.encode(), assets)
        found = json.loads(typst.query(main, selector, field="value", root=folder, ignore_system_fonts=True))
    return list(found)


def latex_pdf(source: str, assets: Mapping[str, bytes] | None = None) -> bytes:
    """PDF by latexmk and pdflatex, shell escape off.

    Raises :class:`EngineMissing` that says what to install, or :class:`CompileError` with TeX's first error.
    """
    pdf, _ = latex_run(source, assets)
    return pdf


def latex_run(source: str, assets: Mapping[str, bytes] | None = None) -> tuple[bytes, str]:
    """As :func:`latex_pdf`, with TeX's log."""
    program = shutil.which("latexmk")
    if program is None or shutil.which("pdflatex") is None:
        raise EngineMissing(
            f"the LaTeX engine needs latexmk and pdflatex, which are not installed; install them (on Debian: apt-get install "
            f"{TEX_PACKAGES}), or use the engine typst, which needs nothing"
        )
    with _workplace() as folder:
        _place(folder, "main.tex", source.encode(), assets)
        command = [program, "-norc", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error",
                   "-pdflatex=pdflatex -no-shell-escape %O %S", "main.tex"]  # fmt: skip
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1", "max_print_line": "1000"}
        done = _run(command, folder, environment, "pdflatex")
        log_file = folder / "main.log"
        log = log_file.read_text(errors="replace") if log_file.exists() else done.stdout.decode(errors="replace")
        if done.returncode or not (folder / "main.pdf").exists():
            raise CompileError(f"pdflatex rejected the document: {first_error(log)}")
        return (folder / "main.pdf").read_bytes(), log


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str], name: str) -> Finished:
    """Run an engine in a folder, in a session of its own: whatever ends us, be it Ctrl-C, ends it and all that it started.

    Raises :class:`CompileError` for an engine that cannot start, is killed or does not end.
    """
    said = [
        folder / "engine.out",
        folder / "engine.err",
    ]  # files: a pipe would be held open by what a killed engine started
    with said[0].open("wb") as output, said[1].open("wb") as errors:
        try:
            child = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                start_new_session=True,
            )  # fmt: skip
        except OSError as problem:
            raise CompileError(
                f"cannot start {command[0]}: {problem.strerror}; see that it can be run, or use the other engine"
            ) from None
    try:
        status = child.wait(timeout=SECONDS)
    except BaseException as problem:
        _end(child)
        if isinstance(problem, subprocess.TimeoutExpired):
            raise CompileError(f"{name} did not finish within {SECONDS} seconds") from None
        raise
    if status < 0:
        _end(child)
        raise CompileError(
            f"{name} was ended from outside (signal {-status}), perhaps for want of memory; nothing was written: say the "
            "same again, and the pages that were kept are not made again"
        )
    return subprocess.CompletedProcess(list(command), status, *(file.read_bytes() for file in said))


def _end(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


@contextmanager
def _workplace() -> Iterator[Path]:
    """A folder that is gone afterwards.

    Raises :class:`ReportError` where it cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="backproof-") as name:
            yield Path(name)
    except OSError as problem:
        raise ReportError(
            f"cannot write into the folder for temporary files, {tempfile.gettempdir()}: {problem.strerror}; make room there, "
            "or set TMPDIR to a folder with more of it"
        ) from None


def first_error(log: str) -> str:
    """TeX's first error with the lines below it.

    >>> first_error("x\\nmain.tex:3: Undefined control sequence.\\nl.3 \\\\foo\\n\\nmore")
    'main.tex:3: Undefined control sequence.\\nl.3 \\\\foo'
    """
    lines = log.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("!") or re.match(r"[^\s*(]*\.tex:\d+:", line):  # a log also lists the files that it opens
            block = []
            for following in lines[number : number + 8]:
                if not following.strip():
                    break
                block.append(following)
            return "\n".join(block)
    return "\n".join(lines[-5:])


def write_whole(file: Path, content: bytes, mode: int = 0o666) -> Path:
    """Write a file so that either the whole of it is there under its name, or nothing new.

    ``mode`` are its permissions, less the process's mask.

    Raises :class:`ReportError` for a folder that cannot be written.
    """
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    except OSError as problem:
        raise ReportError(
            f"cannot write into the folder {file.parent}: {problem.strerror}; choose another folder or change its permissions"
        ) from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(temporary, mode & ~_umask())
        os.replace(temporary, file)
    except BaseException as problem:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(problem, OSError):
            raise ReportError(f"cannot write {file}: {problem.strerror}") from None
        raise
    return file


def make_folder(folder: Path) -> None:
    """Make a folder and see that it can be written.

    Raises :class:`ReportError` otherwise.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise ReportError(
            f"cannot write into the folder {folder}: {problem.strerror}; choose another folder or change its permissions"
        ) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _place(folder: Path, name: str, source: bytes, assets: Mapping[str, bytes] | None) -> Path:
    for asset, content in (assets or {}).items():
        (folder / asset).write_bytes(content)
    main = folder / name
    main.write_bytes(source)
    return main


def _not_in_fonts(message: str) -> set[str]:
    """The characters that no font of the engine has, by its own message."""
    named = "".join(re.findall(r'the text `"(.*?)"` could not be displayed', message, re.DOTALL))
    return set(re.sub(r"\\u\{([0-9a-f]+)\}", lambda code: chr(int(code[1], 16)), named))


def _by_number(characters: str) -> str:
    """A rule that shows characters as their numbers, ``[U+4E2D]``, as the LaTeX writer does."""
    return "".join(f'#show "\\u{{{ord(c):x}}}": "[U+{ord(c):04X}]"\n' for c in characters)

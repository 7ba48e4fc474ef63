"""The programs that make PDF: found, run in a folder of their own, and their failures said in their own words."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from reports.errors import CompileError, EngineMissing, ReportError, extra

STANDARD = "ua-1"  # PDF/UA: every formula and picture has words
SECONDS = 600
TEX_PACKAGES = "texlive-latex-recommended texlive-fonts-recommended lmodern latexmk"


def typst_pdf(source: str, assets: Mapping[str, bytes] | None = None) -> bytes:
    """PDF by the ``typst`` wheel, without TeX: system fonts off and the time fixed, so that equal input gives equal bytes.

    Raises :class:`CompileError` with Typst's message, or :class:`reports.errors.MissingExtra`.

    >>> typst_pdf('#set document(title: "x")\\n$ a + b $'.replace("$ a + b $", "words"))[:5]
    b'%PDF-'
    """
    with extra("typst"):
        import typst
    missing = ""
    while True:
        with tempfile.TemporaryDirectory(prefix="backproof-") as folder:
            main = _place(Path(folder), "main.typ", (_by_number(missing) + source).encode(), assets)
            try:
                compiled: bytes = typst.compile(
                    main,
                    root=Path(folder),
                    format="pdf",
                    ignore_system_fonts=True,
                    timestamp=0,
                    pdf_standards=cast(Any, STANDARD),
                )
                return bytes(compiled)
            except typst.TypstError as problem:
                found = _not_in_fonts(problem) - set(missing)
                if not found:
                    raise CompileError(f"typst rejected the document: {_details(problem)}") from None
                missing += "".join(sorted(found))  # the engine alone knows its fonts, and names what they lack


def typst_query(source: str, selector: str, assets: Mapping[str, bytes] | None = None) -> list[Any]:
    """The values of the metadata with a label, as the layout has them."""
    with extra("typst"):
        import typst
    with tempfile.TemporaryDirectory(prefix="backproof-") as folder:
        main = _place(Path(folder), "main.typ", source.encode(), assets)
        found = json.loads(typst.query(main, selector, field="value", root=Path(folder), ignore_system_fonts=True))
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
    with tempfile.TemporaryDirectory(prefix="backproof-") as name:
        folder = Path(name)
        _place(folder, "main.tex", source.encode(), assets)
        command = [program, "-norc", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error",
                   "-pdflatex=pdflatex -no-shell-escape %O %S", "main.tex"]  # fmt: skip
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1", "max_print_line": "1000"}
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                capture_output=True,
                timeout=SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            raise CompileError(f"pdflatex did not finish within {SECONDS} seconds") from None
        log_file = folder / "main.log"
        log = log_file.read_text(errors="replace") if log_file.exists() else done.stdout.decode(errors="replace")
        if done.returncode or not (folder / "main.pdf").exists():
            raise CompileError(f"pdflatex rejected the document: {first_error(log)}")
        return (folder / "main.pdf").read_bytes(), log


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


def _not_in_fonts(problem: Any) -> set[str]:
    """The characters that no font of the engine has, by its own message."""
    named = "".join(re.findall(r'the text `"(.*?)"` could not be displayed', str(problem), re.DOTALL))
    return set(re.sub(r"\\u\{([0-9a-f]+)\}", lambda code: chr(int(code[1], 16)), named))


def _by_number(characters: str) -> str:
    """A rule that shows characters as their numbers, ``[U+4E2D]``, as the LaTeX writer does."""
    return "".join(f'#show "\\u{{{ord(c):x}}}": "[U+{ord(c):04X}]"\n' for c in characters)


def _details(problem: Any) -> str:
    message = str(getattr(problem, "message", problem))
    hints = [f"hint: {hint}" for hint in getattr(problem, "hints", ())]
    return "\n".join([message, *hints])

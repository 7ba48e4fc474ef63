"""A folder that is there whole or not at all: made beside its place, then put there in one step."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reports.errors import ReportError

MARK = "site.json"  # lists what we wrote, so that nothing else is ever replaced


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A new folder to fill, which takes the place of ``out`` at the end; after an error ``out`` is what it was.

    Raises :class:`ReportError` where ``out`` holds files that no site before this one wrote, or cannot be written.
    """
    out = Path(os.path.abspath(out)).resolve()
    _replaceable(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as problem:
        raise _cannot(out, problem) from None
    try:
        yield new
        names = sorted(str(file.relative_to(new).as_posix()) for file in new.rglob("*") if file.is_file())
        (new / MARK).write_text(json.dumps({"by": "backproof site", "files": names}, indent=1) + "\n", "utf-8")
        new.chmod(0o777 & ~_umask())
        _replaceable(out)  # hours may have passed
        _swap(new, out)
    except OSError as problem:
        raise _cannot(out, problem) from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _replaceable(out: Path) -> None:
    """Only what a site wrote is replaced."""
    if not out.exists():
        return
    if not out.is_dir():
        raise ReportError(f"{out} is a file; name a folder for the site")
    if not any(out.iterdir()):
        return
    try:
        known = {*json.loads((out / MARK).read_text("utf-8"))["files"], MARK}
    except (OSError, ValueError, TypeError, KeyError):
        raise ReportError(
            f"{out} has files that are not from an earlier site, and a site replaces its folder; name a folder that is "
            "empty or not there yet"
        ) from None
    for file in sorted(out.rglob("*")):
        name = file.relative_to(out).as_posix()
        if name not in known and (file.is_symlink() or not file.is_dir()):
            raise ReportError(f"{file} was not written by an earlier site, and would be lost; move it away first")


def _swap(new: Path, out: Path) -> None:
    """Put ``new`` where ``out`` is; what was there is deleted last, when the new one is in its place."""
    if not out.exists():
        os.replace(new, out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}.old.", dir=out.parent))
    try:
        os.replace(out, old)  # onto the empty folder
    except BaseException:
        old.rmdir()
        raise
    try:
        os.replace(new, out)
    except BaseException:
        os.replace(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _cannot(out: Path, problem: OSError) -> ReportError:
    return ReportError(f"cannot write the site {out}: {problem.strerror or problem}; choose another folder")

"""A folder of finished pages and PDF files by content: what is read from it is what was written, or nothing.

An entry is trusted only where it is a plain file of ours that nobody else may write, its key is the one asked for, and the
checksum at its head is that of the rest.  It holds data, never code.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from reports.engines import write_whole
from reports.errors import ReportError

HEAD = b"backproof-cache-1 "
PAGE, PDF = ".page", ".typeset"  # the suffixes of entries: pages as text, PDF as it is
DAYS = 30  # an entry that nobody asked for in this time is removed
ROOM = 256 * 2**20  # bytes for PDF files, of which a book has tens of millions; what was asked for last stays


def default_folder() -> Path:
    """Where a user's pages are kept: ``$BACKPROOF_CACHE``, else ``$XDG_CACHE_HOME/backproof`` or ``~/.cache/backproof``."""
    if own := os.environ.get("BACKPROOF_CACHE", ""):
        return Path(own)
    given = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(given) if os.path.isabs(given) else Path.home() / ".cache") / "backproof"


class Cache:
    """The pages in a folder, by key; ``None`` for a folder keeps nothing.

    A cache that cannot be written is no reason to fail: ``problem`` says why pages were not kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.problem = ""
        if folder is not None:
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as problem:
                self.problem = f"pages were not kept: cannot make the folder {folder}: {problem.strerror}"
                self.folder = None

    def read(self, key: str) -> str | None:
        """The text under a key, or ``None``: missing, damaged, not surely ours, or no key."""
        try:
            body = self.read_bytes(key, PAGE)
            return None if body is None else zlib.decompress(body).decode()
        except (ValueError, zlib.error):
            return None

    def read_bytes(self, key: str, suffix: str = PDF) -> bytes | None:
        """The bytes under a key, or ``None`` as with :meth:`read`."""
        if self.folder is None or not key:
            return None
        file = self.folder / f"{key}{suffix}"
        try:
            with open(file, "rb", opener=_plain) as stream:
                if not _ours(os.fstat(stream.fileno())):
                    return None
                content = stream.read()
            head, _, body = content.partition(b"\n")
            if head != _head(key, body):
                return None
            os.utime(file)
        except (OSError, ValueError):
            return None
        return body

    def write(self, key: str, text: str) -> None:
        """Keep a text under a key, whole or not at all; without a key nothing is kept."""
        self.write_bytes(key, zlib.compress(text.encode(), 6) if self.folder is not None else b"", PAGE)

    def write_bytes(self, key: str, body: bytes, suffix: str = PDF) -> None:
        """Keep bytes under a key, whole or not at all; without a key nothing is kept."""
        if self.folder is None or self.problem or not key:
            return
        try:
            write_whole(self.folder / f"{key}{suffix}", _head(key, body) + b"\n" + body, mode=0o600)
        except ReportError as problem:
            self.problem = f"pages were not kept: {problem}"

    def prune(self) -> None:
        """Remove entries that were not asked for in a month, and PDF files that there is no room for."""
        if self.folder is None:
            return
        oldest, room = time.time() - DAYS * 86400, ROOM
        for changed, size, file in sorted(self._entries(), reverse=True):
            room -= size if file.suffix == PDF else 0
            if changed < oldest or (file.suffix == PDF and room < 0):
                with suppress(OSError):
                    file.unlink()

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """When each was asked for last, its size, and its file."""
        assert self.folder is not None
        for file in self.folder.iterdir():
            if file.suffix in (PAGE, PDF):
                with suppress(OSError):
                    found = file.stat()
                    yield found.st_mtime, found.st_size, file


def _plain(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))


def _ours(found: os.stat_result) -> bool:
    """Whether a file is a plain one of this user that no one else may write."""
    if not stat.S_ISREG(found.st_mode):
        return False
    if not hasattr(os, "geteuid"):
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _head(key: str, body: bytes) -> bytes:
    return HEAD + hashlib.sha256(key.encode() + b"\n" + body).hexdigest().encode()

"""The same input gives the same bytes: whatever the hash seed, the number of processes, and what was kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NAMES = ("l2", "identity")
SCRIPT = """
import hashlib, sys
from pathlib import Path
from derive.registry import get
from reports import book, pages
from reports.codec import dumps

jobs, cache, *names = sys.argv[1:]
kept = Path(cache) if cache != "-" else None
operations = [get(name) for name in names]
made = list(pages(operations, jobs=int(jobs), cache=kept))
print(hashlib.sha256(dumps(tuple((page.document, page.gradients) for page in made)).encode()).hexdigest(), made[0].kept)
if kept:
    out = book(kept.parent / f"book-{jobs}.pdf", operations, cache=kept)
    print(hashlib.sha256(out.read_bytes()).hexdigest())
"""


def run(seed: str, *arguments: str) -> list[str]:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout.split()


@pytest.mark.slow
def test_pages_and_books_are_the_same_bytes(tmp_path: Path) -> None:
    """Two processes and one, in two orders of hashing, one of them with a cache; and what the cache gives back."""
    page, kept = run("1", "2", "-", *NAMES)
    assert kept == "False"
    fresh = run("2", "1", str(tmp_path / "cache"), *NAMES)
    again = run("3", "1", str(tmp_path / "cache"), *NAMES)
    assert fresh[:2] == [page, "False"]
    assert again[:2] == [page, "True"]
    assert fresh[2] == again[2]

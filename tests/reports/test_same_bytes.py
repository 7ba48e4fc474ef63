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

jobs, cache, out, *names = sys.argv[1:]
operations = [get(name) for name in names]

def say(kept):
    made = list(pages(operations, jobs=int(jobs), cache=kept))
    print(hashlib.sha256(dumps(tuple((page.document, page.gradients) for page in made)).encode()).hexdigest(), made[0].kept)

say(None if Path(cache).exists() else Path(cache))
if Path(cache).exists():
    say(Path(cache))
    print(hashlib.sha256(book(Path(out), operations, cache=Path(cache)).read_bytes()).hexdigest())
"""


def run(seed: str, *arguments: str) -> list[str]:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout.split()


@pytest.mark.slow
def test_pages_and_books_are_the_same_bytes(tmp_path: Path) -> None:
    """Made by two processes, and by one in another order of hashing; and what the cache of the first gives back to the second."""
    cache = str(tmp_path / "cache")
    page, fresh, first_kept, kept, book = run("1", "2", cache, str(tmp_path / "book-1.pdf"), *NAMES)
    assert (fresh, first_kept, kept) == ("False", page, "True")
    assert run("2", "1", cache, str(tmp_path / "book-2.pdf"), *NAMES) == [page, "False", page, "True", book]

"""The whole suite many times in a row, each time with other random seeds: ``make soak RUNS=20``.

A line for each run goes to ``tests/soak.log``: the seeds that repeat it and what pytest said last.  The first run that fails
ends it with status 1, its output in ``build/soak-failure.txt``.  Twenty runs take hours: interrupted, it goes on where it
was, as long as no other file of the tree has changed since, on another machine too.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

from tests.seeds import VARIABLE

PASSED, FAILED = "passed", "FAILED"
FOLDERS = ("backproof", "derive", "numeric", "verify", "reports", "tests")


def tree(root: Path, log: Path) -> str:
    """A digest of everything that the tests run; the log is not of it."""
    digest = hashlib.sha256()
    files = sorted(file for folder in FOLDERS for file in (root / folder).rglob("*") if "__pycache__" not in file.parts)
    for file in (*files, root / "pyproject.toml", root / "README.md"):
        if file.is_file() and file.resolve() != log.resolve():
            digest.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.soak", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--log", type=Path, default=Path("tests") / "soak.log")
    parser.add_argument("--out", type=Path, default=Path("build"), help="where the output of a run that fails goes")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    head = f"tree {tree(Path.cwd(), given.log)}, pytest {' '.join(given.pytest)}"
    before = given.log.read_text(encoding="utf-8").splitlines() if given.log.exists() else []
    done = before[1:] if before[:1] == [head] and not any(FAILED in line for line in before) else []
    (given.out / "soak-failure.txt").unlink(missing_ok=True)
    with given.log.open("a" if done else "w", encoding="utf-8", buffering=1) as log:
        if not done:
            log.write(head + "\n")
        for number in range(len(done) + 1, given.runs + 1):
            seed, hash_seed, own = (random.SystemRandom().randrange(2**31) for _ in range(3))
            seeds = {VARIABLE: str(seed), "PYTHONHASHSEED": str(hash_seed)}
            command = [sys.executable, "-m", "pytest", "-q", f"--hypothesis-seed={own}", *given.pytest]
            result = subprocess.run(command, env={**os.environ, **seeds}, capture_output=True, text=True, check=False)
            last = (result.stdout.strip().splitlines() or ["no output"])[-1]
            status = FAILED if result.returncode else PASSED
            line = f"{number:3}  {status}  seed {seed:10}  hash seed {hash_seed:10}  hypothesis seed {own:10}  {last}"
            print(line, flush=True)
            log.write(line + "\n")
            if result.returncode:
                (given.out / "soak-failure.txt").write_text(result.stdout + result.stderr, encoding="utf-8")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

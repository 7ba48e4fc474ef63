"""The whole suite many times in a row, each time with other random seeds: ``make soak RUNS=20``.

A line for each run goes to ``build/soak.log``: the seeds that repeat it and what pytest said last.  The first run that fails
ends it with status 1, its output in ``build/soak-failure.txt``.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from pathlib import Path

from tests.seeds import VARIABLE


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.soak", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("build"))
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    with (given.out / "soak.log").open("w", encoding="utf-8", buffering=1) as log:
        for number in range(1, given.runs + 1):
            seed, hash_seed, own = (random.SystemRandom().randrange(2**31) for _ in range(3))
            seeds = {VARIABLE: str(seed), "PYTHONHASHSEED": str(hash_seed)}
            command = [sys.executable, "-m", "pytest", "-q", f"--hypothesis-seed={own}", *given.pytest]
            result = subprocess.run(command, env={**os.environ, **seeds}, capture_output=True, text=True, check=False)
            last = (result.stdout.strip().splitlines() or ["no output"])[-1]
            line = f"{number:3}  seed {seed:10}  hash seed {hash_seed:10}  hypothesis seed {own:10}  {last}"
            print(line, flush=True)
            log.write(line + "\n")
            if result.returncode:
                (given.out / "soak-failure.txt").write_text(result.stdout + result.stderr, encoding="utf-8")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

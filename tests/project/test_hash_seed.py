"""The same text under any ``PYTHONHASHSEED``: everything that the command line prints about every operation."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.project.cli import in_a_fresh_process

# One process prints everything, so that a seed costs one start.
EVERYTHING = """
from backproof.cli import run
from backproof.cli.arguments import operations
assert run(["list"]) == 0
for each in operations(None):
    for form in ("matrix", "index", "steps", "latex"):
        assert run(["derive", each.name, "--form", form]) == 0
    assert run(["code", each.name]) == 0
    assert run(["show", each.name, "--json"]) == 0
"""
SEEDS = ("0", str(random.randrange(1, 2**32)))  # a process prints the whole catalog, so two of them are enough


def test_any_hash_seed_prints_the_same_text(tmp_path: Path) -> None:
    def printed(seed: str) -> str:
        result = in_a_fresh_process(cwd=tmp_path, code=EVERYTHING, env={"PYTHONHASHSEED": seed})
        assert result.status == 0, result.err
        return result.out

    with ThreadPoolExecutor(2) as pool:
        first, *others = pool.map(printed, SEEDS)
    assert len(first.splitlines()) > 500
    for seed, other in zip(SEEDS[1:], others, strict=True):
        changed = [pair for pair in zip(first.splitlines(), other.splitlines(), strict=False) if pair[0] != pair[1]]
        assert other == first, f"PYTHONHASHSEED={seed} changes {changed[:3]}"

"""The same text under any ``PYTHONHASHSEED``: everything that the command line prints about an operation."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from derive.registry import names
from tests.project.cli import in_a_fresh_process
from tests.seeds import SEED

# One process prints everything, so that a seed costs one start.
EVERYTHING = """
from backproof.cli import run
assert run(["list"]) == 0
for each in {names}:
    for form in ("matrix", "index", "steps", "latex"):
        assert run(["derive", each, "--form", form]) == 0
    assert run(["code", each]) == 0
    assert run(["show", each, "--json"]) == 0
"""
SEEDS = ("0", str(random.randrange(1, 2**32)))
SHARE = 4  # operations that a run looks at: others every time


def test_any_hash_seed_prints_the_same_text(tmp_path: Path) -> None:
    drawn = random.Random(SEED).sample(sorted(names()), SHARE)

    def printed(seed: str) -> str:
        code = EVERYTHING.replace("{names}", repr(drawn))
        result = in_a_fresh_process(cwd=tmp_path, code=code, env={"PYTHONHASHSEED": seed})
        assert result.status == 0, result.err
        return result.out

    with ThreadPoolExecutor(2) as pool:
        first, *others = pool.map(printed, SEEDS)
    assert len(first.splitlines()) > 40 * SHARE
    for seed, other in zip(SEEDS[1:], others, strict=True):
        changed = [pair for pair in zip(first.splitlines(), other.splitlines(), strict=False) if pair[0] != pair[1]]
        assert other == first, f"PYTHONHASHSEED={seed} changes {changed[:3]} of {drawn}"

"""Every claim has a test that bears its number, and no test bears a number that is no claim's."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.claims import CLAIMS


def test_every_claim_is_tested() -> None:
    named: set[str] = set()
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.name in (Path(__file__).name, "test_verdicts.py"):  # the latter has a table of all claims
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                numbers = re.match(r"test_((?:[abcd]\d+_(?:and_)?)+)", node.name)
                assert numbers, f"{path.name}: {node.name} names no claim"
                named |= set(re.findall(r"[abcd]\d+", numbers[1]))
    assert named == set(CLAIMS)

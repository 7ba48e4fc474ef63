"""What ``import backproof`` costs beside ``import sympy``."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from tests.bench.tables import Section
from tests.bench.timing import shown

STATEMENTS = {
    "pass": "pass",
    "import sympy": "import sympy",
    "import backproof": "import backproof",
    "import backproof, read and derive dense": "import backproof as bp; bp.derive('dense')",
    "import jax": "import jax",
}


def compare(quick: bool = False) -> list[Section]:
    """Wall time of fresh interpreters that take turns, less that of an empty one."""
    samples: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(2 if quick else 9):
        for name, statement in STATEMENTS.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            samples[name].append(time.perf_counter() - started)
    empty = min(samples["pass"])
    least = {name: max(min(values) - empty, 1e-6) for name, values in samples.items() if name != "pass"}
    median = {name: statistics.median(values) - empty for name, values in samples.items() if name != "pass"}
    section = Section("Import time", ["statement", "least", "median", "over import sympy"])
    for name in least:
        section.rows.append(
            [name, shown(least[name]), shown(median[name]), f"{least[name] / least['import sympy']:.2f}"]
        )
    section.summary = {
        "import backproof over import sympy": round(least["import backproof"] / least["import sympy"], 3)
    }
    return [section]

"""``python -m tests.bench [section...] [--quick] [--out DIR]``: prints tables, writes bench.md and bench.json."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from tests.bench.tables import Section

# Section -> (module, function); each is imported when it is run.
SECTIONS = {
    "import": ("imports", "compare"),
    "derive": ("derivation", "derive_all"),
    "growth": ("growth", "against_steps"),
    "speed": ("speed", "race"),
    "verify": ("verification", "rate"),
    "accuracy": ("accuracy", "errors"),
    "campaign": ("campaigns", "rates"),
    "oracle": ("oracle", "thousand"),
    "checkers": ("checkers", "side_by_side"),
    "libraries": ("libraries", "table"),
    "mistakes": ("libraries", "mistakes"),
}


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    from importlib.metadata import version

    libraries = {name: version(name) for name in ("sympy", "numpy", "scipy", "jax", "autograd")}
    return {"python": platform.python_version(), "processors": os.cpu_count(), **libraries}


def main(arguments: list[str] | None = None) -> int:
    """Run the sections that are asked for (default: all)."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="small sizes and few repeats, to see that all of it runs")
    parser.add_argument("--out", type=Path, default=Path("build"), help="where bench.md and bench.json go")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"unknown section {unknown[0]!r}; there are {', '.join(SECTIONS)}")
    done: list[Section] = []
    for name in given.sections or SECTIONS:
        module, function = SECTIONS[name]
        for section in getattr(importlib.import_module(f"tests.bench.{module}"), function)(quick=given.quick):
            print(section.markdown(), flush=True)
            done.append(section)
    given.out.mkdir(parents=True, exist_ok=True)
    about = machine()
    title = "# Benchmarks\n\n" + ", ".join(f"{name} {value}" for name, value in about.items()) + "\n"
    (given.out / "bench.md").write_text("\n".join([title, *(section.markdown() for section in done)]))
    record = {"machine": about, "sections": [section.plain() for section in done]}
    (given.out / "bench.json").write_text(json.dumps(record, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

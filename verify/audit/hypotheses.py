"""Conditions that are tried by themselves where a claim does not hold as it stands: sizes of 1, equal sizes, stated lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from sympy import Symbol

from derive.program import Program


@dataclass(frozen=True)
class Hypothesis:
    """Sizes that are held or tied, or a line that is added to the declaration, and how that is said."""

    words: str
    tied: Mapping[Symbol, Any] = field(default_factory=dict)
    line: str = ""


def of_sizes(program: Program) -> Iterator[Hypothesis]:
    """Each size 1 by itself; then each pair of sizes equal."""
    sizes = program.dimensions
    for size in sizes:
        yield Hypothesis(f"{size} = 1", {size: 1})
    for one, other in combinations(sizes, 2):
        yield Hypothesis(f"{one} = {other}", {other: one})


def read(line: str, program: Program) -> Hypothesis:
    """A stated hypothesis: about sizes (``m = 1``, ``n = k``), or a line of the language (``sum(y) == 1``, ``0 < z``).

    >>> from derive.registry import get
    >>> read("n = 1", get("dense").program).tied
    {n: 1}
    """
    known = {s.name: s for s in program.dimensions}
    match = re.fullmatch(r"\s*(\w+)\s*=\s*(\w+)\s*", line)
    if match and match[1] in known:
        value = known.get(match[2]) or (int(match[2]) if match[2].isdigit() else None)
        if value is not None:
            return Hypothesis(line.strip(), {known[match[1]]: value})
    return Hypothesis(line.strip(), line=line.strip())


__all__ = ["Hypothesis", "of_sizes", "read"]

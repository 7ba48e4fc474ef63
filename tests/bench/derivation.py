"""Seconds to derive each operation, and how long its printed gradient is."""

from __future__ import annotations

import time

import backproof as bp
from derive.reverse import forget
from tests.bench.tables import Section
from tests.bench.timing import shown


def printed_length(derivation: bp.Derivation) -> int:
    """Characters of the derived equations as they are printed, in matrix form where there is one."""
    from derive.text import equation_text, matrix_text

    lengths = []
    for equation in derivation.equations:
        matrix = derivation.matrix.get(equation.target)
        lengths.append(len(equation_text(equation) if matrix is None else f"{equation.target} = {matrix_text(matrix)}"))
    return sum(lengths)


def derive_all(quick: bool = False) -> list[Section]:
    """First derivation (SymPy's caches as they happen to be) and best of three with warm caches."""
    section = Section("Derivation", ["operation", "first", "again", "equations", "steps", "characters"])
    worst = 0.0
    for operation in bp.operations():
        if quick and operation.name not in ("sigmoid", "dense", "layer_norm", "rnn"):
            continue
        seconds = []
        for _ in range(1 if quick else 4):
            started = time.perf_counter()
            forget()
            derivation = bp.derive(operation)
            seconds.append(time.perf_counter() - started)
        worst = max(worst, seconds[0])
        section.rows.append(
            [
                operation.name,
                shown(seconds[0]),
                shown(min(seconds)),
                len(derivation.equations),
                len(derivation.steps),
                printed_length(derivation),
            ]
        )
    section.summary = {"slowest first derivation": shown(worst)}
    return [section]

"""Where gradients lose digits: ours, JAX's and PyTorch's against ball enclosures over the whole range of a float type."""

from __future__ import annotations

from itertools import groupby

import backproof as bp
from tests.bench.tables import Section
from verify.accuracy import Accuracy, Errors, accuracy

SEED = 2024
LIMIT = 1000.0
ROWS = ("softmax", "log_softmax", "softmin", "softmax_cross_entropy", "layer_norm", "rms_norm")
"""Measured beside the elementwise operations: their elements see a whole row."""


def errors(quick: bool = False) -> list[Section]:
    """Two tables: the largest errors of all that is measured, and where anybody is off by more than 1,000 ULP."""
    worst = Section(
        "Largest error, ULP over the condition number (and false zeros)",
        ["operation", "dtype", "backproof", "jax", "torch"],
        note="Magnitudes of the inputs from 2^-1000 to 2^1000 (float64), 2^-120 to 2^120 (float32); JAX on the reference.",
    )
    off = Section(
        f"Off by more than {LIMIT:,.0f} ULP over the condition number",
        ["operation", "dtype", "library", "inputs of magnitude", "error", "got", "where it is"],
    )
    for operation in bp.operations():
        if not (operation.category in ("activation", "loss") or operation.name in ROWS):
            continue
        if quick and operation.name not in ("sigmoid", "relu"):
            continue
        for dtype in ("float64", "float32"):
            found = accuracy(operation, dtype=dtype, seed=SEED)
            cells = [_cell(found.worst(who)) if who in found.implementations else "" for who in worst.head[2:]]
            worst.rows.append([operation.name, dtype, *cells])
            off.rows += [[operation.name, dtype, *row] for who in found.implementations for row in regions(found, who)]
    for who in worst.head[2:]:
        names = {row[0] for row in off.rows if row[2] == who}
        off.summary[f"operations off somewhere, {who}"] = len(names)
    return [worst, off]


def regions(found: Accuracy, who: str) -> list[list[str]]:
    """Neighbouring bands in which an implementation is off, each with its worst element."""
    rows = []
    for bad, bands in groupby(found.bands, key=lambda band: band.errors[who].excess > LIMIT):
        some = list(bands)
        if bad:
            top = max((band.errors[who] for band in some), key=lambda each: each.excess)
            ends = f"2^{some[0].exponent} to 2^{some[-1].exponent + 1}"
            rows.append([who, ends, f"{top.excess:.1g}", f"{top.got:.3g}", f"{top.expected:.3g}"])
    return rows


def _cell(found: Errors) -> str:
    return f"{found.excess:.2g}" + (f" ({found.false_zeros})" if found.false_zeros else "")

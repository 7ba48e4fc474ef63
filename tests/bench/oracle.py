"""``bp.check`` of a NumPy layer norm over 1,000 cases, beside ``check_grads`` and ``gradcheck`` of the same function."""

from __future__ import annotations

import time
from contextlib import suppress
from itertools import count
from typing import Any

import numpy as np

import backproof as bp
from tests.bench.campaigns import ROOM, SEED, SIZES, Call, cases, check_grads, gradcheck
from tests.bench.tables import Section
from tests.bench.timing import interleaved
from verify.campaign.batches import context
from verify.campaign.drawing import stack
from verify.campaign.plan import Batch, Subject

NAME = "layer_norm"


def backward(dout: Any, x: Any, gamma: Any, eps: Any) -> dict[str, Any]:
    """The backward pass that everybody writes."""
    centred = x - x.mean(-1, keepdims=True)
    r = 1 / np.sqrt(centred.var(-1, keepdims=True) + eps)
    xhat, g = centred * r, dout * gamma
    dx = r * (g - g.mean(-1, keepdims=True) - xhat * (g * xhat).mean(-1, keepdims=True))
    return {"x": dx, "gamma": (dout * xhat).sum(0), "beta": dout.sum(0)}


def thousand(quick: bool = False) -> list[Section]:
    """The oracle over all strata with verdict and protocol; the others at ordinary inputs."""
    strata = (
        len([row for row in bp.check(backward, NAME, seed=1, cases=5).evidence.rows if row.witness == "batches"]) // 3
    )
    each = 10 if quick else -(-1000 // strata)
    seeds = count(2)
    seconds = []
    for _ in range(1 if quick else 3):
        start = time.perf_counter()
        assert bp.check(backward, NAME, seed=next(seeds), cases=each).ok
        seconds.append(time.perf_counter() - start)
    calls = _others()
    times = interleaved(calls, rounds=2 if quick else 7, seconds=0.1, limit=25.0)
    section = Section(
        f"The oracle on a NumPy layer norm, {each * strata} cases over {strata} strata, after imports",
        ["judge", "seconds", "cases a second", "oracle over it"],
        note="*oracle*: `bp.check` from the call to the verdict, all included; *check_grads* of the jitted reference.",
    )
    mine = each * strata / min(seconds)
    section.rows.append(["oracle", f"{min(seconds):.1f}", f"{mine:.0f}", ""])
    for name, at in times.items():
        rate = 1 / at.least
        section.rows.append([name, f"{each * strata / rate:.1f}", f"{rate:.0f}", f"{mine / rate:.1f}"])
        section.summary[f"oracle over {name}"] = round(mine / rate, 1)
    section.summary["seconds"] = round(min(seconds), 1)
    return [section]


def _others() -> dict[str, Call]:
    known = context(Subject.of(bp.get(NAME)))
    sizes = {symbol: SIZES[NAME][str(symbol)] for symbol in bp.get(NAME).program.dimensions}
    stacked = stack(known.derivation, Batch(NAME, "ordinary", 0, SEED, 0, ROOM, ROOM), sizes)
    calls = {"check_grads": check_grads(NAME, known.derivation.wrt, cases(stacked))}
    with suppress(ModuleNotFoundError):
        calls["gradcheck"] = gradcheck(NAME, known.derivation.wrt, cases(stacked))
    return calls

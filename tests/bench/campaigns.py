"""Cases a second of a campaign's batches beside ``jax.test_util.check_grads`` and ``torch.autograd.gradcheck``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import count, cycle
from pathlib import Path
from typing import Any

import numpy as np

import backproof as bp
from tests.bench.tables import Section
from tests.bench.timing import interleaved
from verify import references
from verify.campaign import campaign
from verify.campaign.batches import context, run_batch
from verify.campaign.drawing import single, stack
from verify.campaign.plan import Batch, Subject
from verify.sampling import Case
from verify.verdicts import Verdict

Call = Callable[[], Any]
SEED = 2024
ROOM = 256
SIZES: dict[str, dict[str, int]] = {
    "sigmoid": {"batch": 20},
    "dense": {"n": 4, "d": 5, "k": 3},
    "softmax_cross_entropy": {"n": 4, "k": 5},
    "layer_norm": {"batch": 4, "d": 8},
    "rnn": {"T": 5, "n": 2, "d": 3, "m": 4, "o": 2},
}


def largest_child() -> int:
    """The most memory that a process of ours that is still there has had, in KiB; 0 where there is no /proc."""
    peaks = [0]
    for file in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            lines = (line.split() for line in file.read_text().splitlines())
            status = {words[0]: words[1] for words in lines if len(words) > 1}
            if status["PPid:"] == str(os.getpid()):
                peaks.append(int(status.get("VmHWM:", "0")))
    return max(peaks)


def rates(quick: bool = False) -> list[Section]:
    """Every judge on the same ordinary inputs, taking turns; then the whole catalog at 1,000 cases an operation."""
    section = Section(
        "Campaign batches, cases a second (above 1: the campaign is faster)",
        ["operation", "sizes", "campaign", "check_grads", "gradcheck", "over check_grads", "over gradcheck"],
        note=(
            "float64, ordinary inputs, one process. *campaign*: a batch of 256 cases from its random draw to its line in "
            "the log, with the whole gradient compared; *check_grads* in mode rev, of the jitted reference; *gradcheck* "
            "as it is by default (slow mode). Least of interleaved rounds."
        ),
    )
    for name, wanted in SIZES.items():
        if quick and name not in ("sigmoid", "dense"):
            continue
        calls = judges(name, wanted)
        times = interleaved(calls, rounds=3 if quick else 9, seconds=0.1, limit=25.0)
        speed = {judge: (ROOM if judge == "campaign" else 1) / at.least for judge, at in times.items()}
        row = [f"{speed['campaign']:.0f}"]
        row += [f"{speed[other]:.0f}" if other in speed else "not installed" for other in ("check_grads", "gradcheck")]
        for other in ("check_grads", "gradcheck"):
            if other in speed:
                section.summary[f"{name}: campaign over {other}"] = round(speed["campaign"] / speed[other], 1)
            row.append(f"{speed['campaign'] / speed[other]:.0f}" if other in speed else "")
        section.rows.append([name, "x".join(map(str, wanted.values())), *row])
    return [section, whole_catalog(quick)]


def judges(name: str, wanted: Mapping[str, int]) -> dict[str, Call]:
    """The judges of an operation at these sizes, each ready to judge its next case or batch."""
    operation = bp.get(name)
    subject = Subject.of(operation)
    known = context(subject)
    sizes = {symbol: wanted[str(symbol)] for symbol in operation.program.dimensions}
    known.sizes[SEED, 0] = {**sizes, **operation.program.integers}
    first = Batch(name, "ordinary", 0, SEED, 0, ROOM, ROOM)
    stacked = stack(known.derivation, first, known.sizes[SEED, 0])
    wrt = known.derivation.wrt
    batches = (Batch(name, "ordinary", 0, SEED, index, ROOM, ROOM) for index in count())

    def judged() -> None:
        line = run_batch(subject, next(batches))
        assert line["verdict"] == "agrees", line
        assert all(each["undecided"] == 0 for each in line["arguments"].values()), line

    calls = {"campaign": judged, "check_grads": check_grads(name, wrt, cases(stacked))}
    with suppress(ModuleNotFoundError):
        calls["gradcheck"] = gradcheck(name, wrt, cases(stacked))
    return calls


def cases(stacked: Case) -> Iterator[Case]:
    """The cases of a batch, over and over."""
    return cycle([single(stacked, number) for number in range(ROOM)])


def check_grads(name: str, wrt: tuple[str, ...], given: Iterator[Case]) -> Call:
    """JAX's own check of the reference, compiled beforehand."""
    import jax
    from jax.test_util import check_grads as check

    reference = references.find(name)
    assert reference is not None
    options = bp.get(name).options

    @jax.jit
    def forward(moving: Any, fixed: Any) -> Any:
        return reference(**moving, **fixed, **options)

    def judged() -> None:
        case = next(given)
        with jax.enable_x64(True):
            arrays = {key: np.array(value) for key, value in case.inputs.items()}
            moving = {key: arrays.pop(key) for key in wrt}
            check(lambda moving: forward(moving, arrays), (moving,), order=1, modes=("rev",), rtol=1e-4, atol=1e-4)

    return judged


def gradcheck(name: str, wrt: tuple[str, ...], given: Iterator[Case]) -> Call:
    """PyTorch's own check of the same forward."""
    import torch

    forward = torch_forwards()[name]

    def judged() -> None:
        arrays = {key: torch.tensor(value) for key, value in next(given).inputs.items()}
        moving = [arrays[key].requires_grad_() for key in wrt]
        assert torch.autograd.gradcheck(
            lambda *values: forward(**{**arrays, **dict(zip(wrt, values, strict=True))}), moving
        )

    return judged


def torch_forwards() -> dict[str, Callable[..., Any]]:
    """The forwards as PyTorch has them."""
    import torch
    from torch.nn import functional as F

    def rnn(X: Any, h0: Any, W_xh: Any, W_hh: Any, b_h: Any, W_hy: Any, b_y: Any) -> Any:
        h, states = h0, []
        for x in X:
            h = torch.tanh(x @ W_xh + h @ W_hh + b_h)
            states.append(h @ W_hy + b_y)
        return torch.stack(states)

    return {
        "sigmoid": lambda z: torch.sigmoid(z),
        "dense": lambda X, W, b: X @ W + b,
        "softmax_cross_entropy": lambda Z, Y: -(Y * F.log_softmax(Z, dim=1)).sum(dim=1).mean(),
        "layer_norm": lambda x, gamma, beta, eps: F.layer_norm(x, x.shape[-1:], gamma, beta, float(eps)),
        "rnn": rnn,
    }


def whole_catalog(quick: bool = False) -> Section:
    """1,000 cases an operation over all strata on two processes, from their start to the verdicts."""
    operations = [bp.get("sigmoid"), bp.get("relu")] if quick else list(bp.operations())
    started = time.perf_counter()
    result = campaign(operations, 1000 * len(operations), jobs=2, seed=SEED)
    seconds = time.perf_counter() - started
    assert not result.verdict.faulty, str(result)
    open_ = sorted({row.operation for row in result.rows if row.verdict is Verdict.CANNOT_DECIDE})
    largest = largest_child()
    elements, undecided = (sum(row.counts[key] for row in result.rows) for key in ("elements", "undecided"))
    return Section(
        "Campaign over the catalog, 1,000 cases an operation, all strata, two processes",
        [
            "operations",
            "cases",
            "seconds",
            "seconds an operation",
            "largest process, MiB",
            "undecided elements",
            "cannot decide",
        ],
        [
            [
                str(len(operations)),
                str(result.cases),
                f"{seconds:.1f}",
                f"{seconds / len(operations):.2f}",
                f"{largest / 1024:.0f}",
                f"{undecided} of {elements}",
                ", ".join(open_),
            ]
        ],
        {"cases in all": result.cases, "seconds an operation": round(seconds / len(operations), 2)},
        "Starting the processes, deriving and compiling included. Undecided: JAX lost the digits, not settled by balls.",
    )

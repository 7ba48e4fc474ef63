"""``analyse NAME hypergradient``: run in NumPy, and compared with a central difference in ball arithmetic and with JAX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.analyses.hypergradient import Hypergradient
from derive.analyses.hypergradient import hypergradient as derived
from derive.operation import Operation
from derive.program import Program
from derive.text import equation_text
from numeric import compile
from numeric.exact import Exact
from verify.sampling import sample

_STEP = 2.0**-60
_BITS = 400


@dataclass(frozen=True)
class Entry:
    """One hyper-parameter: its tangent, the largest entry after the last step, and the largest errors there."""

    found: Hypergradient
    largest: float
    numpy_error: float
    jax_error: float | None


@dataclass(frozen=True)
class HypergradientReport:
    """The derivative of what a recurrence ends with in each hyper-parameter."""

    name: str
    steps: int
    entries: tuple[Entry, ...]

    @property
    def agrees(self) -> bool:
        """Whether NumPy's and JAX's values are within 1e-9 of the enclosed ones."""
        return all(e.numpy_error < 1e-9 and (e.jax_error or 0.0) < 1e-9 for e in self.entries)

    def __str__(self) -> str:
        lines = []
        for entry in self.entries:
            lines += [f"d {entry.found.of}/d {entry.found.hyper}, gradients given"]
            lines += [f"  {line}" for line in str(entry.found).splitlines()]
            if entry.found.closed is not None:
                lines += [f"  closed form: {equation_text(entry.found.closed)}"]
            jax = "no reference" if entry.jax_error is None else f"JAX off by {entry.jax_error:.1e}"
            lines += [
                f"  after {self.steps} steps: at most {entry.largest:.4g}; relative to ball arithmetic NumPy is off by "
                f"{entry.numpy_error:.1e}, {jax}"
            ]
        return "\n".join(lines)

    def plain(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "steps": self.steps,
            "agrees": self.agrees,
            "hypers": [
                {
                    "hyper": e.found.hyper,
                    "of": e.found.of,
                    "tangent": e.found.tangent,
                    "equations": str(e.found).splitlines(),
                    "closed": None if e.found.closed is None else equation_text(e.found.closed),
                    "numpy_error": e.numpy_error,
                    "jax_error": e.jax_error,
                }
                for e in self.entries
            ],
        }


def hypergradient(
    operation: Operation, of: str | None = None, wrt: Sequence[str] | None = None, *, seed: int = 0
) -> HypergradientReport:
    """The derivative of what an optimizer ends with in its hyper-parameters, the gradients given as data.

    The derived tangent is run in NumPy at a drawn point; the truth is a central difference of the declared recurrence
    with a step of 2^-60 in 400 bits, and where the operation has a reference JAX differentiates that too.  Errors and
    source as in :func:`derive.analyses.hypergradient.hypergradient`.

    >>> from derive.registry import get
    >>> hypergradient(get("adam"), wrt=["alpha"]).agrees
    True
    """
    found = derived(operation, of, wrt)
    program = operation.program
    inputs = sample(program, seed, pattern="descending").arguments()
    steps = 0
    entries = []
    for each in found:
        truth = _truth(program, each, inputs)
        steps = truth.shape[0]
        got = np.asarray(compile(each.program).forward(**inputs)[each.tangent])
        scale = float(np.abs(truth[-1]).max()) or 1.0
        error = float(np.abs(got - truth)[-1].max()) / scale
        entries.append(Entry(each, scale, error, _by_jax(operation, each, inputs, truth, scale)))
    return HypergradientReport(operation.name, steps, tuple(entries))


def _truth(program: Program, each: Hypergradient, inputs: dict[str, Any]) -> Any:
    key = (each.hyper, ())
    up, down = (Exact(program, inputs, bits=_BITS, perturb={key: h}).array(each.of) for h in (_STEP, -_STEP))
    return np.vectorize(float, otypes=[float])((up - down) / (2 * _STEP))


def _by_jax(
    operation: Operation, each: Hypergradient, inputs: dict[str, Any], truth: Any, scale: float
) -> float | None:
    import jax

    from verify.references import find

    forward = find(operation.name)
    if forward is None:
        return None

    def after(value: Any) -> Any:
        return forward(**{**inputs, each.hyper: value})[each.of]

    with jax.enable_x64(True):
        got = jax.jit(jax.jacrev(after))(np.float64(inputs[each.hyper]))
    return float(np.abs(np.asarray(got) - truth)[-1].max()) / scale

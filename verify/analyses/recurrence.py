"""``analyse NAME recurrence``: Jacobians through time, their bound, and vanishing and exploding gradients, measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.analyses.through_time import ThroughTime, through_time
from derive.operation import Operation
from derive.text import expression_text
from numeric import compile
from verify.analyses import AnalysisError
from verify.sizes import extent_value

RADII = (0.5, 1.0, 1.5)
STEPS = 20
WIDTH = 8


@dataclass(frozen=True)
class Regime:
    """One spectral radius: the norm of the weights, and the norm of the gradient after 0, 1, ... steps backwards."""

    radius: float
    norm: float
    norms: tuple[float, ...]
    product_error: float
    bounded: bool

    @property
    def rate(self) -> float:
        """The factor per step over the second half."""
        half = len(self.norms) // 2
        first, last = self.norms[half], self.norms[-1]
        return float((last / first) ** (1 / (len(self.norms) - 1 - half))) if first and last else 0.0


@dataclass(frozen=True)
class RecurrenceReport:
    """The Jacobian of one step, its bound, and three measured regimes."""

    name: str
    found: ThroughTime
    regimes: tuple[Regime, ...]

    @property
    def agrees(self) -> bool:
        """Whether gradients are the product of the derived Jacobians to 1e-10, and never exceed the bound."""
        return all(r.product_error < 1e-10 and r.bounded for r in self.regimes)

    def __str__(self) -> str:
        found = self.found
        lines = [f"one step of {self.name}, derived", f"  {found.derivation}"]
        if found.largest is None:
            lines += ["  no bound: the step is no elementwise slope times one matrix of weights"]
        else:
            sup, norm = expression_text(found.largest), f"||{found.weight}||"
            bound = norm if found.largest == 1 else f"{sup}*{norm}"
            lines += [
                f"  sup |f'| = {sup}, so over k steps the Jacobian has a norm of at most ({bound})**k:",
                f"  where {bound} < 1 gradients vanish; above 1 they may explode, and need not",
            ]
        for r in self.regimes:
            marks = ", ".join(f"{r.norms[k]:.3g}" for k in (0, len(r.norms) // 2, len(r.norms) - 1))
            lines += [
                f"spectral radius {r.radius:.1f}, norm {r.norm:.2f}: gradient after 0, {len(r.norms) // 2}, "
                f"{len(r.norms) - 1} steps back {marks}; a factor of {r.rate:.3f} a step"
            ]
        if self.regimes:
            worst = max(r.product_error for r in self.regimes)
            lines += [
                f"compiled gradients are the product of the derived Jacobians (off by {worst:.1e}), within the bound: "
                + ("yes" if self.agrees else "NO")
            ]
        return "\n".join(lines)

    def plain(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "jacobian": str(self.found.derivation),
            "weight": self.found.weight,
            "largest slope": None if self.found.largest is None else expression_text(self.found.largest),
            "regimes": [
                {"radius": r.radius, "norm": r.norm, "gradients": list(r.norms), "rate": r.rate} for r in self.regimes
            ],
            "agrees": self.agrees,
        }


def recurrence(operation: Operation, *, seed: int = 0) -> RecurrenceReport:
    """The Jacobian ``d h[t]/d h[t - 1]``, the bound of a product of them, and gradients at three spectral radii.

    The compiled layer runs near its rest state (inputs and biases 0, a small start, so that slopes are those at the
    start); the error of the last state is sent back through 20 steps by the derived one-step Jacobians.  At every step
    its norm must obey the bound, and at the start it must be the gradient that the compiled layer gives.  Source and
    errors as in :func:`derive.analyses.through_time.through_time`; :class:`AnalysisError` where the recurrent weights
    are no square matrix.

    >>> from derive.registry import get
    >>> report = recurrence(get("rnn"))
    >>> report.agrees, [round(r.rate, 1) for r in report.regimes]
    (True, [0.5, 1.0, 1.5])
    """
    found = through_time(operation)
    if found.weight is None or found.start is None:
        return RecurrenceReport(operation.name, found, ())
    shape = operation.program.tensors[found.weight].shape
    if shape[0] != shape[1]:
        raise AnalysisError(f"{operation.name}: the recurrent weights {found.weight} must be square, got {shape}")
    rng = np.random.default_rng(seed)
    base = rng.standard_normal((WIDTH, WIDTH))
    base /= np.abs(np.linalg.eigvals(base)).max()
    return RecurrenceReport(operation.name, found, tuple(_regime(operation, found, base * r, r, rng) for r in RADII))


def _regime(
    operation: Operation, found: ThroughTime, weights: NDArray[Any], radius: float, rng: np.random.Generator
) -> Regime:
    program = operation.program.with_(outputs=(found.state,))
    # Axes of size 1, but for the state's and time.
    sizes = dict.fromkeys(program.dimensions, 1)
    sizes[program.tensors[str(found.weight)].shape[0]] = WIDTH
    sizes |= dict(program.integers)
    inputs: dict[str, Any] = {}
    for tensor in program.inputs:
        size = dict(sizes) | {found.step.extent: STEPS}
        if tensor.rank or tensor.default is None:
            inputs[tensor.name] = np.zeros([extent_value(n, size) for n in tensor.shape])
    assert found.weight is not None
    assert found.start is not None
    inputs[found.weight] = weights
    inputs[found.start] = 1e-9 * np.abs(rng.standard_normal(inputs[found.start].shape))
    states = compile(program).forward(**inputs)[found.state]
    jacobian = compile(_with_output(found)).forward
    (target,) = found.derivation.gradients.values()
    cotangent = rng.standard_normal(states[-1].shape)
    cotangent /= np.linalg.norm(cotangent)
    back, norms = cotangent.reshape(-1), [1.0]
    ((_, last),) = found.step.states.items()
    given = {t.name for t in _with_output(found).inputs}
    bounded = True
    assert found.largest is not None
    bound = float(found.largest) * float(np.linalg.norm(weights, 2))
    for t in range(STEPS - 1, -1, -1):
        at = {n: (v[t] if n in found.step.driven else v) for n, v in inputs.items() if n in given}
        at[last] = states[t - 1] if t else inputs[found.start]
        one = np.asarray(jacobian(**at)[target]).reshape(back.size, back.size)
        back = back @ one
        norms.append(float(np.linalg.norm(back)))
        bounded = bounded and norms[-1] <= bound ** len(norms[1:]) * (1 + 1e-9)
    seeds = np.zeros_like(states)
    seeds[-1] = cotangent
    through = compile(program, wrt=found.start).vjp(inputs, {found.state: seeds})[found.start].reshape(-1)
    error = float(np.abs(through - back).max() / max(float(np.abs(through).max()), 1e-300))
    return Regime(radius, float(np.linalg.norm(weights, 2)), tuple(norms), error, bounded)


def _with_output(found: ThroughTime) -> Any:
    return replace(found.derivation.combined, name="one_step_jacobian")


__all__ = ["RecurrenceReport", "Regime", "recurrence"]

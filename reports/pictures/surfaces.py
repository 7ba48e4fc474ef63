"""Loss surfaces in two parameters, and optimizers that walk on them.

A surface is declared as every operation is; its gradient is derived.  An optimizer of the catalog is run by its own generated
code: before each step the gradient is taken where the parameters are by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import numeric
from derive.derivation import Derivation
from derive.operation import Operation
from derive.program import Program, Tensor
from derive.registry import declare
from derive.reverse import derive
from numeric import Function
from reports.settings import SEED

Array = NDArray[Any]
STEPS = 40
RATES = tuple(float(f"{rate:.2g}") for rate in 10.0 ** np.arange(-2.5, 0.6, 0.25))
NOISE, SAMPLES = 0.5, 4


@dataclass(frozen=True)
class Surface:
    """A loss of two parameters: its declaration, where walks start, where it is least, and what of it is shown."""

    name: str
    words: str
    text: str
    start: tuple[float, float]
    least: tuple[float, float]
    window: tuple[float, float, float, float]  # left, right, bottom, top

    @property
    def function(self) -> tuple[Derivation, Function]:
        return _generated(self.name, self.text)

    def loss(self, points: Array) -> Array:
        """The loss at points, the last axis of which holds both parameters."""
        _, function = self.function
        value: Array = function.forward(x=points[..., 0], y=points[..., 1])["L"]
        return value

    def gradient(self, points: Array) -> Array:
        """The derived gradient at points."""
        _, function = self.function
        found = function.vjp({"x": points[..., 0], "y": points[..., 1]}, {"L": np.ones(points.shape[:-1])})
        return np.stack([found["x"], found["y"]], axis=-1)


@cache
def _generated(name: str, text: str) -> tuple[Derivation, Function]:
    derivation = derive(declare(text, name=name))
    return derivation, numeric.compile(derivation)


SURFACES = (
    Surface(
        "quadratic", "a quadratic of condition 20", "x[...], y[...]\nL = (x**2 + 20*y**2)/2",
        (-3.6, 1.1), (0.0, 0.0), (-4.3, 1.7, -1.7, 1.7),
    ),
    Surface(
        "valley", "a curved valley", "x[...], y[...]\nL = (1 - x)**2 + 5*(y - x**2)**2",
        (-1.3, 2.2), (1.0, 1.0), (-1.9, 1.9, -0.7, 2.9),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Walker:
    """The parts of an optimizer: its gradients, its first parameters, the parameters, and where gradients are taken."""

    program: Program
    gradients: str
    start: str
    parameters: str
    taken: str
    rate: str | None
    samples: int  # axes that the gradients have beside time and those of the parameters

    @classmethod
    def of(cls, operation: Operation) -> Walker | None:
        """``None`` for what is no recurrence of parameters driven by gradients.

        An output beside the parameters, of their shape, is where the next gradient is taken: a point that looks ahead.

        >>> from derive.registry import get
        >>> [(w.parameters, w.taken, w.rate) if (w := Walker.of(get(n))) else w for n in ("adam", "nesterov_lookahead", "rnn")]
        [('theta', 'theta', 'alpha'), ('theta', 'phi', 'alpha'), None]
        """
        program = operation.program
        given = [t for t in program.inputs if t.role == "input"]
        if len(given) != 2 or any(t.integer for t in given) or not 1 <= len(program.outputs) <= 2:
            return None
        for output in (program.tensors[name] for name in program.outputs):
            for start in given:
                (driver,) = (t for t in given if t is not start)
                if (
                    _starts(program, output, start)
                    and driver.shape[:1] == output.shape[:1]
                    and driver.rank >= output.rank
                ):
                    ahead = [name for name in program.outputs if name != output.name]
                    if any(program.tensors[name].shape != output.shape for name in ahead):
                        return None
                    if driver.shape[driver.rank - output.rank + 1 :] != output.shape[1:]:
                        return None
                    taken = ahead[0] if ahead else output.name
                    samples = driver.rank - output.rank
                    return cls(program, driver.name, start.name, output.name, taken, _rate(operation), samples)
        return None


def _starts(program: Program, output: Tensor, start: Tensor) -> bool:
    """Whether a tensor is a state over its first axis that starts at an input."""
    return start.shape == output.shape[1:] and any(
        e.extents and e.extents[0] is None and e.rhs == start.at(*e.indices[1:])
        for e in program.equations_of(output.name)
    )


def _rate(operation: Operation) -> str | None:
    """The hyper-parameter that is declared as the learning rate, or the only one."""
    named = [t.name for t in operation.hypers if "learning rate" in operation.meanings.get(t.name, "")]
    if named:
        return named[0]
    return operation.hypers[0].name if len(operation.hypers) == 1 else None


@dataclass(frozen=True)
class Walk:
    """A path on a surface, from its start on, with the losses along it and the learning rate."""

    points: Array
    losses: Array
    rate: float | None


def walk(
    operation: Operation, surface: Surface, rate: float | None, steps: int = STEPS, function: Function | None = None
) -> Walk:
    """The steps of an optimizer: each by one run of its generated code over all gradients so far.

    Where an optimizer takes gradients of several samples, each is the surface's with seeded noise.

    >>> from derive.registry import get
    >>> found = walk(get("gradient_descent"), SURFACES[0], 0.05, steps=2)
    >>> np.round(found.points, 3).tolist()  # x (1 - 0.05), y (1 - 20*0.05)
    [[-3.6, 1.1], [-3.42, 0.0], [-3.249, 0.0]]
    """
    walker = Walker.of(operation)
    if walker is None:
        raise ValueError(f"{operation.name} is no recurrence of parameters that gradients drive")
    program = walker.program
    rest = program.tensors[walker.start].rank - 1
    shape = (1,) * rest + (2,)
    samples = (SAMPLES,) * walker.samples
    rng = np.random.default_rng(SEED)
    function = function or numeric.compile(operation)
    chosen: dict[str, Any] = {} if rate is None or walker.rate is None else {walker.rate: rate}
    at = parameters = np.array(surface.start)
    points, gradients = [parameters], np.empty((steps, *samples, *shape))
    with np.errstate(all="ignore"):
        for step in range(steps):
            gradient = surface.gradient(at)
            noise = NOISE * rng.standard_normal((*samples, 2)) if samples else 0.0
            gradients[step] = (gradient + noise).reshape(*samples, *shape)
            given = {walker.gradients: gradients[: step + 1], walker.start: np.array(surface.start).reshape(shape)}
            found = function.forward(**given, **chosen)
            parameters, at = (found[name][step].reshape(2) for name in (walker.parameters, walker.taken))
            points.append(parameters)
            if not np.all(np.abs(parameters) < 1e6):
                break
        path = np.array(points)
        return Walk(path, np.asarray(surface.loss(path)), rate)


_found: dict[tuple[str, str, str], Walk] = {}  # by operation and surface: plain gradient descent is drawn on many pages


def best_walk(operation: Operation, surface: Surface) -> Walk:
    """The walk at the learning rate of :data:`RATES` whose last steps have the least loss; the defaults where there is none."""
    asked = operation.name, operation.text, surface.name
    if asked not in _found:
        walker, function = Walker.of(operation), numeric.compile(operation)
        rates = RATES if walker is not None and walker.rate is not None else (None,)
        _found[asked] = min((walk(operation, surface, rate, STEPS, function) for rate in rates), key=_end)
    return _found[asked]


def _end(found: Walk) -> float:
    last = found.losses[-5:]
    return float(np.mean(last)) if len(found.losses) == STEPS + 1 and np.all(np.isfinite(last)) else float("inf")


__all__ = ["RATES", "SURFACES", "Surface", "Walk", "Walker", "best_walk", "walk"]

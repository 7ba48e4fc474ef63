"""Gradients through time: the norm of a state's adjoint, step by step backwards, for three spectral radii.

Bengio, Simard and Frasconi, Learning long-term dependencies with gradient descent is difficult, 1994; Pascanu, Mikolov and
Bengio, On the difficulty of training recurrent neural networks, 2013, section 2.1 (with the bound that is drawn).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

import numeric
from derive.analyses.through_time import through_time
from derive.errors import BackproofError
from derive.nodes import Access, Reduce
from derive.notation.names import accented
from derive.notation.tree import Letter
from derive.operation import Operation
from derive.program import Group, Program, Tensor
from derive.reverse import derive
from reports.document import Figure
from reports.pictures.axes import Entry, key, label, name_axes
from reports.pictures.style import SERIES, SOFT, TEXT, Drawing, listed, margins, name_words, number, powers
from reports.settings import SEED
from reports.symbols import notation_of
from verify.sizes import extent_value

Array = NDArray[Any]
RADII = (0.5, 1.0, 1.5)
STEPS, WIDTH = 24, 8
REST = 1e-9  # the size of the first state: so small that every slope is the one at rest


@dataclass(frozen=True)
class Recurrence:
    """A loop of a program, its state that a square matrix carries on, and all such matrices."""

    group: Group
    state: str
    weights: tuple[str, ...]


@dataclass(frozen=True)
class Norms:
    """For one spectral radius: the norm of the adjoint after 0, 1, ... steps backwards, and the bound on it."""

    radius: float
    norms: Array
    bound: float | None  # per step

    @property
    def rate(self) -> float:
        """The factor a step over the second half; 0 where nothing is left."""
        half = len(self.norms) // 2
        first, last = float(self.norms[half]), float(self.norms[-1])
        return (last / first) ** (1 / (len(self.norms) - 1 - half)) if first and last else 0.0


def recurrence_of(program: Program) -> Recurrence | None:
    """The first loop in which sums of a state of another step run over the rows or columns of square inputs.

    >>> from derive.registry import get
    >>> [(r.state, r.weights) if (r := recurrence_of(get(n).program)) else r for n in ("rnn", "gru", "adam")]
    [('h', ('W_hh',)), ('h', ('U_z', 'U_r', 'U_h')), None]
    """
    for group in program.groups:
        weights: dict[str, None] = {}
        states: dict[str, None] = {}
        for equation in group.equations if group.direction else ():
            now = equation.indices[group.axes[equation.target]]
            for reduce in sorted(equation.rhs.atoms(Reduce), key=str):
                inside = sorted(reduce.body.atoms(Access), key=str)
                carried = [a for a in inside if a.tensor in group.axes and set(a.indices) & set(reduce.bound)]
                square = [
                    a.tensor
                    for a in inside
                    if _is_square(program.tensors[a.tensor]) and set(a.indices) & set(reduce.bound)
                ]
                if carried and square:
                    weights |= dict.fromkeys(square)
                    states |= dict.fromkeys(a.tensor for a in carried if a.indices[group.axes[a.tensor]] != now)
        if weights and states:
            ordered = tuple(name for name in program.tensors if name in weights)
            return Recurrence(group, next(iter(states)), ordered)
    return None


def _is_square(tensor: Tensor) -> bool:
    return (
        tensor.role == "input"
        and not tensor.integer
        and tensor.rank >= 2
        and tensor.shape[-1] == tensor.shape[-2]
        and isinstance(tensor.shape[-1], Symbol)
    )


def norms_through_time(operation: Operation, radii: tuple[float, ...] = RADII) -> tuple[Norms, ...] | None:
    """The derived adjoint of the state under a random unit cotangent on its last step, for each spectral radius.

    All inputs but the weights are 0, so that the layer stays at rest and every step has the same Jacobian.  ``None`` where
    there is no recurrence with square weights.

    >>> from derive.registry import get
    >>> [round(each.rate, 2) for each in norms_through_time(get("state_space"))]
    [0.5, 1.0, 1.5]
    """
    found = recurrence_of(operation.program)
    if found is None:
        return None
    program = operation.program.with_(outputs=(found.state,))
    derivation = derive(program, wrt=_first(program, found))
    adjoint = derivation.adjoints[found.state]
    backwards = numeric.compile(derivation.combined.with_(outputs=(adjoint,)))
    rng = np.random.default_rng(SEED)
    inputs, sizes = _at_rest(program, found, rng)
    bases = {name: _of_radius_one(inputs[name].shape, rng) for name in found.weights}
    shape = [extent_value(n, sizes) for n in program.tensors[found.state].shape]
    axis = found.group.axes[found.state]
    last = -1 if found.group.direction > 0 else 0
    cotangent = np.zeros(shape)
    along = np.moveaxis(cotangent, axis, 0)
    along[last] = rng.standard_normal(along[last].shape)
    along[last] /= np.linalg.norm(along[last])
    largest = _largest_slope(program, found)
    result = []
    for radius in radii:
        given = {**inputs, **{name: base * radius for name, base in bases.items()}}
        steps = np.moveaxis(
            backwards.forward(**given, **{derivation.cotangents[found.state]: cotangent})[adjoint], axis, 0
        )
        norms = np.array([float(np.linalg.norm(step)) for step in steps])
        norms = norms[1:] if len(norms) > STEPS else norms  # the start value stands before the first step
        norms = norms[::-1] if found.group.direction > 0 else norms
        norm = float(np.linalg.norm(given[found.weights[0]], 2)) if given[found.weights[0]].ndim == 2 else None
        result.append(Norms(radius, norms, largest * norm if largest is not None and norm is not None else None))
    return tuple(result)


def _first(program: Program, found: Recurrence) -> str:
    """What is differentiated by: the state's start where that is an input, for whose adjoint nothing else is needed."""
    starts = [a.tensor for e in found.group.starts if e.target == found.state for a in e.rhs.atoms(Access)]
    return starts[0] if len(starts) == 1 and program.tensors[starts[0]].role == "input" else found.weights[0]


def _at_rest(
    program: Program, found: Recurrence, rng: np.random.Generator
) -> tuple[dict[str, Array], dict[Symbol, int]]:
    sizes: dict[Symbol, int] = dict.fromkeys(program.dimensions, 1)
    width = program.tensors[found.weights[0]].shape[-1]
    assert isinstance(width, Symbol)
    sizes[width] = WIDTH
    for symbol in found.group.extent.free_symbols if found.group.extent is not None else ():
        sizes[symbol] = STEPS
    sizes |= dict(program.integers)
    starts = {a.tensor for e in found.group.starts for a in e.rhs.atoms(Access)}
    inputs: dict[str, Array] = {}
    for tensor in program.inputs:
        if tensor.default is not None:
            continue
        shape = [extent_value(n, sizes) for n in tensor.shape]
        if tensor.integer:
            inputs[tensor.name] = np.zeros(shape, dtype=int)
        else:
            inputs[tensor.name] = (
                REST * np.abs(rng.standard_normal(shape)) if tensor.name in starts else np.zeros(shape)
            )
    return inputs, sizes


def _of_radius_one(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """A random matrix of spectral radius 1, the same at every step where the weights have a time axis."""
    base = rng.standard_normal(shape[-2:])
    return np.broadcast_to(base / np.abs(np.linalg.eigvals(base)).max(), shape).copy()


def _largest_slope(program: Program, found: Recurrence) -> float | None:
    if len(found.weights) != 1:
        return None
    try:
        derived = through_time(program)
    except BackproofError:
        return None
    if derived.largest is None or derived.weight not in found.weights:
        return None
    return float(derived.largest)


def through_time_figure(operation: Operation) -> Figure | None:
    """The norms of :func:`norms_through_time` on a logarithmic axis, with their bounds."""
    measured = norms_through_time(operation)
    found = recurrence_of(operation.program)
    if measured is None or found is None:
        return None
    notation = notation_of(derive(operation))
    state, weights = notation.name(found.state), [notation.name(name) for name in found.weights]
    rho, looks = Letter("rho"), SERIES[:3]
    back = np.arange(len(measured[0].norms))
    positive = [n for each in measured for n in each.norms if n > 0]
    if not positive:
        return None
    bounded = all(each.bound is not None for each in measured)

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        margins(figure, left=0.72, top=0.3)
        axes.set_yscale("log")
        low, high = min(positive) / 5, max(positive) * 5
        entries = []
        for each, (colour, dashes, marker) in zip(measured, looks, strict=True):
            shown = np.where(each.norms > 0, each.norms, np.nan)
            axes.plot(back, shown, color=colour, linestyle=dashes, marker=marker, markersize=2.8, markevery=3)
            entries.append(Entry(colour, dashes, label(rho, f" = {each.radius:g}"), marker))
            if each.bound is not None:
                axes.plot(back, each.bound**back, color=colour, linewidth=0.6, linestyle="-", alpha=0.75)
        if bounded:
            entries.append(Entry(SOFT, "-", label("bounds"), "", 0.6))
            high = max(high, min(float(measured[-1].bound or 1.0) ** back[-1], high * 1e4))
        axes.set_ylim(low, high)
        axes.set_xlim(0, back[-1])
        powers(axes.yaxis)
        key(figure, axes, entries)
        vertical = label("norm of ", accented("bar", state), size=10.0)
        name_axes(figure, axes, label("steps back from the last", size=10.0), vertical, 40.0)

    whose = listed([name_words(w) for w in weights])
    rates = listed([f"{number(each.rate)}" if each.rate else "0" for each in measured])
    bound = ""
    if bounded:
        bounds = listed([number(float(each.bound or 0.0)) for each in measured])
        bound = f" Thin lines: the bound by the largest slope times the norm of {whose}, {bounds} a step."
    caption = (
        f"Norm of the adjoint of {name_words(state)}, going back through time from the last step, with {whose} scaled to the "
        f"spectral radii {listed([f'{r.radius:g}' for r in measured])}: it changes by the factors {rates} a step.{bound}"
    )
    ends = "; ".join(f"for the radius {r.radius:g} it ends at {number(float(r.norms[-1]), 2)}" for r in measured)
    return Figure(
        f"{operation.name}_through_time", Drawing(draw, (0.66 * TEXT, 2.5)), caption,
        f"Norm of the adjoint of {name_words(state)} on a logarithmic axis against the {len(back) - 1} steps back from the last, "
        f"where it is 1: {ends}.",
        0.66, "reverse",
    )  # fmt: skip


__all__ = ["Norms", "Recurrence", "norms_through_time", "recurrence_of", "through_time_figure"]

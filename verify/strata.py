"""Named strata of input values: the regions in which gradients go wrong, each with one general definition.

A stratum turns random *latent* values into latent values; :func:`verify.domains.into` then maps those into the
declared domain of the tensor.  A stratum says nothing about any particular operation; where it would change none
of an operation's inputs (a recurrent matrix in an operation without one) it does not apply and is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.program import Program, Tensor
from verify.domains import Bounds, bounds_of

Array = NDArray[Any]
Transform = Callable[[Array, np.random.Generator], Array]


@dataclass(frozen=True)
class Stratum:
    """A named region of inputs.

    ``transform`` acts on latent values; ``applies`` says to which real inputs.  ``raw`` strata give values, not
    latents, and so apply only where the domain contains what they give.  ``kinks`` says that exact kinks and ties are
    to be expected.
    """

    name: str
    meaning: str
    transform: Transform
    applies: Callable[[Tensor, Bounds], bool]
    kinks: bool = False
    corners: bool = False  # facts are met at corners (one-hot rows)


def _none(tensor: Tensor, bounds: Bounds) -> bool:
    return False


def _any(tensor: Tensor, bounds: Bounds) -> bool:
    return True


def _unbounded(tensor: Tensor, bounds: Bounds) -> bool:
    return bounds.hi == float("inf") and tensor.rank > 0


def _free(tensor: Tensor, bounds: Bounds) -> bool:
    return bounds.free


def _zero_inside(tensor: Tensor, bounds: Bounds) -> bool:
    return bool(bounds.holds(np.zeros(())))


def _square(tensor: Tensor, bounds: Bounds) -> bool:
    return tensor.rank >= 2 and tensor.shape[-1] == tensor.shape[-2] and bounds.free


def _ordinary(z: Array, rng: np.random.Generator) -> Array:
    return z


def _zeros(z: Array, rng: np.random.Generator) -> Array:
    found = np.where(rng.random(z.shape) < 0.4, 0.0, z).reshape(-1)
    if found.size > 1:  # a zero in every array, and not only zeros, whatever is drawn
        zero, other = rng.choice(found.size, 2, replace=False)
        found[zero], found[other] = 0.0, z.reshape(-1)[other]
    return found.reshape(z.shape)


def _ties(z: Array, rng: np.random.Generator) -> Array:
    found = rng.choice(np.array([-1.0, 0.5, 1.0]), size=z.shape)
    if found.size > 1:  # along every axis some maximum is attained twice, whatever is drawn
        origin = tuple(int(rng.integers(size)) for size in z.shape)
        found[origin] = 1.0
        for axis, size in enumerate(z.shape):
            if size > 1:
                other = (origin[axis] + int(rng.integers(1, size))) % size
                found[(*origin[:axis], other, *origin[axis + 1 :])] = 1.0
    return found


def _saturated(level: float) -> Transform:
    def transform(z: Array, rng: np.random.Generator) -> Array:
        far = np.where(rng.random(z.shape) < 0.5, -level, level).reshape(-1)
        chosen = (rng.random(z.shape) < 0.75).reshape(-1)
        # both signs in every array, whatever is drawn
        far[:4], chosen[:4] = np.resize([level, -level], 4)[: far.size], True
        return np.where(chosen.reshape(z.shape), far.reshape(z.shape) + np.round(4 * z) / 4, z)

    return transform


def _scaled(factor: float) -> Transform:
    def transform(z: Array, rng: np.random.Generator) -> Array:
        return z * factor

    return transform


def _offset(z: Array, rng: np.random.Generator) -> Array:
    return 1e6 + np.round(z * 64) / 4096


STRATA: tuple[Stratum, ...] = (
    Stratum(
        "ordinary", "standard normal values; weights are neither symmetric nor scaled identities", _ordinary, _none
    ),
    Stratum(
        "zeros",
        "about two in five values exactly 0, at least one; facts met by one-hot rows",
        _zeros,
        _zero_inside,
        kinks=True,
        corners=True,
    ),
    Stratum(
        "ties",
        "all values among -1, 0.5 and 1; along every axis some maximum is attained twice",
        _ties,
        _free,
        kinks=True,
    ),
    Stratum(
        "saturated40",
        "three in four values near +-40, where 1 - sigmoid(x) rounds to 0",
        _saturated(40.0),
        _any,
        corners=True,
    ),
    Stratum(
        "saturated800", "three in four values near +-800, where exp(x) overflows", _saturated(800.0), _any, corners=True
    ),
    Stratum("tiny", "values of magnitude 2^-40", _scaled(2.0**-40), _free),
    Stratum("huge", "values of magnitude 2^30", _scaled(2.0**30), _free),
    Stratum("offset", "mean 1e6 with a spread of 0.016", _offset, _unbounded),
    Stratum(
        "contracting", "square matrices scaled by 0.03: a truncated recurrence hardly shows", _scaled(0.03125), _square
    ),
    Stratum("expanding", "square matrices scaled by 2: a recurrence that grows", _scaled(2.0), _square),
)


def names() -> tuple[str, ...]:
    """The names of all strata, in the order in which they are checked."""
    return tuple(stratum.name for stratum in STRATA)


def get(name: str) -> Stratum:
    """The stratum of that name.

    Raises:
        KeyError: there is none; the message lists the known ones.

    Example:
        >>> get("ties").kinks
        True
    """
    for stratum in STRATA:
        if stratum.name == name:
            return stratum
    raise KeyError(f"unknown stratum {name!r}; known: {', '.join(names())}")


def touched(stratum: Stratum, program: Program) -> tuple[str, ...]:
    """The inputs of a program that a stratum changes: real ones that are neither hyper-parameters nor bound by a fact.

    Example:
        >>> import derive.registry
        >>> touched(get("contracting"), derive.registry.get("dense").program)
        ()
    """
    bound = {access.tensor for left, right in program.facts for access in _accesses(left, right)}
    real = [t for t in program.tensors.values() if t.role == "input" and not t.integer and t.name not in bound]
    return tuple(t.name for t in real if stratum.applies(t, bounds_of(t, _any_sizes(program))))


def applicable(program: Program) -> tuple[Stratum, ...]:
    """The strata that change at least one input of a program; ``ordinary`` always."""
    return tuple(s for s in STRATA if s.name == "ordinary" or touched(s, program))


def _accesses(*expressions: Any) -> list[Any]:
    from derive.nodes import Access

    return [access for expression in expressions for access in expression.atoms(Access)]


def _any_sizes(program: Program) -> dict[Any, int]:
    # domains of real inputs rarely mention sizes; any consistent number decides whether an end is finite
    return {**dict.fromkeys(program.dimensions, 2), **program.integers}

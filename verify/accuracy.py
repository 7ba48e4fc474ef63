"""How accurate generated gradients are, measured over the whole range of a float type.

The range of the inputs is cut into bands ``[2**k, 2**(k + 1))`` of magnitude.  In each band the gradients of the
generated function, and those of JAX and PyTorch beside them, are compared with ball enclosures, element by element.
An error counts in units in the last place (ULP) of the true value, and in these units over the condition number of the
element: what rounding the inputs alone does to it (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 1.6).

True values below the smallest normal number, or above the largest, are met by anything below it, or by infinity. A
*false zero* is a 0 where the true value is a normal number, and rounding the inputs would leave digits of it.

Where the operation's own output is above the largest number, a derivative may be a number nevertheless (that of a mean of
squares is).  Errors there are told apart, as *beyond*: nobody sees a gradient behind an infinite loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

import numeric
from derive.operation import Operation
from derive.program import Program
from derive.reverse import derive
from derive.rich import Rich
from numeric.exact import Plans
from verify.judge import fresh_seed, resolve
from verify.others import Gradient, others
from verify.sampling import Case, sample
from verify.sizes import draw_sizes
from verify.strata import Stratum
from verify.witnesses.balls import Truth, distance, to_float

Array = NDArray[Any]

EXPONENTS = {
    "float64": (-1000, -300, -60, -24, -8, -3, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 60, 300, 1000),
    "float32": (-120, -60, -24, -8, -3, -1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 24, 60, 120),
}

_DOUBT = 3.0  # ULP over the measured condition number, from which that is measured again
_CANCELLED = 16  # roundings, times the condition number, that may leave a 0 of a difference


@dataclass(frozen=True)
class Errors:
    """The largest errors of one implementation in one band."""

    ulp: float = 0.0
    excess: float = 0.0  # ULP over the condition number
    false_zeros: int = (
        0  # given for a normal number, where no cancellation that the condition number tells of leaves them
    )
    argument: str = ""
    got: float = 0.0
    expected: float = 0.0
    beyond: float = 0.0  # the largest excess where an output that depends on the element overflows


@dataclass(frozen=True)
class Band:
    """Inputs of magnitude ``2**exponent`` up to twice that; the errors by implementation."""

    exponent: int
    points: int
    errors: Mapping[str, Errors]


@dataclass(frozen=True)
class Accuracy(Rich):
    """The errors of an operation's gradients in one float type, band by band."""

    operation: str
    dtype: str
    seed: int
    bands: tuple[Band, ...]

    def worst(self, implementation: str = "backproof") -> Errors:
        """The largest errors over all bands; false zeros are added up."""
        found = [band.errors[implementation] for band in self.bands if implementation in band.errors]
        if not found:
            return Errors()
        worst = max(found, key=lambda e: (e.excess, e.ulp))
        zeros = sum(e.false_zeros for e in found)
        return replace(worst, ulp=max(e.ulp for e in found), false_zeros=zeros, beyond=max(e.beyond for e in found))

    @property
    def implementations(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for band in self.bands for name in band.errors))

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def accuracy(
    operation: Operation | str,
    *,
    dtype: Any = np.float64,
    seed: int | None = None,
    exponents: Sequence[int] | None = None,
    beside: Mapping[str, Gradient] | None = None,
) -> Accuracy:
    """Measure the generated gradients of an operation against rigorous enclosures, band by band.

    Args:
        operation: an operation, or the name of one in the catalog.
        dtype: ``numpy.float64`` or ``numpy.float32``, or its name.
        seed: repeats a run; a fresh one is drawn otherwise.
        exponents: of the bands; by default they span the float type.
        beside: other implementations by name, each a function of a case; by default JAX on the
            operation's reference, and PyTorch's own function where it is known and installed.

    Raises:
        SamplingError: no inputs can be drawn for the operation.

    Example:
        >>> found = accuracy("sigmoid", seed=1, exponents=[0, 5])
        >>> found.worst().false_zeros, found.worst().excess < 4
        (0, True)
        >>> found.bands[1].errors["jax"].false_zeros > 0  # 1 - sigma(z) has no digits left at z = 40
        True
    """
    operation = resolve(operation)
    seed = fresh_seed() if seed is None else seed
    derivation = derive(operation)
    function = numeric.compile(derivation)
    dtype = np.dtype(dtype).type
    name = np.dtype(dtype).name

    def ours(case: Case) -> Mapping[str, Array]:
        return function.vjp(case.arguments(), case.seeds() or None)

    given = others(operation, derivation) if beside is None else dict(beside)
    plans = Plans(derivation.combined)
    bands = []
    for number, exponent in enumerate(EXPONENTS[name] if exponents is None else exponents):
        rng = np.random.default_rng([seed, number])
        sizes = _sizes(derivation.program, rng)
        case = sample(
            derivation.program, seed + number, stratum=_band(exponent), sizes=sizes, derivation=derivation, dtype=dtype
        )
        truth = Truth(derivation, case, dtype, plans=plans)
        points = sum(truth.values(argument).size for argument in derivation.gradients)
        errors = {who: _errors(gradient, truth, dtype) for who, gradient in {"backproof": ours, **given}.items()}
        bands.append(Band(exponent, points, errors))
    return Accuracy(operation.name, name, seed, tuple(bands))


def _band(exponent: int) -> Stratum:
    def transform(z: Array, rng: np.random.Generator) -> Array:
        return np.copysign(np.ldexp(rng.uniform(1, 2, z.shape), exponent), z)

    return Stratum(f"2^{exponent}", f"magnitudes from 2^{exponent} to twice that", transform, lambda *_: True)


def _sizes(program: Program, rng: np.random.Generator) -> dict[Symbol, int] | None:
    """Sizes with some dozens of elements in the widest input."""
    widest = max((t.rank for t in program.inputs), default=0)
    dimensions = program.dimensions
    if len(dimensions) == 1 and widest == 1:
        return {**dict.fromkeys(dimensions, 32), **program.integers}
    return draw_sizes(program, rng, "ordinary", integers=dict(program.integers), budget=6000)


def _errors(gradient: Gradient, truth: Truth, dtype: Any) -> Errors:
    info = np.finfo(dtype)
    with np.errstate(all="ignore"):
        got = gradient(truth.case)
        worst = Errors()
        for argument in truth.derivation.gradients:
            values = truth.values(argument)
            if not values.size:
                continue
            given = np.asarray(got[argument], dtype=np.float64).reshape(values.shape)
            expected = to_float(values)
            gap = distance(given, values)
            size = np.abs(expected)
            ulps = gap / np.spacing(np.minimum(size, float(info.max)).astype(dtype)).astype(np.float64)
            condition = _condition(truth, argument, size)
            under = (size < info.tiny) & (np.abs(given) < 2 * info.tiny)
            over = (size > info.max) & np.isinf(given) & (np.sign(given) == np.sign(expected))
            fine = under | over | ~np.isfinite(expected) | truth.undecided(argument)
            ulps = np.where(fine, 0.0, np.where(np.isnan(gap), np.inf, ulps))
            excess = np.where(ulps == 0, 0.0, ulps / condition)
            if excess.max() > _DOUBT:
                excess = np.where(ulps == 0, 0.0, ulps / np.maximum(condition, _condition(truth, argument, size, True)))
            outside = _overflowing(truth, values.shape, float(info.max))
            beyond = max(worst.beyond, float(excess.max(initial=0.0, where=outside)))
            ulps, excess = (np.where(outside, 0.0, errors) for errors in (ulps, excess))
            lost = (given == 0) & (size >= info.tiny) & (excess > _CANCELLED) & ~outside
            at = np.unravel_index(int(np.argmax(excess)), excess.shape)
            here = Errors(float(ulps[at]), float(excess[at]), 0, argument, float(given[at]), float(expected[at]))
            top = here if (here.excess, here.ulp) > (worst.excess, worst.ulp) else worst
            zeros, most = worst.false_zeros + int(lost.sum()), max(float(ulps.max()), worst.ulp)
            worst = replace(top, ulp=most, false_zeros=zeros, beyond=beyond)
        return worst


def _overflowing(truth: Truth, shape: tuple[int, ...], largest: float) -> Array:
    """Where an output truly is above the largest number, or no number: the same element, or any if the shapes differ."""
    found = np.zeros(shape, dtype=bool)
    for name in truth.derivation.program.outputs:
        over = ~(np.abs(to_float(truth.values(name))) <= largest)
        found |= over if over.shape == shape else over.any()
    return found


def _condition(truth: Truth, argument: str, size: Array, sure: bool = False) -> Array:
    """Condition numbers; measured by random changes, of which some more are made where a large error is in doubt."""
    return np.maximum(1.0, np.where(size > 0, truth.condition(argument, sure=sure) / size, np.inf))


__all__ = ["EXPONENTS", "Accuracy", "Band", "Errors", "accuracy"]

"""Random inputs for any operation, drawn from its program alone: sizes, values, labels, cotangents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from derive.derivation import Derivation
from derive.program import Program, Tensor
from verify import strata as _strata
from verify.domains import Bounds, bounds_of, clamp, into, simplex, sum_facts
from verify.errors import SamplingError
from verify.indices import integer_ranges
from verify.precision import is_real, limits
from verify.sizes import draw_integers, draw_sizes, extent_value

Array = NDArray[Any]


@dataclass(frozen=True)
class Case:
    """One concrete point: sizes, inputs (hyper-parameters as 0-d arrays), integers, cotangents by output name."""

    sizes: Mapping[Symbol, int]
    inputs: Mapping[str, Array]
    integers: Mapping[str, int] = field(default_factory=dict)
    cotangents: Mapping[str, Array] = field(default_factory=dict)
    stratum: str = "ordinary"
    pattern: str = "ordinary"
    seed: int = 0

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of a forward: fresh copies of the arrays, and the integer hyper-parameters."""
        return {**{name: value.copy() for name, value in self.inputs.items()}, **self.integers}

    def seeds(self) -> dict[str, Array]:
        """Fresh copies of the cotangents, by output name."""
        return {name: value.copy() for name, value in self.cotangents.items()}

    def exact(self, derivation: Derivation | None = None) -> dict[str, Any]:
        """The same point as inputs of an exact evaluation of a program (or of a derivation's combined program)."""
        given = self.arguments()
        if derivation is not None:
            given.update(
                {
                    derivation.cotangents[name]: value
                    for name, value in self.seeds().items()
                    if name in derivation.cotangents
                }
            )
        return given


def sample(
    program: Program,
    seed: int,
    *,
    stratum: str | _strata.Stratum = "ordinary",
    pattern: str = "ordinary",
    sizes: Mapping[Symbol, int] | None = None,
    held: Mapping[Symbol, int] | None = None,
    hypers: str = "default",
    derivation: Derivation | None = None,
    dtype: Any = np.float64,
    budget: int = 6000,
) -> Case:
    """Draw a case for a program.

    Ordinary values are multiples of 2^-16 of a few units, hence exact in float32, float64 and as fractions.  Values
    satisfy declared domains and facts; integer inputs stay inside the axes that they index; ``hypers`` is
    ``"default"`` or ``"random"`` (in-domain); ``held`` are sizes that are not drawn.  With a ``derivation``, random
    non-uniform cotangents are drawn for its outputs.

    Raises:
        SamplingError: no such input exists or is known how to draw; the message names the cause.

    Example:
        >>> import derive.registry
        >>> case = sample(derive.registry.get("dense").program, seed=3)
        >>> case.inputs["X"].shape[1] == case.inputs["W"].shape[0]
        True
    """
    rng = np.random.default_rng(seed)
    integers = {**draw_integers(program, rng, hypers), **(held or {})}
    if sizes is None:
        sizes = draw_sizes(program, rng, pattern, integers=integers, budget=budget)
    for tensor in program.tensors.values():
        if any(extent_value(extent, sizes) < 0 for extent in tensor.shape):
            said = ", ".join(f"{size} = {value}" for size, value in sizes.items())
            raise SamplingError(f"the shape of {tensor.name} is negative for the sizes {said}; choose others")
    chosen = _strata.get(stratum) if isinstance(stratum, str) else stratum
    inputs, cotangents = draw(program, rng, chosen, sizes, hypers=hypers, derivation=derivation, dtype=dtype)
    named = {str(symbol): sizes[symbol] for symbol in program.integers}
    return Case(dict(sizes), inputs, named, cotangents, chosen.name, pattern, seed)


def draw(
    program: Program,
    rng: np.random.Generator,
    chosen: _strata.Stratum,
    sizes: Mapping[Symbol, int],
    *,
    hypers: str = "default",
    derivation: Derivation | None = None,
    dtype: Any = np.float64,
    lead: tuple[int, ...] = (),
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Inputs and cotangents at these sizes; with ``lead`` every array has these axes in front, one draw for many cases.

    Hyper-parameters that are numbers have one value for all of them.

    Example:
        >>> import derive.registry
        >>> program = derive.registry.get("sigmoid").program
        >>> rng, sizes = np.random.default_rng(0), {program.dimensions[0]: 3}
        >>> draw(program, rng, _strata.get("ordinary"), sizes, lead=(100,))[0]["z"].shape
        (100, 3)
    """
    touched = _strata.touched(chosen, program)
    spans = integer_ranges(program, sizes)
    facts = {fact.tensor: fact for fact in sum_facts(program)}
    inputs: dict[str, Array] = {}
    for tensor in program.tensors.values():
        if tensor.role not in ("input", "hyper"):
            continue
        shape = (*lead, *(extent_value(extent, sizes) for extent in tensor.shape))
        if tensor.integer:
            inputs[tensor.name] = _draw_integers(tensor, shape, spans[tensor.name], rng)
        elif tensor.role == "hyper" and tensor.rank == 0:
            inputs[tensor.name] = np.full(lead, _draw_hyper(tensor, hypers, rng))
        elif tensor.name in facts:
            fact = facts[tensor.name]
            fact = replace(fact, axes=tuple(axis + len(lead) for axis in fact.axes))
            inputs[tensor.name] = simplex(shape, fact, rng, corners=_corners(chosen, tensor, sizes))
        else:
            latent = _coarse(rng.standard_normal(shape))
            if tensor.name in touched:
                latent = np.asarray(chosen.transform(latent, rng))
            bounds = bounds_of(tensor, sizes)
            value = into(latent, bounds)
            if not bounds.free and tensor.name not in touched:
                value = clamp(_coarse(value), bounds)
            if chosen.corners and not bounds.free:
                value = _at_ends(value, bounds, rng)
            inputs[tensor.name] = np.asarray(value, dtype=np.float64)
    for name, value in inputs.items():
        if is_real(value):
            inputs[name] = _rounded(value, bounds_of(program.tensors[name], sizes), dtype)
    _check(program, inputs, sizes)
    cotangents: dict[str, Array] = {}
    if derivation is not None:
        for output in derivation.cotangents:
            tensor = program.tensors[output]
            shape = (*lead, *(extent_value(extent, sizes) for extent in tensor.shape))
            # more digits than float32 has: else a gradient that is the cotangent itself hides a computation in float32
            fine = 2.0**-17 + 2.0**-25 + 2.0**-27
            cotangents[output] = (_coarse(rng.standard_normal(shape)) + fine).astype(dtype)
    return inputs, cotangents


def _rounded(values: Array, bounds: Bounds, dtype: Any) -> Array:
    """Values in another dtype, still inside their domain: rounding may land on an open end."""
    with np.errstate(over="ignore"):  # infinity is outside every domain, and moved inside below
        given = np.asarray(values, dtype=dtype)
    down = ~bounds.holds(given) & (given >= bounds.hi)
    up = ~bounds.holds(given) & (given <= bounds.lo)
    above = np.nextafter(given, dtype(np.inf)) if bounds.lo != 0 else limits(dtype).tiny  # no subnormal inputs
    given = np.where(down, np.nextafter(given, dtype(-np.inf)), given)
    return np.asarray(np.where(up, above, given), dtype=dtype)


def fractions(values: Array) -> Any:
    """The exact rational values of an array, element by element.

    Example:
        >>> fractions(np.array([0.5]))[0]
        Fraction(1, 2)
    """
    exact = np.empty(values.shape, dtype=object)
    for position, value in np.ndenumerate(values):
        exact[position] = Fraction(value.item())
    return exact


def _coarse(values: Array) -> Array:
    return np.round(np.asarray(values) * 65536) / 65536


def _corners(stratum: _strata.Stratum, tensor: Tensor, sizes: Mapping[Symbol, int]) -> bool:
    return stratum.corners and bool(bounds_of(tensor, sizes).holds(np.zeros(())))


def _at_ends(values: Array, bounds: Bounds, rng: np.random.Generator) -> Array:
    """Put most values on the closed ends of a domain; the first four meet both ends with both signs."""
    ends = [end for end in (bounds.hi, bounds.lo) if np.isfinite(end) and bounds.holds(np.asarray(end))]
    if not ends:
        return values
    flat = values.reshape(-1).copy()
    at = rng.random(flat.size) < 0.7
    at[:4] = True
    drawn = rng.choice(ends, size=flat.size)
    drawn[:4] = np.repeat(ends, 2)[[0, 1, -2, -1]][: flat.size]
    return np.where(at, drawn, flat).reshape(values.shape)


def _draw_integers(tensor: Tensor, shape: tuple[int, ...], span: tuple[int, int], rng: np.random.Generator) -> Array:
    if tensor.role == "hyper" and tensor.default is not None:
        return np.full(shape, int(tensor.default))
    lo, hi = span
    if lo >= hi:
        if 0 in shape:
            return np.zeros(shape, dtype=np.int64)
        raise SamplingError(
            f"{tensor.name} must hold integers, but no value is valid in all the places where it stands as an index"
        )
    return np.asarray(rng.integers(lo, hi, size=shape), dtype=np.int64)


def _draw_hyper(tensor: Tensor, hypers: str, rng: np.random.Generator) -> float:
    bounds = bounds_of(tensor)
    if tensor.default is not None and hypers == "default":
        return float(tensor.default)
    if tensor.default and bounds.hi == float("inf"):
        # one that is there to be small, an epsilon, is also tried where it matters
        small = 0 < tensor.default < 2.0**-10
        value = tensor.default * 2.0 ** rng.uniform(-2, -np.log2(tensor.default) / 2 if small else 2)
        if bounds.holds(np.asarray(value)):
            return float(value)
    return float(into(_coarse(rng.standard_normal(())), bounds))


def _check(program: Program, inputs: Mapping[str, Array], sizes: Mapping[Symbol, int]) -> None:
    """A draw outside its declared domain would make every later verdict meaningless."""
    for name, value in inputs.items():
        bounds = bounds_of(program.tensors[name], sizes)
        if not np.all(bounds.holds(value)):
            raise SamplingError(
                f"{program.name}: the value {value!r} drawn for {name} violates {program.tensors[name].domain}"
            )

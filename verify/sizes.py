"""Sizes for the symbolic dimensions of a program: small, distinct, degenerate, and always consistent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import prod

import numpy as np
from sympy import Expr, Integer, Symbol

from derive.nodes import Reduce
from derive.program import Program
from verify.errors import SamplingError

Sizes = dict[Symbol, int]

_DEGENERATE = ("ones", "ascending", "descending")
PATTERNS = ("ordinary", *_DEGENERATE, "zero")
_ATTEMPTS = 400
_DRAWS = 24  # sets of sizes, of which the most telling are taken
_HIGH = 6
_FEW = 4  # dimensions that can all be distinct and above 1


def degenerate_sizes(program: Program) -> dict[str, tuple[str, Symbol | None]]:
    """The degenerate sizes at which a program is judged: their names in verdicts, each with its pattern and what is 0 in it.

    Example:
        >>> import derive.registry
        >>> list(degenerate_sizes(derive.registry.get("softmax").program))
        ['size ones', 'size ascending', 'size descending', 'size batch = 0', 'size n = 0']
    """
    named: dict[str, tuple[str, Symbol | None]] = {f"size {name}": (name, None) for name in _DEGENERATE}
    return {**named, **{f"size {dimension} = 0": ("zero", dimension) for dimension in program.dimensions}}


def extent_value(extent: Expr, sizes: Mapping[Symbol, int]) -> int:
    """The integer that an extent such as ``floor((h + 2*p - k)/s) + 1`` takes at these sizes.

    Raises:
        SamplingError: the extent is no integer there (a stride of 0, a symbol without a size).

    Example:
        >>> from derive.nodes import dimension
        >>> n = dimension("n")
        >>> extent_value(2 * n + 1, {n: 3})
        7
    """
    if isinstance(extent, Symbol) and extent in sizes:
        return sizes[extent]
    value = extent.xreplace({symbol: Integer(size) for symbol, size in sizes.items()})
    if not value.is_Integer:
        value = value.doit()
    if not value.is_Integer:
        raise SamplingError(f"the extent {extent} must be an integer; with {_show(sizes)} it is {value}")
    return int(value)


def extents_of(program: Program) -> tuple[Expr, ...]:
    """Every extent that occurs in a program: of its tensors, its equations and its reductions, each once."""
    found: dict[Expr, None] = {}
    for tensor in program.tensors.values():
        found.update(dict.fromkeys(tensor.shape))
    for equation in program.equations:
        found.update(dict.fromkeys(extent for extent in equation.extents if extent is not None))
        for reduction in sorted(equation.rhs.atoms(Reduce), key=str):
            found.update(dict.fromkeys(extent for _, extent in reduction.limits))
    return tuple(found)


def work(program: Program, sizes: Mapping[Symbol, int]) -> int:
    """About how many scalar operations one evaluation takes: what an element-by-element evaluator has to do."""
    total = 0
    for equation in program.equations:
        inner = [extent_value(extent, sizes) for extent in equation.ranges.values()]
        deepest = 1
        for reduction in equation.rhs.atoms(Reduce):
            deepest = max(deepest, prod(extent_value(extent, sizes) for _, extent in reduction.limits))
        total += prod(inner) * deepest
    return total


def draw_sizes(
    program: Program,
    rng: np.random.Generator,
    pattern: str = "ordinary",
    *,
    integers: Mapping[Symbol, int] | None = None,
    zero: Symbol | None = None,
    high: int = _HIGH,
    budget: int = 6000,
) -> Sizes:
    """Sizes of all dimensions and integer hyper-parameters of a program.

    ``ordinary``: distinct sizes from 2 up (from 1 up where there are more than four dimensions), so that a transposed
    or swapped index shows; ``ones``: size 1 wherever the extents allow it; ``ascending``/``descending``: distinct
    sizes in declared order, (n < d, n > d); ``zero``: ``zero`` (or a random dimension) has size 0.  Every extent is
    at least 1 (0 for ``zero``).  Among the draws, the first that costs at most ``budget`` scalar operations is taken,
    else the cheapest.

    Raises:
        SamplingError: no consistent sizes were found.

    Example:
        >>> import derive.registry
        >>> program = derive.registry.get("dense").program
        >>> sizes = draw_sizes(program, np.random.default_rng(0))
        >>> len(set(sizes.values())) == len(sizes)
        True
    """
    if pattern not in PATTERNS:
        raise SamplingError(f"unknown size pattern {pattern!r}; known: {', '.join(PATTERNS)}")
    fixed = dict(program.integers if integers is None else integers)
    extents = extents_of(program)
    least = 0 if pattern == "zero" else 1
    best: tuple[int, Sizes] | None = None
    accepted = 0
    for sizes in _candidates(program, rng, pattern, fixed, zero, high):
        try:
            if any(extent_value(extent, sizes) < least for extent in extents):
                continue
        except SamplingError:
            continue
        cost = work(program, sizes)
        if cost <= budget:
            return sizes
        if best is None or cost < best[0]:
            best = (cost, sizes)
        accepted += 1
        if accepted == 80:
            break
    if best is None:
        raise SamplingError(
            f"{program.name}: no sizes of {', '.join(map(str, program.dimensions))} "
            f"(pattern {pattern!r}, integers {_show(fixed)}) make "
            f"every extent at least {least}: {', '.join(str(e) for e in extents if not isinstance(e, Symbol))}"
        )
    return best[1]


def telling_sizes(
    program: Program,
    rng: np.random.Generator,
    count: int,
    *,
    integers: Mapping[Symbol, int],
    budget: int,
    earlier: Sequence[Sizes] = (),
) -> list[Sizes]:
    """Of some draws the sets of sizes that tell axes apart: the fewest extents are 1 or equal to another one.

    First of all those that are computed: at a single position of a window neither its stride nor its order shows.  Of equally
    telling sets one is taken in which no dimension has the size that it has in all the ``earlier`` ones: a factor 2 is not
    told from a size that is always 2.  Where dimensions of the ``earlier`` ones are 1, a set without any 1 comes before all
    that: the quotient of a channel by one of two sizes is told from its remainder where neither of them is 1.

    Raises:
        SamplingError: no consistent sizes were found.

    Example:
        >>> from derive.registry import get
        >>> program = get("conv2d").program
        >>> found = telling_sizes(program, np.random.default_rng(1), 2, integers=program.integers, budget=10**6)
        >>> [[sizes[symbol] for symbol in program.dimensions] for sizes in found]
        [[5, 4, 7, 6, 3, 2, 1], [6, 2, 8, 3, 8, 5, 2]]
    """
    extents = extents_of(program)
    computed = [extent for extent in extents if not extent.is_Symbol and not extent.is_number]
    enough = _DRAWS if len(program.dimensions) <= _FEW else _ATTEMPTS
    found: list[tuple[tuple[int, int], Sizes]] = []
    for sizes in islice(_candidates(program, rng, "ordinary", dict(integers), None, _HIGH), _ATTEMPTS // 4):
        try:
            values = [extent_value(extent, sizes) for extent in extents]
        except SamplingError:
            continue
        if min(values, default=1) < 1 or work(program, sizes) > budget:
            continue
        single = sum(extent_value(extent, sizes) == 1 for extent in computed)
        found.append(((single, len(values) - len(set(values) - {1})), sizes))
        if len(found) == enough:
            break
    best: list[Sizes] = []
    while found and len(best) < count:
        others = [*earlier, *best]
        chosen = min(found, key=lambda each: _rank(program, each, others))
        found.remove(chosen)
        best.append(chosen[1])
    return best + [draw_sizes(program, rng, integers=integers, budget=budget) for _ in range(count - len(best))]


def _rank(program: Program, drawn: tuple[tuple[int, int], Sizes], others: Sequence[Sizes]) -> tuple[int, ...]:
    (single, alike), sizes = drawn
    ones = (
        sum(sizes[d] == 1 for d in program.dimensions)
        if any(each[d] == 1 for each in others for d in program.dimensions)
        else 0
    )
    return single, ones, alike, _unchanged(program, sizes, others)


def _unchanged(program: Program, sizes: Sizes, others: Sequence[Sizes]) -> int:
    """How many dimensions have one size in all these sets."""
    return sum(all(each[d] == sizes[d] for each in others) for d in program.dimensions) if others else 0


def _candidates(
    program: Program, rng: np.random.Generator, pattern: str, fixed: Sizes, zero: Symbol | None, high: int
) -> Iterator[Sizes]:
    dimensions = program.dimensions
    count = len(dimensions)
    if pattern == "zero" and zero is None and count:
        zero = dimensions[int(rng.integers(count))]
    for attempt in range(_ATTEMPTS):
        top = high + attempt // 40
        if pattern == "ones":
            # mostly ones; later attempts loosen a dimension where a window needs room
            drawn = [1 + int(rng.random() < 0.01 * attempt) for _ in range(count)]
        else:
            top = max(top, count + 1) if count <= _FEW else max(top, count)
            # many dimensions with distinct sizes are dear to evaluate; one of them may then have size 1
            least = 2 if count <= _FEW else 1
            choices = np.arange(least, top + 1)
            # later attempts allow equal sizes, and small ones: many dimensions, of windows too, leave few distinct ones
            distinct = attempt < _ATTEMPTS // 8
            if not distinct and count > _FEW and attempt % 4:
                choices = np.array([2, 2, 3] if attempt % 4 == 1 else [1, 2, 2, 3, 3, 4])
            drawn = [int(size) for size in rng.choice(choices, size=count, replace=not distinct)]
        if pattern == "ascending":
            drawn.sort()
        if pattern == "descending":
            drawn.sort(reverse=True)
        sizes = dict(zip(dimensions, drawn, strict=True))
        if pattern == "zero" and zero is not None:
            sizes[zero] = 0
        yield {**sizes, **fixed}


def draw_integers(program: Program, rng: np.random.Generator, hypers: str = "default") -> Sizes:
    """Values of the integer hyper-parameters: their defaults, or each its default plus 0, 1 or 2 (``other``: 1 or 2)."""
    if hypers == "default":
        return dict(program.integers)
    least = 1 if hypers == "other" else 0
    return {symbol: default + int(rng.integers(least, 3)) for symbol, default in program.integers.items()}


def _show(sizes: Mapping[Symbol, int]) -> str:
    return ", ".join(f"{symbol} = {size}" for symbol, size in sizes.items())

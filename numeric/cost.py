"""What a generated function costs: operations and bytes, as polynomials in the sizes.

The generated source is run on small arrays that count what is done to them.  The counts at a grid of sizes determine the
polynomial, whose degree in each size is found first.  So the counts are those of the program that runs, and not of the
equations it came from.

* ``flops``: one for each element of an elementwise result (comparisons and choices among them), one for each addition
  of a sum, two for each term of a matrix product;
* ``transcendentals``: one for each element of exp, log, tanh, sqrt and the like, which are not flops (the convention of
  XLA's cost analysis);
* ``bytes``: what is read and written by every array operation of float64 arrays; views are free.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Add, Expr, Integer, Poly, Rational, Symbol, factor, factor_terms

from numeric import primitives
from numeric.errors import CostError
from numeric.function import Function, Text
from numeric.integers import integer_value
from numeric.polynomials import NotPolynomial, interpolate
from numeric.writer import load

Array = NDArray[Any]

MOST_DEGREE = 4
_LOW, _HIGH = 2, 6  # least sizes: of a dimension; of one from which another is subtracted

_TRANSCENDENTAL = frozenset(
    [
        "exp",
        "exp2",
        "expm1",
        "log",
        "log2",
        "log10",
        "log1p",
        "sqrt",
        "cbrt",
        "sin",
        "cos",
        "tan",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "power",
        "float_power",
        "erf",
        "erfc",
        "erfcx",
        "erfinv",
        "log_ndtr",
        "gamma",
        "gammaln",
        "hypot",
        "logaddexp",
    ]
)


@dataclass(frozen=True)
class Count:
    """Operations and bytes of one pass, each a polynomial in the sizes."""

    flops: Expr
    transcendentals: Expr
    bytes: Expr

    def leading(self) -> Expr:
        """The terms of the highest total degree of ``flops``."""
        return leading(self.flops)


@dataclass(frozen=True)
class Cost:
    """What the forward and the backward pass cost, and both in one (without what no gradient needs)."""

    forward: Count
    backward: Count
    vjp: Count


@dataclass
class _Tally:
    flops: int = 0
    transcendentals: int = 0
    bytes: int = 0

    def reset(self) -> None:
        self.flops = self.transcendentals = self.bytes = 0

    def add(self, inputs: Sequence[Any], outputs: Sequence[Any], *, flops: int = 0, transcendentals: int = 0) -> None:
        self.flops += flops
        self.transcendentals += transcendentals
        self.bytes += sum(a.nbytes for a in (*inputs, *outputs) if isinstance(a, np.ndarray))


class Counted(np.ndarray[Any, Any]):
    """An array that counts what is done to it; what comes out of an operation counts too."""

    tally: _Tally | None = None

    def __array_finalize__(self, parent: Any) -> None:
        self.tally = getattr(parent, "tally", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        tally = next(
            a.tally for a in (*inputs, *settings.get("out", ())) if isinstance(a, Counted) and a.tally is not None
        )
        plain = [_plain(a) for a in inputs]
        settings = {key: _plain(value) for key, value in settings.items()}
        result = getattr(ufunc, method)(*plain, **settings)
        arrays = [np.asarray(a) for a in plain if a is not None]
        results = [np.asarray(r) for r in (result if isinstance(result, tuple) else (result,)) if r is not None]
        if method == "at":
            results = [arrays[-1]]
            done = arrays[-1].size
        elif ufunc is np.matmul:
            done = 2 * results[0].size * arrays[0].shape[-1]
        elif method == "reduce":
            done = max(0, arrays[0].size - results[0].size)
        else:
            done = results[0].size
        kind = "transcendentals" if ufunc.__name__ in _TRANSCENDENTAL and method == "__call__" else "flops"
        assert tally is not None
        tally.add(arrays, results, **{kind: done})
        return _counted(result, tally)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        tally = self.tally
        if tally is not None and function in _CONTRACTIONS:
            plain = [_plain(a) for a in args]
            result = function(*plain, **{k: _plain(v) for k, v in kwargs.items()})
            arrays = [a for a in plain if isinstance(a, np.ndarray)]
            tally.add(arrays, [np.asarray(result)], flops=_CONTRACTIONS[function](plain))
            return _counted(result, tally)
        if tally is not None and function is np.where:
            result = function(*(_plain(a) for a in args))
            tally.add([a for a in args if isinstance(a, np.ndarray)], [result], flops=result.size)
            return _counted(result, tally)
        return _counted(super().__array_function__(function, types, args, kwargs), tally)


def _einsum_terms(arguments: Sequence[Any]) -> int:
    """Two for each combination of all indices."""
    subscripts, *arrays = arguments
    sizes: dict[str, int] = {}
    for letters, array in zip(subscripts.split("->")[0].split(","), arrays, strict=True):
        sizes.update(zip(letters.strip(), np.shape(array), strict=True))
    return 2 * prod(sizes.values())


_CONTRACTIONS: Mapping[Any, Callable[[Sequence[Any]], int]] = {
    np.einsum: _einsum_terms,
    np.vdot: lambda arguments: 2 * np.size(arguments[0]),
    np.dot: lambda arguments: (
        2 * np.size(arguments[0]) * (np.shape(arguments[1])[-1] if np.ndim(arguments[1]) > 1 else 1)
    ),
}


def _plain(value: Any) -> Any:
    if isinstance(value, Counted):
        return value.view(np.ndarray)
    if isinstance(value, (tuple, list)):
        return type(value)(_plain(v) for v in value)
    return value


def _counted(value: Any, tally: _Tally | None) -> Any:
    if isinstance(value, tuple):
        return tuple(_counted(v, tally) for v in value)
    if not isinstance(value, (np.ndarray, np.generic)):
        return value
    array = np.asarray(value).view(Counted)
    array.tally = tally
    return array


def cost(function: Function, limit: int | None = None) -> Cost:
    """The cost of the two passes of a generated function, with its integer hyper-parameters at their defaults.

    ``limit`` is how many operations the smallest run that counts them may take.

    Raises:
        CostError: the counts are no polynomial in the sizes (of low degree), or take too many sizes to determine, or more
            than ``limit`` operations.

    Example:
        >>> from derive.registry import get
        >>> from numeric import compile
        >>> found = cost(compile(get("dense")))
        >>> found.forward.leading(), found.backward.leading()
        (2*d*k*n, 4*d*k*n)
    """
    texts = (function.forward_text, function.backward_text, function.vjp_text)
    return Cost(*(_count(function, text, limit) for text in texts))


def cost_at_least(function: Function) -> tuple[dict[Symbol, int], Cost]:
    """The least sizes at which every axis is there, and the cost at them: numbers where there is no polynomial.

    Example:
        >>> from derive.registry import get
        >>> from numeric import compile
        >>> sizes, found = cost_at_least(compile(get("max_pool2d")))
        >>> sorted(map(str, sizes)), found.forward.flops > 0
        (['c', 'h', 'n', 'w'], True)
    """
    sizes = _least(function)
    texts = (function.forward_text, function.backward_text, function.vjp_text)
    return sizes, Cost(*(Count(*map(Integer, _Run(function, text).at(sizes))) for text in texts))


def leading(polynomial: Expr) -> Expr:
    """The terms of the highest total degree.

    Example:
        >>> from sympy.abc import n, k
        >>> leading(2*n*k + 3*n + 1)
        2*k*n
    """
    symbols = sorted(polynomial.free_symbols, key=str)
    if not symbols:
        return polynomial
    terms = Poly(polynomial, *symbols).terms()
    top = max(sum(powers) for powers, _ in terms)
    kept = [
        c * prod((s**p for s, p in zip(symbols, powers, strict=True)), start=Integer(1))
        for powers, c in terms
        if sum(powers) == top
    ]
    return sum(kept, start=Integer(0))


def readable(polynomial: Expr) -> Expr:
    """The polynomial in the shortest of a few forms.

    Example:
        >>> from sympy.abc import n, k, d
        >>> readable(2*n*k*d + 4*n*k*d**2)
        2*d*k*n*(2*d + 1)
    """
    forms = [polynomial, factor_terms(polynomial), factor(polynomial)]
    return min(forms, key=lambda form: len(str(form)))


# -- counts at given sizes ----------------------------------------------------------------------------------------------


@dataclass
class _Run:
    """Counts of one text at any sizes; each is looked up the second time."""

    function: Function
    text: Text
    known: dict[tuple[int, ...], tuple[int, int, int]] = field(default_factory=dict)
    tally: _Tally = field(default_factory=_Tally)

    @cached_property
    def loaded(self) -> Callable[..., Any]:
        """The text with arrays that count, compiled once."""
        label = f"cost of {self.function.program.name}"
        return load(self.text.source, self.text.name, label, _Numpy(self.tally).namespace())

    def at(self, sizes: Mapping[Symbol, int]) -> tuple[int, int, int]:
        key = tuple(sizes.values())
        if key not in self.known:
            self.known[key] = self._at(sizes)
        return self.known[key]

    def _at(self, sizes: Mapping[Symbol, int]) -> tuple[int, int, int]:
        program = self.function.program
        known = {**sizes, **program.integers}
        tally = self.tally
        tally.reset()
        arrays = []
        for name in self.text.arguments:
            tensor = self.function.tensors[name]
            shape = tuple(int(integer_value(n, known)) - tensor.origin(axis) for axis, n in enumerate(tensor.shape))
            whole = np.zeros(shape, dtype=np.int64) if tensor.integer else np.full(shape, 0.5)
            arrays.append(_counted(whole, tally))
        keywords: dict[str, Any] = {s.name: v for s, v in program.integers.items()}
        if self.text.typed:
            keywords["dtype"] = np.dtype(np.float64)
        with np.errstate(all="ignore"):
            self.loaded(*arrays, **keywords)
        return tally.flops, tally.transcendentals, tally.bytes


class _Numpy:
    """NumPy and the primitives for generated code whose fresh arrays count as well."""

    def __init__(self, tally: _Tally) -> None:
        self._tally = tally

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        return self._wrapped(found) if callable(found) and not isinstance(found, (type, np.ufunc)) else found

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: _counted(function(*args, **kwargs), self._tally)

    def namespace(self) -> dict[str, Any]:
        own = {name: self._wrapped(getattr(primitives, name)) for name in primitives.__all__}
        return {"np": self, **own}


# -- polynomials --------------------------------------------------------------------------------------------------------


def _count(function: Function, text: Text, limit: int | None = None) -> Count:
    symbols = function.program.dimensions
    run = _Run(function, text)
    least = _least(function)
    try:
        run.at(least)
    except (IndexError, ValueError) as reason:
        raise CostError(f"{function.name}: the generated code does not run at the sizes {least}: {reason}") from None
    if limit is not None and (many := sum(run.at(least)[:2])) > limit:
        raise CostError(f"{function.name}: one run takes {many} operations, more than the {limit} that were allowed")
    degrees = [_degree(run, symbols, least, symbol) for symbol in symbols]
    try:
        found = interpolate(
            lambda sizes: run.at(dict(zip(symbols, sizes, strict=True))), [least[s] for s in symbols], degrees
        )
    except NotPolynomial as reason:
        raise CostError(
            f"{function.name}: the cost is no polynomial in {', '.join(map(str, symbols))}: {reason}"
        ) from None
    terms = [
        (
            [Rational(c.numerator, c.denominator) for c in row],
            prod((s**p for s, p in zip(symbols, powers, strict=True)), start=Integer(1)),
        )
        for powers, row in found.items()
    ]
    return Count(*(Add(*(row[kind] * monomial for row, monomial in terms)) for kind in range(3)))


def _least(function: Function) -> dict[Symbol, int]:
    """Sizes from which on every axis is there: larger where another size is subtracted."""
    tensors = function.tensors.values()
    sums = [n for t in tensors for n in t.shape if not isinstance(n, Symbol)]
    symbols = function.program.dimensions
    many = {**dict.fromkeys(symbols, 40), **function.program.integers}
    minus = {s for n in sums for s in symbols if integer_value(n, {**many, s: 20}) > integer_value(n, many)}
    return {s: 1 if s in minus else _HIGH if any(s in n.free_symbols for n in sums) else _LOW for s in symbols}


def _degree(run: _Run, symbols: Sequence[Symbol], least: Mapping[Symbol, int], symbol: Symbol) -> int:
    """The degree in one size, the others held: the first differences that vanish."""
    values = [run.at({**least, symbol: least[symbol] + step}) for step in range(MOST_DEGREE + 2)]
    rows = [np.array(row, dtype=object) for row in zip(*values, strict=True)]
    for degree in range(MOST_DEGREE + 1):
        if all(not np.any(np.diff(row, degree + 1)) for row in rows):
            return degree
    raise CostError(
        f"{run.function.name}: the cost is no polynomial in {symbol} of degree {MOST_DEGREE} or less "
        "(a stride other than 1 makes it one only for some sizes)"
    )


__all__ = ["Cost", "Count", "cost", "cost_at_least", "leading", "readable"]

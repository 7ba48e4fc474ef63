"""Losses that are a multiple of the declared one: summed instead of averaged, with or without the half."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from derive.program import Program
from numeric.shapes import bind_sizes
from verify.errors import MappingError, SamplingError
from verify.oracle.arrangement import Arrangement
from verify.oracle.implementation import Implementation
from verify.oracle.looking import Looks
from verify.oracle.observation import alike

Array = NDArray[Any]

_CASES = 3


@dataclass(frozen=True)
class Scale:
    """A product and quotient of numbers and sizes.

    Example:
        >>> Scale.read("n*k/2", ["n", "k"]).at({"n": 3, "k": 5})
        Fraction(15, 2)
        >>> Scale.read("n + 1", ["n", "k"])
        Traceback (most recent call last):
        verify.errors.MappingError: scale: it is a product or quotient of numbers and the sizes n, k (scale='n/2'), got 'n + 1'
    """

    words: str

    @classmethod
    def read(cls, words: str, sizes: Sequence[str]) -> Scale:
        """
        Raises:
            MappingError: it is no product of numbers and sizes.
        """
        try:
            value = _value(ast.parse(words, mode="eval").body, dict.fromkeys(sizes, 1))
        except (SyntaxError, KeyError, ValueError, ArithmeticError):
            value = Fraction(0)
        if value <= 0:
            known = f"numbers and the sizes {', '.join(sizes)}" if sizes else "numbers"
            raise MappingError(f"scale: it is a product or quotient of {known} (scale='n/2'), got {words!r}")
        return cls(words)

    def at(self, sizes: Mapping[str, int]) -> Fraction:
        return _value(ast.parse(self.words, mode="eval").body, sizes)


def _value(node: ast.expr, sizes: Mapping[str, int]) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as number):
            return Fraction(number)
        case ast.Name(id=name):
            return Fraction(sizes[name])
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _value(left, sizes) * _value(right, sizes)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _value(left, sizes) / _value(right, sizes)
    raise ValueError


def scaled(made: Implementation, scale: Scale, program: Program) -> Implementation:
    """The implementation of a multiple of the declared loss, divided by it."""

    def factor(inputs: Mapping[str, Any]) -> float:
        shapes = {name: np.shape(value) for name, value in inputs.items() if name in program.tensors}
        integers = {str(symbol): inputs[str(symbol)] for symbol in program.integers if str(symbol) in inputs}
        return float(scale.at({str(symbol): size for symbol, size in bind_sizes(program, shapes, integers).items()}))

    ahead, back = made.forward, made.vjp

    def forward(**inputs: Any) -> dict[str, Array]:
        assert ahead is not None
        return {name: np.asarray(value) / factor(inputs) for name, value in ahead(**inputs).items()}

    def vjp(inputs: Mapping[str, Any], cotangents: Mapping[str, Array]) -> dict[str, Array]:
        assert back is not None
        return {name: np.asarray(value) / factor(inputs) for name, value in back(inputs, cotangents).items()}

    return replace(made, forward=ahead and forward, vjp=back and vjp, arranged=None)


def unreduced(made: Implementation, derivation: Derivation, seed: int) -> tuple[Implementation, tuple[str, ...]]:
    """An implementation that returns the loss of each element, added up, where a multiple of that is the declared loss.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> from verify.oracle.adapting import adapted
        >>> def squares(yhat, y):
        ...     return (yhat - y)**2
        >>> mse = derive(get("mse"))
        >>> found, words = unreduced(adapted(squares, mse, kind="forward"), mse, seed=1)
        >>> words
        ('its loss is not reduced: it is that of each element, and here their sum is judged',)
        >>> recognised_scale(found, mse, seed=1, alone=True)[1]
        ('its loss is n*k times the declared one',)
    """
    loss = _loss(derivation)
    if loss is None or made.forward is None:
        return made, ()
    ahead = replace(made, vjp=None)
    try:
        (first, *_) = Looks(derivation, seed, 1)(ahead)
        if not np.ndim(first.got.get(loss, 0.0)):
            return made, ()
        seen = [(each, float(each.got[loss])) for each in Looks(derivation, seed, _CASES)(_summed(ahead, loss))]
    except (SamplingError, MappingError, KeyError):
        return made, ()
    for scale in (Scale("1"), *_scales(_sizes(derivation.program))):
        factors = [float(scale.at({str(s): size for s, size in each.case.sizes.items()})) for each, _ in seen]
        if all(alike(got, each.due[loss] * factor, 1e-6) for (each, got), factor in zip(seen, factors, strict=True)):
            words = "its loss is not reduced: it is that of each element, and here their sum is judged"
            return _summed(made, loss), (words,)
    return made, ()


def _summed(made: Implementation, loss: str) -> Implementation:
    ahead, arranged = made.forward, made.arranged

    def forward(**inputs: Any) -> dict[str, Array]:
        assert ahead is not None
        return {name: np.sum(value) if name == loss else value for name, value in ahead(**inputs).items()}

    def again(arrangement: Arrangement) -> Implementation:
        assert arranged is not None
        return _summed(arranged(arrangement), loss)

    return replace(made, forward=ahead and forward, arranged=arranged and again)


def _loss(derivation: Derivation) -> str | None:
    """The scalar that is differentiated, if it is one."""
    single = len(derivation.of) == 1 and not derivation.program.tensors[derivation.of[0]].shape
    return derivation.of[0] if single else None


def _sizes(program: Program) -> list[str]:
    return list(dict.fromkeys(str(size) for t in program.inputs for size in t.shape if size.is_Symbol))


def recognised_scale(
    made: Implementation, derivation: Derivation, seed: int, stated: str | None = None, *, alone: bool = False
) -> tuple[Implementation, tuple[str, ...], tuple[str, ...]]:
    """The implementation of the declared loss, what it has otherwise, and what it may have otherwise.

    Where a forward pass says so, and a gradient agrees with it, the loss is a multiple of the declared one; of a gradient alone
    that cannot be told from a mistake, so that it is a note; of a forward pass alone neither, unless it is known to be another
    reduction (``alone``).  What is stated is taken for granted.

    Raises:
        MappingError: what is stated is no product of numbers and sizes, or the operation is no loss.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> from verify.oracle.adapting import adapted
        >>> def sse(yhat, y):
        ...     return np.sum((yhat - y)**2)/2
        >>> def sse_grad(yhat, y):
        ...     return {"yhat": yhat - y}
        >>> mse = derive(get("mse"), wrt=("yhat",))
        >>> recognised_scale(adapted((sse, sse_grad), mse), mse, seed=1)[1]
        ('its loss is n*k/2 times the declared one',)
        >>> recognised_scale(adapted(sse_grad, mse), mse, seed=1)[2]
        ("if its loss is meant to be n*k/2 times the declared one, its gradient is right: scale='n*k/2'",)
    """
    program = derivation.program
    loss, names = _loss(derivation), _sizes(program)
    if stated is not None:
        if loss is None:
            raise MappingError(f"scale: {program.name} is no loss: its output {', '.join(derivation.of)} is no scalar")
        scale = Scale.read(stated, names)
        return scaled(made, scale, program), (_words(scale),), ()
    if loss is None or (made.vjp is None and not alone):
        return made, (), ()
    try:
        seen = list(Looks(derivation, seed, _CASES)(made))
    except (SamplingError, MappingError):
        return made, (), ()
    if not all(each.fits and set(each.got) <= set(each.due) for each in seen):
        return made, (), ()
    returned = {name: [(each.got[name], each.due[name]) for each in seen] for name in seen[0].got}

    def agreeing(factors: Sequence[float]) -> list[str]:
        return [
            name
            for name, pairs in returned.items()
            if all(alike(got, due * c, 1e-6) for (got, due), c in zip(pairs, factors, strict=True))
        ]

    if set(agreeing([1.0] * _CASES)) >= set(returned) - ({loss} if made.vjp is not None else set()):
        return made, (), ()
    for scale in _scales(names):
        right = agreeing([float(scale.at({str(s): size for s, size in each.case.sizes.items()})) for each in seen])
        if loss in right and (len(right) > 1 or made.vjp is None):
            return scaled(made, scale, program), (_words(scale),), ()
        if loss not in returned and len(right) == len(returned):
            told = f"if its loss is meant to be {scale.words} times the declared one, its gradient is right: scale={scale.words!r}"
            return made, (), (told,)
    return made, (), ()


def _words(scale: Scale) -> str:
    return f"its loss is {scale.words} times the declared one"


def _scales(names: Sequence[str]) -> Iterator[Scale]:
    products = [*names, *("*".join(pair) for pair in combinations(names, 2))]
    for words in ("2", "1/2"):
        yield Scale(words)
    for words in products:
        below = f"({words})" if "*" in words else words
        for text in (words, f"{words}/2", f"2*{words}", f"1/{below}", f"2/{below}", f"1/(2*{words})"):
            yield Scale(text)


__all__ = ["Scale", "recognised_scale", "scaled", "unreduced"]

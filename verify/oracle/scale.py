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
from verify.generated import generated
from verify.judge import BUDGET
from verify.oracle.implementation import Implementation
from verify.oracle.observation import alike
from verify.protocol import Failure, run
from verify.sampling import Case, sample

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
        except (SyntaxError, KeyError, ValueError, ZeroDivisionError):
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


def recognised_scale(
    made: Implementation, derivation: Derivation, seed: int, stated: str | None = None
) -> tuple[Implementation, tuple[str, ...], tuple[str, ...]]:
    """The implementation of the declared loss, what it has otherwise, and what it may have otherwise.

    Where a forward pass says so, and a gradient agrees with it, the loss is a multiple of the declared one; of a gradient alone
    that cannot be told from a mistake, so that it is a note.  What is stated is taken for granted.

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
    loss = derivation.of[0] if len(derivation.of) == 1 and not program.tensors[derivation.of[0]].shape else None
    names = list(dict.fromkeys(str(size) for t in program.inputs for size in t.shape if size.is_Symbol))
    if stated is not None:
        if loss is None:
            raise MappingError(f"scale: {program.name} is no loss: its output {', '.join(derivation.of)} is no scalar")
        scale = Scale.read(stated, names)
        return scaled(made, scale, program), (_words(scale),), ()
    if loss is None or made.vjp is None or not (seen := _seen(made, derivation, seed)):
        return made, (), ()
    wrong = [name for name in seen[0][1] if not all(alike(got[name], due[name], 1e-6) for _, got, due in seen)]
    if not any(name != loss for name in wrong):
        return made, (), ()
    for scale in _scales(names):
        factors = [float(scale.at({str(s): size for s, size in case.sizes.items()})) for case, _, _ in seen]
        right = [
            name
            for name in seen[0][1]
            if all(alike(got[name], due[name] * c, 1e-6) for (_, got, due), c in zip(seen, factors, strict=True))
        ]
        if loss in right and len(right) > 1:
            return scaled(made, scale, program), (_words(scale),), ()
        if loss not in seen[0][1] and len(right) == len(seen[0][1]):
            told = f"if its loss is meant to be {scale.words} times the declared one, its gradient is right: scale={scale.words!r}"
            return made, (), (told,)
    return made, (), ()


def _words(scale: Scale) -> str:
    return f"its loss is {scale.words} times the declared one"


def _seen(
    made: Implementation, derivation: Derivation, seed: int
) -> list[tuple[Case, dict[str, Array], dict[str, Array]]]:
    """Cases, what is returned there and what is due; nothing where an array does not fit."""
    found = []
    for number in range(_CASES):
        try:
            case = sample(derivation.program, seed + number, derivation=derivation, budget=BUDGET, held=made.held)
            got = run(made.vjp, made.forward, case)
        except (SamplingError, MappingError):
            return []
        due = generated(derivation, case)
        if isinstance(got, Failure) or any(name not in due or got[name].shape != due[name].shape for name in got):
            return []
        found.append((case, got, due))
    return found


def _scales(names: Sequence[str]) -> Iterator[Scale]:
    products = [*names, *("*".join(pair) for pair in combinations(names, 2))]
    for words in ("2", "1/2"):
        yield Scale(words)
    for words in products:
        below = f"({words})" if "*" in words else words
        for text in (words, f"{words}/2", f"2*{words}", f"1/{below}", f"2/{below}", f"1/(2*{words})"):
            yield Scale(text)


__all__ = ["Scale", "recognised_scale", "scaled"]

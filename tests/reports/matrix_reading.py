"""A reader of matrix formulas: evaluates boxes as somebody does who sees them on paper, with arrays of numbers.

Vectors are columns.  A bold 1 is a vector (or array) of ones of whatever length is needed; the shapes that are printed below
factors are compared with those of the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.notation.tree import Box, Fence, Fraction, Letter, Named, Number, Row, Script, Sign, Under
from tests.reports.reading import COMPARE, Reader, parts, split

Array = Any
ONES = Letter("1", "bold")
TOP = Sign("top")
REDUCE: dict[str, Callable[..., Any]] = {
    "max": np.max, "min": np.min, "prod": np.prod,
    "logsumexp": lambda a, axis=None, keepdims=False: np.log(np.sum(np.exp(a), axis=axis, keepdims=keepdims)),
}  # fmt: skip


class Ones:
    """Ones of a shape that is not known yet: a column, or lying."""

    def __init__(self, lying: bool = False) -> None:
        self.lying = lying


@dataclass
class MatrixReader:
    """``tensors`` maps a printed name to its array (vectors as columns), ``scalars`` reads what has no axis."""

    tensors: Mapping[Box, Array]
    scalars: Reader
    functions: Mapping[str, Callable[..., Any]]

    def read(self, box: Box) -> Array:
        value = self.terms(parts(box))
        return np.ones((1, 1)) if isinstance(value, Ones) else value

    def terms(self, boxes: Sequence[Box]) -> Array:
        signs, groups = [1.0], [[]]
        for box in boxes:
            if box in (Sign("plus"), Sign("minus")):
                if groups[-1]:
                    groups.append([])
                    signs.append(1.0)
                signs[-1] = 1.0 if box == Sign("plus") else -1.0
            else:
                groups[-1].append(box)
        values = [self.elementwise(group) for group in groups]
        if len(values) == 1 and signs == [1.0]:
            return values[0]
        return sum(s * (1.0 if isinstance(v, Ones) else v) for s, v in zip(signs, values, strict=True))

    def elementwise(self, boxes: Sequence[Box]) -> Array:
        """Products side by side, joined by circled dots and strokes."""
        value: Any = None
        operator = Sign("odot")
        group: list[Box] = []
        for box in [*boxes, Sign("odot")]:
            if box in (Sign("odot"), Sign("oslash")):
                right = self.product(group)
                right = 1.0 if isinstance(right, Ones) else right
                value = right if value is None else value * right if operator == Sign("odot") else value / right
                operator, group = box, []
            else:
                group.append(box)
        return value

    def product(self, boxes: Sequence[Box]) -> Array:
        values: list[Any] = []
        rest = [b for b in boxes if b not in (Sign("thin"), Sign("cdot"), Sign("times"))]
        while rest:
            values.append(self.factor(rest))
        assert values, "an empty product"
        if len(values) == 1:
            return values[0]
        result = values[0]
        for value in values[1:]:
            result = _matmul(result, value)
        return result

    def factor(self, rest: list[Box]) -> Array:
        box = rest.pop(0)
        head = box.base if isinstance(box, Script) else box
        if isinstance(box, Under):
            value = self.product([box.body]) if not isinstance(box.body, Row) else self.terms(box.body.parts)
            shape = tuple(int(self.scalars.terms(piece)) for piece in _by_times(box.below))
            if isinstance(value, Ones):
                return np.ones(shape)
            assert value.shape == shape, f"the shape below {box.body} is {shape}, the value has {value.shape}"
            return value
        if isinstance(head, Named) or (
            isinstance(head, Letter) and head != ONES and rest and _opens(rest[0]) and head not in self.tensors
        ):
            return self.call(head, rest)
        return self.atom(box)

    def call(self, head: Named | Letter, rest: list[Box]) -> Array:
        name = head.name if isinstance(head, Named) else head.text
        argument = rest.pop(0)
        power = None
        if isinstance(argument, Script):
            power, argument = argument.sup, argument.base
        assert isinstance(argument, Fence)
        if name == "diag":
            value = self.terms(parts(argument.body)).ravel()
            exponent = 1.0 if power is None else self.scalars.read(power)
            return np.diag(value**exponent)
        arguments = [self.terms(piece) for piece in split(parts(argument.body))]
        arguments = [1.0 if isinstance(a, Ones) else a for a in arguments]
        for prefix, axis in (("row", 1), ("col", 0), ("", None)):
            op = name.removeprefix(prefix)
            if len(arguments) == 1 and op in REDUCE and (prefix == "" or name.startswith(prefix)):
                found = REDUCE[op](arguments[0], axis=axis, keepdims=True)
                value = found if axis == 1 or axis is None else found.T
                break
        else:
            value = np.vectorize(self.functions[name], otypes=[float])(*arguments)
        return value if power is None else self.powered(value, power)

    def powered(self, value: Array, power: Box) -> Array:
        if power == TOP:
            return value.T
        boxes = parts(power)
        if boxes[0] == Sign("odot"):
            return value ** self.scalars.terms(boxes[1:])
        assert np.size(value) == 1, f"a power of a matrix: {power}"
        return value ** self.scalars.read(power)

    def atom(self, box: Box) -> Array:
        if box in self.tensors:
            return self.tensors[box]
        if box == ONES:
            return Ones()
        match box:
            case Script(base, None, sup) if sup is not None and base == ONES:
                return Ones(lying=True) if sup == TOP else Ones()
            case Script(base, sub, sup) if sup is not None and Script(base, sub) in self.tensors and sub is not None:
                return self.powered(self.tensors[Script(base, sub)], sup)
            case Script(base, None, sup) if sup is not None and (base in self.tensors or not self._is_scalar(base)):
                return self.powered(self.atom(base), sup)
            case Fence("(", body):
                return self.terms(parts(body))
            case Fence("[", body):
                return self.bracket(parts(body))
            case Fraction(numerator, denominator):
                return np.full((1, 1), self.scalars.read(numerator) / self.scalars.read(denominator))
            case Number(text):
                return np.full((1, 1), float(text))
            case Row(inside):
                return self.terms(inside)
        return np.full((1, 1), self.scalars.read(box))

    def _is_scalar(self, base: Box) -> bool:
        return base in self.scalars.numbers or isinstance(base, Number) or base == Letter("e")

    def bracket(self, boxes: Sequence[Box]) -> Array:
        place = next(k for k, b in enumerate(boxes) if isinstance(b, Sign) and b.name in COMPARE)
        left, right = self.terms(boxes[:place]), self.terms(boxes[place + 1 :])
        sign = boxes[place]
        assert isinstance(sign, Sign)
        return np.vectorize(lambda a, b: float(COMPARE[sign.name](a, b)), otypes=[float])(left, right)


def _opens(box: Box) -> bool:
    return isinstance(box, Fence) or (isinstance(box, Script) and isinstance(box.base, Fence))


def _by_times(box: Box) -> list[list[Box]]:
    pieces: list[list[Box]] = [[]]
    for part in parts(box):
        if part == Sign("times"):
            pieces.append([])
        else:
            pieces[-1].append(part)
    return pieces


def _matmul(left: Any, right: Any) -> Any:
    """A matrix product; a number scales, ones have the length that is needed."""
    if isinstance(left, Ones) and isinstance(right, Ones):
        return Ones()
    if isinstance(left, Ones):
        if not left.lying:  # 1 v^T: the same row for every sample; a number times ones is that number
            return right
        return np.ones((1, right.shape[0])) @ right
    if isinstance(right, Ones):
        if right.lying or left.shape == (1, 1):
            return left
        return left @ np.ones((left.shape[1], 1))
    if left.shape == (1, 1) or right.shape == (1, 1):
        return left * right
    return left @ right


__all__ = ["MatrixReader"]

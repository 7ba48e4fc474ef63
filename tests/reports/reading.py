"""A reader of formulas: evaluates boxes as somebody does who sees them on paper.

It knows nothing of the expressions behind the boxes: juxtaposition multiplies, a large sum extends over the rest of its term,
a superscript is a power, a square bracket around a condition is 1 or 0.  Names are looked up as they are printed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from derive.notation.tree import (
    COMMA,
    Big,
    Box,
    Cases,
    Fence,
    Fraction,
    Letter,
    Named,
    Number,
    Root,
    Row,
    Script,
    Sign,
    Words,
)
from derive.registry import operations
from numeric import compile as generate
from numeric.errors import OutOfBounds

Value = float
Tensor = Callable[[tuple[int, ...]], float]


def logarithm(u: float) -> float:
    """The logarithm; of what has underflowed to 0 a reader with floats can say nothing."""
    if u == 0:
        raise FloatingPointError("the logarithm of 0")
    return math.log(u)


class Functions(dict[str, Callable[..., float]]):
    """Functions by the name that is printed; one that is not stated here is looked up in the catalog, by name or symbol."""

    def __missing__(self, printed: str) -> Callable[..., float]:
        operation = next(o for o in operations() if printed in (o.name, o.symbol) and o.function is not None)
        forward, names = generate(operation).forward, [t.name for t in operation.program.inputs]
        output = operation.program.outputs[0]

        def function(*arguments: float) -> float:
            given = {n: np.array([a]) if k == 0 else a for k, (n, a) in enumerate(zip(names, arguments, strict=False))}
            return float(forward(**given)[output][0])

        self[printed] = function
        return function


FUNCTIONS = Functions({
    "exp": math.exp, "log": logarithm, "tanh": math.tanh, "max": max, "min": min, "ReLU": lambda u: max(u, 0.0),
    "sin": math.sin, "cos": math.cos, "erf": math.erf, "sign": lambda u: float((u > 0) - (u < 0)),
    "GELU": lambda u: u * math.erfc(-u / math.sqrt(2)) / 2, "SiLU": lambda u: u / (1 + math.exp(-u)),
"sigma": lambda u: 1 / (1 + math.exp(-u)), "abs": abs,
})  # fmt: skip
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "equals": lambda a, b: a == b, "ne": lambda a, b: a != b,
}  # fmt: skip


@dataclass
class Reader:
    """``tensors`` maps a printed name to its elements, ``numbers`` a printed letter to its value, ``shapes`` a name to extents.

    An index below a sum without limits runs over the axis at which it stands.
    """

    tensors: Mapping[Box, Tensor]
    numbers: dict[Box, float]
    shapes: Mapping[Box, tuple[int, ...]] = field(default_factory=dict)

    def read(self, box: Box) -> float:
        """The value of a formula."""
        return self.terms(parts(box))

    def terms(self, boxes: Sequence[Box]) -> float:
        total, sign, current = 0.0, 1.0, []
        for position, box in enumerate(boxes):
            if box in (Sign("plus"), Sign("minus")):
                if current:
                    total += sign * self.factors(current)
                elif position:
                    raise AssertionError(f"two signs in a row: {boxes}")
                sign, current = (1.0 if box == Sign("plus") else -1.0), []
            else:
                current.append(box)
        return total + sign * self.factors(current)

    def factors(self, boxes: Sequence[Box]) -> float:
        """A term: factors side by side; what stands behind a large sum belongs to it."""
        assert boxes, "an empty term"
        value = 1.0
        rest = list(boxes)
        while rest:
            box = rest.pop(0)
            if box in (Sign("thin"), Sign("cdot"), Sign("times")):
                continue
            if box == Sign("slash"):  # a flat fraction, as in an exponent
                value /= self.atom(rest.pop(0))
                continue
            if isinstance(box, Big):
                return value * self.big(box, rest)
            if isinstance(box, Named) or (isinstance(box, Script) and isinstance(box.base, Named)):
                value *= self.call(box, rest)
            elif box == Letter("sigma") and rest and isinstance(rest[0], Fence):
                value *= 1.0 / (1.0 + math.exp(-self.read(fence(rest.pop(0)))))
            else:
                value *= self.atom(box)
        return value

    def call(self, box: Box, rest: list[Box]) -> float:
        power = 1.0
        if isinstance(box, Script):
            assert box.sup is not None
            power, box = self.read(box.sup), box.base
        assert isinstance(box, Named)
        function = FUNCTIONS[box.name]
        if isinstance(rest[0], Big):
            value = self.factors(rest)
            rest.clear()
            return function(value) ** power
        argument = rest.pop(0)
        if isinstance(argument, Fence):
            pieces = split(parts(argument.body))
            return function(*(self.terms(piece) for piece in pieces)) ** power
        return function(self.atom(argument)) ** power

    def atom(self, box: Box) -> float:
        match box:
            case Number(text):
                return float(text)
            case Letter() if box in self.numbers:
                return self.numbers[box]
            case Letter("e"):
                return math.e
            case Letter("pi"):
                return math.pi
            case Fraction(numerator, denominator):
                return self.read(numerator) / self.read(denominator)
            case Root(radicand):
                return math.sqrt(self.read(radicand))
            case Fence("(", body):
                return self.element(body, None) if body in self.tensors else self.read(body)
            case Fence("[", body):
                return float(self.holds(parts(body)))
            case Fence("floor", body):
                return math.floor(self.read(body) + 1e-9)
            case Fence("bar", body):
                return abs(self.read(body))
            case Cases(rows):
                return self.cases(rows)
            case Script() | Letter():
                return self.script(box)
            case _ if box in self.tensors:
                return self.element(box, None)
            case Row():
                return self.read(box)
        raise AssertionError(f"a reader does not know what {box} is")

    def script(self, box: Box) -> float:
        """A name with indices, a power, or both."""
        for candidate, sub, sup in readings(box):
            if (candidate in self.tensors and self.fits(candidate, sub)) or candidate in self.numbers:
                value = self.numbers[candidate] if candidate in self.numbers else self.element(candidate, sub)
                return value if sup is None else value ** self.read(sup)
        assert isinstance(box, Script), f"nobody said what {box} is"
        assert box.sub is None, f"nobody said what {box} is"
        assert box.sup is not None
        if box.base == Letter("e") and box.base not in self.numbers:
            return math.exp(self.read(box.sup))
        return self.atom(box.base) ** self.read(box.sup)

    def fits(self, name: Box, sub: Box | None) -> bool:
        """Whether a tensor has as many axes as there are indices: X_p may be a name, or an element of X."""
        return name not in self.shapes or len(self.shapes[name]) == (0 if sub is None else len(subscripts(sub)))

    def element(self, name: Box, sub: Box | None) -> float:
        indices = () if sub is None else tuple(self.position(piece) for piece in subscripts(sub))
        return self.tensors[name](indices)

    def position(self, boxes: Sequence[Box]) -> int:
        value = self.terms(boxes)
        assert value == int(value), f"an index that is no integer: {boxes}"
        return int(value)

    def big(self, sign: Big, rest: list[Box]) -> float:
        assert sign.below is not None
        spans: list[tuple[Box, int]] = []
        if sign.above is not None:
            index, _, low = parts(sign.below)
            assert low == Number("0")
            spans.append((index, int(self.read(sign.above)) + 1))
        else:
            for piece in split(parts(sign.below)):
                bounded = len(piece) > 1
                spans.append((piece[0], int(self.terms(piece[2:])) if bounded else self.axis(piece[0], rest)))
        values = []
        saved = dict(self.numbers)
        for point in product(*(range(n) for _, n in spans)):
            self.numbers.update({index: float(i) for (index, _), i in zip(spans, point, strict=True)})
            values.append(self.factors(rest))
        self.numbers = saved
        if sign.name == "sum":
            return math.fsum(values)
        if sign.name == "argmax":
            return float(values.index(max(values)))
        return math.prod(values) if sign.name == "prod" else {"max": max, "min": min}[sign.name](values)

    def axis(self, index: Box, boxes: Sequence[Box]) -> int:
        """The extent of the axis at which an index stands."""
        found = {n for box in boxes for n in self._axes(index, box)}
        assert len(found) == 1, f"the range of {index} is not to be seen: {found}"
        return found.pop()

    def _axes(self, index: Box, box: Box) -> set[int]:
        found: set[int] = set()
        for name, sub, _ in readings(box):
            if name in self.shapes and sub is not None and len(subscripts(sub)) == len(self.shapes[name]):
                pairs = zip(subscripts(sub), self.shapes[name], strict=True)
                found |= {n for piece, n in pairs if piece == [index]}
        for value in vars(box).values():
            for inner in _boxes(value):
                found |= self._axes(index, inner)
        return found

    def cases(self, rows: Sequence[tuple[Box, Box]]) -> float:
        for value, condition in rows:
            words = parts(condition)
            if words == [Words("otherwise")]:
                return self.read(value)
            assert words[0] == Words("if ")
            if self.holds(words[1:]):
                return self.read(value)
        raise AssertionError("no case applies")

    def holds(self, boxes: Sequence[Box]) -> bool:
        """A condition: a chain of relations; commas join conditions that must all hold."""
        return all(self.chain(piece) for piece in split(list(boxes)))

    def chain(self, boxes: Sequence[Box]) -> bool:
        sides: list[list[Box]] = [[]]
        relations = []
        for box in boxes:
            if isinstance(box, Sign) and box.name in COMPARE:
                relations.append(box.name)
                sides.append([])
            else:
                sides[-1].append(box)
        assert relations, f"no relation in {boxes}"
        values = [self.terms(side) for side in sides]
        return all(COMPARE[r](a, b) for r, a, b in zip(relations, values, values[1:], strict=False))


class Guarded(Reader):
    """Looks at a product's brackets first: what a false bracket multiplies is not looked at."""

    def factors(self, boxes: Sequence[Box]) -> float:
        outside: OutOfBounds | None = None
        for box in boxes:
            if isinstance(box, Big):
                break
            if isinstance(box, Fence) and box.kind == "[":
                try:
                    if not self.holds(parts(box.body)):
                        return 0.0
                except OutOfBounds as problem:  # another bracket may say that nobody looks there
                    outside = problem
        if outside is not None:
            raise outside
        return super().factors(boxes)


def _boxes(value: object) -> Iterator[Box]:
    """The boxes in a field: one, several, or pairs of them."""
    if isinstance(value, Box):
        yield value
    elif isinstance(value, tuple):
        for inner in value:
            yield from _boxes(inner)


def parts(box: Box) -> list[Box]:
    """A row's boxes; any other box alone."""
    return list(box.parts) if isinstance(box, Row) else [box]


def fence(box: Box) -> Box:
    assert isinstance(box, Fence)
    return box.body


def split(boxes: Sequence[Box]) -> list[list[Box]]:
    """Boxes between commas."""
    pieces: list[list[Box]] = [[]]
    for box in boxes:
        if box == COMMA:
            pieces.append([])
        else:
            pieces[-1].append(box)
    return pieces


def subscripts(sub: Box) -> list[list[Box]]:
    """The indices below a name: between commas, or letters side by side."""
    boxes = parts(sub)
    if COMMA in boxes or any(isinstance(b, Sign) for b in boxes):
        return split(boxes)
    return [[box] for box in boxes]


def readings(box: Box) -> list[tuple[Box, Box | None, Box | None]]:
    """The ways to take a scripted letter apart: (name, indices, power)."""
    found: list[tuple[Box, Box | None, Box | None]] = [(box, None, None)]
    if isinstance(box, Script):
        base = box.base.body if isinstance(box.base, Fence) else box.base
        if box.sup is not None:
            found += [(Script(base, sup=box.sup), box.sub, None), (Script(box.base, box.sub), None, box.sup)]
        found.append((base, box.sub, box.sup))
    return found

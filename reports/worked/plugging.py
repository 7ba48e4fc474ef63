"""A formula with numbers plugged in: one element of an equation, as a lecturer writes it on the board."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol, exp, fraction
from sympy import Function as SympyFunction

from derive.named import NamedFunction
from derive.nodes import Access, Reduce
from derive.notation import Notation
from derive.notation.expressions import function_name
from derive.notation.order import factor_key
from derive.notation.sums import split_sign
from derive.notation.tree import (
    CDOT,
    MINUS,
    PLUS,
    Box,
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
    fenced,
    row,
    separated,
    superscript,
)
from numeric.decimals import NEARLY_ZERO
from numeric.integers import integer_value

LARGEST = 9  # terms of a sum that are written out

Read = Callable[[str, tuple[int, ...]], str]


class NotSmall(Exception):
    """An equation that is too large to be written out with numbers, or has parts that are not."""


def decimal_box(text: str) -> Box:
    """A decimal number as boxes.

    >>> decimal_box("0.25")
    Number(text='0.25')
    """
    if text == NEARLY_ZERO:
        return Words(text)
    mantissa, _, power = text.removeprefix("-").partition("e")
    parts: list[Box] = [MINUS] if text.startswith("-") else []
    parts.append(Number(mantissa))
    if power:
        digits = Number(power.lstrip("-+"))
        parts += [Sign("times"), Script(Number("10"), sup=row(MINUS, digits) if power.startswith("-") else digits)]
    return row(*parts)


def plugged(
    expression: Expr, at: Mapping[Symbol, int], sizes: Mapping[Symbol, int], read: Read, notation: Notation
) -> Box:
    """An expression at these indices, every element as a number that ``read`` gives as text.

    Raises:
        NotSmall: a sum is long, or a node has no plain form with numbers.
    """
    return _Plugging(sizes, read, notation).signed(expression, dict(at))


class _Plugging:
    def __init__(self, sizes: Mapping[Symbol, int], read: Read, notation: Notation) -> None:
        self.sizes, self.read, self.notation = sizes, read, notation

    def signed(self, e: Expr, at: dict[Symbol, int]) -> Box:
        if isinstance(e, Add):
            return self._sum(list(e.args), at)
        if isinstance(e, Mul):
            negative, rest = split_sign(e)
            if negative:
                return row(MINUS, self._factor(rest, at))
        return self.box(e, at)

    def _sum(self, terms: list[Expr], at: dict[Symbol, int]) -> Box:
        signed = [(*split_sign(term), term) for term in terms]
        signed.sort(key=lambda s: (s[0] or not s[1].has(Reduce), s[1].is_number, str(s[1])))
        first = [s for s in signed if not s[0]] + [s for s in signed if s[0]]
        parts: list[Box] = []
        for number, (negative, rest, _) in enumerate(first):
            if number or negative:
                parts.append(MINUS if negative else PLUS)
            box = self.box(rest, at) if not isinstance(rest, Add) else fenced(self.signed(rest, at))
            parts.append(fenced(box) if parts and _negative(box) else box)
        return row(*parts)

    def box(self, e: Expr, at: dict[Symbol, int]) -> Box:
        if isinstance(e, Access):
            return self._access(e, at)
        if isinstance(e, Rational):
            return self._rational(e)
        if isinstance(e, Symbol):
            if e in at:
                return Number(str(at[e]))
            if e in self.sizes:
                return Number(str(self.sizes[e]))
        if isinstance(e, Add):
            return self._sum(list(e.args), at)
        if isinstance(e, Mul):
            return self._product(e, at)
        if isinstance(e, exp):
            return Script(Letter("e"), sup=self.signed(e.args[0], at))
        if isinstance(e, Pow):
            return self._power(e, at)
        if isinstance(e, Reduce):
            return self._reduce(e, at)
        if isinstance(e, NamedFunction | SympyFunction) and e.args:
            return row(function_name(type(e).__name__), fenced(separated([self.signed(a, at) for a in e.args])))
        raise NotSmall(type(e).__name__)

    def _access(self, e: Access, at: dict[Symbol, int]) -> Box:
        position = tuple(
            int(integer_value(i.xreplace({s: Integer(n) for s, n in at.items()}), self.sizes)) for i in e.indices
        )
        return decimal_box(self.read(e.tensor, position))

    def _rational(self, e: Rational) -> Box:
        sign = (MINUS,) if e.is_negative else ()
        top = Number(str(abs(int(e.p))))
        return row(*sign, top if e.q == 1 else Fraction(top, Number(str(int(e.q)))))

    def _product(self, e: Mul, at: dict[Symbol, int], contracted: bool = False) -> Box:
        top, bottom = fraction(e)
        if bottom != 1:
            return Fraction(self.signed(top, at), self.signed(bottom, at))
        factors = sorted((f for f in e.args if f != 1), key=lambda f: factor_key(f, self.notation, contracted))
        parts: list[Box] = []
        for number, factor in enumerate(factors):
            box = self._factor(factor, at)
            if number:
                parts.append(CDOT)
            parts.append(fenced(box) if _negative(box) and len(factors) > 1 else box)
        return row(*parts)

    def _factor(self, e: Expr, at: dict[Symbol, int]) -> Box:
        if isinstance(e, Add) or (isinstance(e, Reduce) and e.op == "sum"):
            return fenced(self.signed(e, at))
        return self.box(e, at)

    def _power(self, e: Pow, at: dict[Symbol, int]) -> Box:
        if e.exp == Rational(1, 2):
            return Root(self.signed(e.base, at))
        if e.exp.could_extract_minus_sign():
            return Fraction(Number("1"), self.box(Pow(e.base, -e.exp), at))
        base = self.signed(e.base, at)
        simple = isinstance(base, Number | Letter)
        return superscript(base if simple else fenced(base), self.signed(e.exp, at))

    def _reduce(self, e: Reduce, at: dict[Symbol, int]) -> Box:
        if e.op not in ("sum", "prod", "max", "min"):
            raise NotSmall(e.op)
        ranges = [range(int(integer_value(n, self.sizes))) for _, n in e.limits]
        places = list(product(*ranges))
        if not 0 < len(places) <= LARGEST:
            raise NotSmall("a long sum")
        terms = [{**at, **dict(zip(e.bound, place, strict=True))} for place in places]
        if e.op in ("max", "min"):
            return row(Named(e.op), fenced(separated([self.signed(e.body, t) for t in terms])))
        parts: list[Box] = []
        for number, term in enumerate(terms):
            box = self._product(e.body, term, True) if isinstance(e.body, Mul) else self._factor(e.body, term)
            if number:
                parts.append(PLUS if e.op == "sum" else CDOT)
            parts.append(fenced(box) if (number or e.op == "prod") and _negative(box) else box)
        return row(*parts)


def _negative(box: Box) -> bool:
    return isinstance(box, Row) and box.parts[:1] == (MINUS,)


def plain(box: Box) -> str:
    """Boxes of numbers on one line, as a terminal shows them.

    >>> plain(row(Number("2"), CDOT, fenced(row(MINUS, Number("0.3")))))
    '2*(-0.3)'
    """
    match box:
        case Number(text) | Letter(text) | Named(text) | Words(text):
            return text
        case Row(parts):
            words = [" - " if k and part == MINUS else plain(part) for k, part in enumerate(parts)]
            return "".join(words)
        case Fence(_, body):
            return f"({plain(body)})"
        case Fraction(top, bottom):
            return f"{_closed(top)}/{_closed(bottom)}"
        case Root(radicand):
            return f"sqrt({plain(radicand)})"
        case Script(base, sub, sup):
            below = f"_{plain(sub)}" if sub is not None else ""
            above = f"**{_closed(sup)}" if sup is not None else ""
            if isinstance(base, Letter) and base.text == "e" and sup is not None:
                return f"exp({plain(sup)})"
            return f"{plain(base)}{below}{above}"
        case Sign(name):
            return _SIGNS.get(name, f" {name} ")
    raise NotSmall(type(box).__name__)


def _closed(box: Box) -> str:
    text = plain(box)
    return text if isinstance(box, Number | Letter | Fence | Script) else f"({text})"


_SIGNS = {"plus": " + ", "minus": "-", "cdot": "*", "times": "*", "comma": ", ", "equals": " = "}

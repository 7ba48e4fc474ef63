"""How each node of an expression is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy
from sympy import Add, And, Expr, Mul, Not, Or, Pow, Symbol, exp
from sympy.core.relational import Relational

from derive.errors import BackproofError
from derive.named import NamedFunction
from derive.nodes import Access, Iverson, Maximum, Minimum, Partial, Reduce, Sensitivity, Slope, Where
from derive.notation.breaking import is_tall, width
from derive.notation.context import Notation
from derive.notation.names import GREEK, has_subscript, name_box
from derive.notation.numbers import float_box, is_short
from derive.notation.order import factor_key
from derive.notation.products import bounded, is_plain_number, merge_brackets, product_box
from derive.notation.sums import split_sign, sum_box
from derive.notation.tree import (
    EQUALS,
    MINUS,
    Big,
    Box,
    Cases,
    Evaluated,
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
from derive.registry import symbol_of
from derive.relation import oriented
from derive.text import content

RELATION_SIGNS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "equals", "!=": "ne"}
BARE_ARGUMENT = ("log",)  # functions written without parentheses before a single letter


class NoNotation(BackproofError, TypeError):
    """A node that nobody has said how to write."""


def function_name(name: str) -> Box:
    """A function as its declaration says that it is written: by a letter, or by an upright word."""
    symbol = symbol_of("abs" if name == "Abs" else name)
    return Letter(symbol) if symbol in GREEK else Named(symbol)


def expression_box(expression: Expr, notation: Notation | None = None) -> Box:
    """The boxes of an expression.

    >>> from derive.nodes import Access
    >>> expression_box(Access("alpha") / 2)
    Fraction(numerator=Letter(text='alpha', style='italic'), denominator=Number(text='2'))

    Raises :class:`NoNotation` for a node without a printed form.
    """
    return Setter(notation or Notation()).signed(expression)


def condition_box(condition: object, notation: Notation | None = None) -> Box:
    """The boxes of a condition: relations, two bounds in one chain, ``and`` as a comma."""
    return Setter(notation or Notation()).condition(condition)


@dataclass(frozen=True)
class Setter:
    """Sets expressions in one context."""

    notation: Notation

    # -- roles of a subexpression -------------------------------------------------------------------------------------

    def signed(self, expression: Expr) -> Box:
        """On its own: a leading minus is allowed."""
        if isinstance(expression, Add):
            number, rest = content(expression)
            return sum_box(self, expression) if number == 1 else product_box(self, Mul(number, rest, evaluate=False))
        negative, rest = split_sign(expression)
        return row(MINUS, self.factor_of_minus(rest)) if negative else self.box(rest)

    def factor_of_minus(self, expression: Expr) -> Box:
        return fenced(self.box(expression)) if isinstance(expression, Add) else self.box(expression)

    def term(self, expression: Expr) -> Box:
        """As a term of a sum, its sign already written."""
        return fenced(self.signed(expression)) if isinstance(expression, Add) else self.box(expression)

    def factor(self, expression: Expr, last: bool = False) -> Box:
        """As a factor of a product; an open-ended sum needs no parentheses where it comes last."""
        negative, _ = split_sign(expression)
        if isinstance(expression, Add | Where) or (negative and not isinstance(expression, Pow)):
            return fenced(self.signed(expression))
        if isinstance(expression, Reduce) and not last:
            return fenced(self.box(expression))
        if isinstance(expression, Maximum | Partial):
            return self.box(expression)
        return self.box(expression)

    def base(self, expression: Expr) -> Box:
        """As the base of a power."""
        simple = isinstance(expression, Access | Symbol | Iverson | NamedFunction | Maximum) or (
            is_plain_number(expression) and expression.is_nonnegative and not isinstance(expression, sympy.Rational)
        )
        if simple or (isinstance(expression, sympy.Integer) and expression >= 0):
            return self.box(expression)
        return fenced(self.signed(expression))

    # -- dispatch -----------------------------------------------------------------------------------------------------

    def box(self, expression: Expr) -> Box:
        """The boxes of an expression by its class."""
        for kind in type(expression).__mro__:
            method = _METHODS.get(kind)
            if method is not None:
                return method(self, expression)
        raise NoNotation(
            f"there is no notation for {type(expression).__name__} (in {expression}); use the nodes of "
            "derive.nodes and elementwise operations, or add a method to derive.notation.expressions"
        )

    def condition(self, condition: object) -> Box:
        if isinstance(condition, And):
            parts = merge_brackets([Iverson(part) for part in sorted(condition.args, key=str)])
            if len(parts) == 1:
                return self.chain(condition)
            return separated([self.condition(part.args[0]) for part in parts])
        if isinstance(condition, Or):
            boxes = [self.condition(part) for part in sorted(condition.args, key=str)]
            return separated(boxes, Words(" or "))
        if isinstance(condition, Not):
            return row(Words("not "), fenced(self.condition(condition.args[0])))
        if isinstance(condition, Relational):
            left, operator, right = oriented(condition)
            return row(self.signed(left), Sign(RELATION_SIGNS[operator]), self.signed(right))
        raise NoNotation(f"there is no notation for the condition {condition}")

    def chain(self, condition: And) -> Box:
        """``0 <= e < n`` for two bounds of one quantity."""
        found = [bounded(part) for part in condition.args]
        known = {b[1]: b for b in found if b is not None}
        if len(condition.args) != 2 or set(known) != {"lower", "upper"}:
            return separated([self.condition(part) for part in sorted(condition.args, key=str)])
        (quantity, _, low, low_strict), (_, _, high, high_strict) = known["lower"], known["upper"]
        left, right = (Sign("lt" if strict else "le") for strict in (low_strict, high_strict))
        return row(self.signed(low), left, self.signed(quantity), right, self.signed(high))

    # -- the order of factors -----------------------------------------------------------------------------------------

    def sorted_factors(self, factors: list[Expr], contracted: bool = False) -> list[Expr]:
        """Numbers, sizes, scalars, tensors (adjoints first, or along the contracted index), brackets, sums."""
        return sorted(factors, key=lambda f: factor_key(f, self.notation, contracted))

    # -- nodes --------------------------------------------------------------------------------------------------------

    def add(self, expression: Add) -> Box:
        return self.signed(expression)

    def mul(self, expression: Mul) -> Box:
        negative, rest = split_sign(expression)
        if negative:
            return row(MINUS, self.factor_of_minus(rest))
        return product_box(self, rest) if isinstance(rest, Mul) else self.box(rest)

    def power(self, expression: Pow) -> Box:
        base, exponent = expression.base, expression.exp
        if exponent.as_coeff_Mul()[0].is_negative:
            return product_box(self, expression)
        if exponent == sympy.Rational(1, 2):
            return Root(self.signed(base))
        above = self.script(exponent)
        box = self.base(base)
        if isinstance(box, Row) and isinstance(box.parts[0], Named) and len(box.parts) == 2:
            return row(Script(box.parts[0], sup=above), box.parts[1])
        return superscript(box, above)

    def script(self, exponent: Expr) -> Box:
        """An exponent: fractions lie flat."""
        if isinstance(exponent, sympy.Rational) and not isinstance(exponent, sympy.Integer):
            return row(Number(str(exponent.p)), Sign("slash"), Number(str(exponent.q)))
        return self.signed(exponent)

    def exponential(self, expression: exp) -> Box:
        argument = expression.args[0]
        quotient = self._softmax(argument)
        if quotient is not None:
            return quotient
        box = self.signed(argument)
        if width(box) > 7 or is_tall(box) or self.notation.is_taken("e"):
            return row(Named("exp"), fenced(box))
        return Script(Letter("e"), sup=box)

    def _softmax(self, argument: Expr) -> Box | None:
        """``exp(a - logsumexp(b))`` is the quotient ``exp(a) / sum(exp(b))``."""
        normalisers = [-t for t in Add.make_args(argument) if isinstance(-t, Reduce) and (-t).op == "logsumexp"]
        if len(normalisers) != 1:
            return None
        rest = argument + normalisers[0]
        return Fraction(self.box(exp(rest)), self._sum_like("sum", exp(normalisers[0].body), normalisers[0].limits))

    def number(self, expression: Expr) -> Box:
        if isinstance(expression, sympy.Rational) and not isinstance(expression, sympy.Integer):
            sign = (MINUS,) if expression.p < 0 else ()
            return row(*sign, Fraction(Number(str(abs(expression.p))), Number(str(expression.q))))
        if isinstance(expression, sympy.Float):
            return float_box(float(expression))
        value = int(expression)
        return Number(str(value)) if value >= 0 else row(MINUS, Number(str(-value)))

    def symbol(self, expression: Symbol) -> Box:
        return name_box(expression.name)

    def access(self, expression: Access) -> Box:
        name = self.notation.name(expression.tensor)
        if not expression.indices:
            return name
        if isinstance(name, Script) and name.sub is None:
            return Script(name.base, self.indices(expression.indices), name.sup)
        if has_subscript(name):
            name = fenced(name)
        return Script(name, self.indices(expression.indices))

    def indices(self, positions: tuple[Expr, ...]) -> Box:
        """Subscripts: side by side where each is one letter, else with commas."""
        boxes = [self.signed(position) for position in positions]
        plain = all(isinstance(b, Letter) and b.style == "italic" for b in boxes)
        return row(*boxes) if plain else separated(boxes)

    def reduce(self, expression: Reduce) -> Box:
        op = expression.op
        if op == "logsumexp":
            inside = self._sum_like("sum", exp(expression.body), expression.limits)
            return row(Named("log"), inside)
        return self._sum_like(op, expression.body, expression.limits)

    def _sum_like(self, op: str, body: Expr, limits: tuple[tuple[Symbol, Expr], ...]) -> Box:
        inner = self._body(op, body)
        ordered = [(i, self.notation.extent(n)) for i, n in self._in_reading_order(body, limits)]
        if op not in ("sum", "prod"):
            below = separated([self.range(i, n) for i, n in ordered])
            return row(Big(op, below), inner)
        if len(ordered) <= 2 and all(is_short(n) for _, n in ordered):
            bigs: list[Box] = [Big(op, row(self.box(i), EQUALS, Number("0")), self.signed(n - 1)) for i, n in ordered]
            return row(*bigs, inner)
        plain = {i for access in body.atoms(Access) for i in access.indices}
        short = [i if i in plain else None for i, _ in ordered]  # the axis at which an index stands tells its range
        bare = [self.box(i) if i else self.range(*limit) for i, limit in zip(short, ordered, strict=True)]
        return row(Big(op, separated(bare)), inner)

    def range(self, i: Symbol, extent: Expr) -> Box:
        return row(self.box(i), Sign("lt"), self.signed(extent))

    def _body(self, op: str, body: Expr) -> Box:
        if isinstance(body, Add | Where) or (op != "sum" and split_sign(body)[0]):
            return fenced(self.signed(body))
        if split_sign(body)[0]:
            return fenced(self.signed(body))
        if isinstance(body, Mul):
            _, rest = split_sign(body)
            return Setter(self.notation).contraction(rest)
        return self.box(body)

    def contraction(self, expression: Expr) -> Box:
        """A product under a sum: factors in the order of a matrix product."""
        return product_box(_Contracting(self.notation), expression)

    def _in_reading_order(self, body: Expr, limits: tuple[tuple[Symbol, Expr], ...]) -> list[tuple[Symbol, Expr]]:
        """Bound indices in the order in which the printed body mentions them."""
        factors = _Contracting(self.notation).sorted_factors(list(Mul.make_args(body)))
        seen: list[Symbol] = []
        for factor in factors:
            for access in [factor] if isinstance(factor, Access) else sorted(factor.atoms(Access), key=str):
                for position in access.indices:
                    seen.extend(s for s in sorted(position.free_symbols, key=str) if s not in seen)
        place = {i: k for k, i in enumerate(seen)}
        return sorted(limits, key=lambda limit: (place.get(limit[0], len(seen)), str(limit[0])))

    def where(self, expression: Where) -> Box:
        rows: list[tuple[Box, Box]] = []
        rest: Expr = expression
        while isinstance(rest, Where):
            rows.append((self.signed(rest.args[1]), row(Words("if "), self.condition(rest.condition))))
            rest = rest.args[2]
        rows.append((self.signed(rest), Words("otherwise")))
        return Cases(tuple(rows))

    def iverson(self, expression: Iverson) -> Box:
        return Fence("[", self.condition(expression.condition))

    def extremum(self, expression: Maximum) -> Box:
        name = "min" if isinstance(expression, Minimum) else "max"
        return row(Named(name), fenced(separated([self.signed(a) for a in expression.args[:2]])))

    def function(self, expression: Expr) -> Box:
        name = type(expression).__name__
        arguments = [self.signed(a) for a in expression.args]
        title = function_name(name)
        if name in BARE_ARGUMENT and isinstance(expression.args[0], Access | Symbol):
            return row(title, arguments[0])
        return row(title, fenced(separated(arguments)))

    def floor(self, expression: Expr) -> Box:
        return Fence("floor", self.signed(expression.args[0]))

    def modulo(self, expression: Expr) -> Box:
        a, b = expression.args
        return fenced(row(self.signed(a), Words(" mod "), self.signed(b)))

    def magnitude(self, expression: Expr) -> Box:
        return Fence("bar", self.signed(expression.args[0]))

    def partial(self, expression: Partial) -> Box:
        """A local derivative: of the expression itself where the value is the only element of its tensor, else at a value.

        A sum beside it may run over that very element, which is held fixed: then only a letter of its own tells them apart.
        """
        body, variable, value = expression.body, expression.variable, expression.value
        if isinstance(value, Access) and all(a.tensor != value.tensor for a in body.atoms(Access)):
            return self._derivative(body.xreplace({variable: value}), self.box(value))
        letter = Symbol("u", real=True)
        derived = self._derivative(body.xreplace({variable: letter}), self.box(letter))
        return Evaluated(derived, row(self.box(letter), EQUALS, self.signed(value)))

    def _derivative(self, body: Expr, variable: Box) -> Box:
        bottom = row(Sign("partial"), variable)
        inner = self.factor(body, last=True)
        if width(inner) < 7 and not is_tall(inner):
            return Fraction(row(Sign("partial"), inner), bottom)
        return row(Fraction(Sign("partial"), bottom), inner)

    def sensitivity(self, expression: Sensitivity) -> Box:
        goal = row(Sign("partial"), self.notation.goal())
        return Fraction(goal, row(Sign("partial"), self.box(expression.access)))

    def slope(self, expression: Slope) -> Box:
        top, bottom = (row(Sign("partial"), self.box(access)) for access in expression.args)
        return Fraction(top, bottom)

    def constant(self, expression: Expr) -> Box:
        if expression == sympy.oo:
            return Sign("infinity")
        if expression == -sympy.oo:
            return row(MINUS, Sign("infinity"))
        return Letter("pi") if expression == sympy.pi else Letter("e")


class _Contracting(Setter):
    """Sets the product under a sum: factors stand along the contracted index, as in a matrix product."""

    def sorted_factors(self, factors: list[Expr], contracted: bool = True) -> list[Expr]:
        return super().sorted_factors(factors, contracted)


_METHODS: dict[type, Callable[[Setter, Expr], Box]] = {
    Add: Setter.add,
    Mul: Setter.mul,
    Pow: Setter.power,
    exp: Setter.exponential,
    sympy.Number: Setter.number,
    Symbol: Setter.symbol,
    Access: Setter.access,
    Reduce: Setter.reduce,
    Where: Setter.where,
    Iverson: Setter.iverson,
    Maximum: Setter.extremum,
    sympy.floor: Setter.floor,
    sympy.Mod: Setter.modulo,
    sympy.Abs: Setter.magnitude,
    Partial: Setter.partial,
    Sensitivity: Setter.sensitivity,
    Slope: Setter.slope,
    sympy.core.numbers.Infinity: Setter.constant,
    sympy.core.numbers.NegativeInfinity: Setter.constant,
    sympy.core.numbers.Pi: Setter.constant,
    sympy.core.numbers.Exp1: Setter.constant,
    sympy.Function: Setter.function,
}

"""The two kinds of exact numbers: rigorous balls (Arb) and fractions."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, ClassVar, Protocol

import numpy as np
from flint import arb, fmpq

from numeric.errors import NotRational, Undecidable, UnsupportedExpression


class Field(Protocol):
    """Arithmetic is that of Python's operators on the numbers themselves; the rest is here."""

    name: str
    functions: frozenset[str]

    def number(self, value: Any) -> Any: ...
    def given_back(self, value: Any) -> Any: ...
    def constant(self, name: str) -> Any: ...
    def apply(self, function: str, argument: Any) -> Any: ...
    def power(self, base: Any, exponent: Any) -> Any: ...
    def divide(self, a: Any, b: Any) -> Any: ...
    def less(self, a: Any, b: Any) -> bool: ...
    def equal(self, a: Any, b: Any) -> bool: ...
    def maximum(self, a: Any, b: Any) -> Any: ...
    def minimum(self, a: Any, b: Any) -> Any: ...
    def logsumexp(self, values: list[Any]) -> Any: ...


def fraction(value: Any) -> Fraction | None:
    """The value of a finite Python, NumPy or SymPy number as a fraction, without rounding; None for inf and nan."""
    if isinstance(value, (int, Fraction)):
        return Fraction(value)
    if hasattr(value, "p") and hasattr(value, "q"):
        return Fraction(int(value.p), int(value.q))
    number = float(value)  # float32 and float64 both go in exactly
    return Fraction(number) if math.isfinite(number) else None


class Balls:
    """Real numbers enclosed by python-flint's ``arb`` at the precision of its context."""

    name = "arb"
    _methods: ClassVar[dict[str, str]] = {
        "exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tan": "tan", "sinh": "sinh", "cosh": "cosh",
        "tanh": "tanh", "sech": "sech", "atan": "atan", "asin": "asin", "acos": "acos", "asinh": "asinh",
        "acosh": "acosh", "atanh": "atanh", "erf": "erf", "erfc": "erfc", "gamma": "gamma", "loggamma": "lgamma",
        "digamma": "digamma", "expm1": "expm1", "log1p": "log1p",
    }  # fmt: skip
    functions = frozenset(_methods) | {"Abs", "sign"}

    def number(self, value: Any) -> arb:
        if isinstance(value, arb):
            return value
        if isinstance(value, (float, np.floating)):  # exact, and by far the most frequent
            return arb(float(value))
        if type(value).__name__ == "fmpq":
            return arb(value)
        exact = fraction(value)
        if exact is None:
            return arb(float(value))
        return arb(fmpq(exact.numerator, exact.denominator))

    def given_back(self, value: Any) -> Any:
        """A number as a caller sees it."""
        return value

    def constant(self, name: str) -> arb:
        if name == "pi":
            return arb.pi()
        if name == "E":
            return arb.const_e()
        raise UnsupportedExpression(f"no value for the constant {name}")

    def apply(self, function: str, argument: arb) -> arb:
        if function == "Abs":
            return abs(argument)
        if function == "sign":
            if self.equal(argument, arb(0)):
                return arb(0)
            return arb(-1) if self.less(argument, arb(0)) else arb(1)
        if function not in self._methods:
            raise UnsupportedExpression(f"the function {function} has no ball-arithmetic evaluation")
        if (function == "log" and argument.is_zero()) or (function == "log1p" and argument == -1):
            return arb.neg_inf()
        method = self._methods[function]
        return self._defined(lambda u: getattr(u, method)(), argument, function)

    def _defined(self, compute: Callable[[arb], arb], argument: arb, what: str) -> arb:
        """A value that is not a number is refused where more bits may make it one: a ball that reaches over a pole."""
        value = compute(argument)
        if value.is_finite() or argument.is_exact() or not argument.is_finite():
            return value
        if any(compute(end).is_finite() for end in (argument.lower(), argument.mid(), argument.upper())):
            raise Undecidable(f"cannot decide whether {what} is defined on {argument}; use more bits")
        return value

    def power(self, base: arb, exponent: Any) -> arb:
        return self._defined(lambda u: self._power(u, exponent), base, f"the power {exponent}")

    def _power(self, base: arb, exponent: Any) -> arb:
        if isinstance(exponent, (int, Fraction)):
            exact = Fraction(exponent)
            if exact.denominator == 1:
                return _integer_power(base, int(exact))
            if exact.denominator == 2:
                return _integer_power(base.sqrt(), int(2 * exact))
            power: arb = base ** arb(fmpq(exact.numerator, exact.denominator))
            return power
        raised: arb = base**exponent
        return raised

    def divide(self, a: arb, b: arb) -> arb:
        return self._defined(lambda u: a / u, b, "a quotient")

    def less(self, a: arb, b: arb) -> bool:
        if a is b:
            return False
        if a < b:
            return True
        if a >= b:
            return False
        raise Undecidable(f"cannot decide whether {a} < {b}: the balls overlap; use more bits")

    def equal(self, a: arb, b: arb) -> bool:
        if a is b or a == b:  # the same ball object is the same real number: a maximum and the element it is
            return True
        if a != b:
            return False
        raise Undecidable(f"cannot decide whether {a} = {b}: the balls overlap; use more bits")

    def maximum(self, a: arb, b: arb) -> arb:
        return a if a >= b else b if b > a else a.max(b)

    def minimum(self, a: arb, b: arb) -> arb:
        return a if a <= b else b if b < a else a.min(b)

    def logsumexp(self, values: list[arb]) -> arb:
        finite = [value for value in values if value != arb.neg_inf()]
        if not finite:
            return arb.neg_inf()
        shift = max((value.mid() for value in finite), key=float)  # any shift is right; this one is small
        if not shift.is_finite():
            return sum((value.exp() for value in finite), arb(0)).log()
        return shift + sum(((value - shift).exp() for value in finite), arb(0)).log()


def _integer_power(base: arb, exponent: int) -> arb:
    """By multiplication: ``**`` of python-flint gives NaN for a ball whose midpoint is 0."""
    if exponent < 0:
        return 1 / _integer_power(base, -exponent)
    result, square = arb(1), base
    while exponent:
        if exponent % 2:
            result = result * square
        square = square * square if exponent > 1 else square
        exponent //= 2
    return result


class Fractions:
    """Exact rational numbers; a function whose value is not rational is refused.

    Inside they are python-flint's ``fmpq``, which is ten times as fast as Python's ``Fraction``.
    """

    name = "rational"
    functions = Balls.functions  # known, so that the refusal can say that the value is not rational

    def number(self, value: Any) -> fmpq:
        if isinstance(value, fmpq):
            return value
        exact = fraction(value)
        if exact is None:
            raise NotRational(f"{value} is not a rational number; use field='arb'")
        return fmpq(exact.numerator, exact.denominator)

    def given_back(self, value: Any) -> Any:
        return Fraction(int(value.p), int(value.q)) if isinstance(value, fmpq) else value

    def constant(self, name: str) -> fmpq:
        raise NotRational(f"the constant {name} is not rational; use field='arb'")

    def apply(self, function: str, argument: fmpq) -> fmpq:
        if function == "Abs":
            return abs(argument)
        if function == "sign":
            return fmpq((argument > 0) - (argument < 0))
        raise NotRational(f"{function}({argument}) is not a rational number in general; use field='arb'")

    def power(self, base: fmpq, exponent: Any) -> fmpq:
        exact = Fraction(self.given_back(exponent))
        if exact.denominator == 1:
            if base == 0 and exact < 0:
                raise NotRational(f"division by zero: 0 to the power {exact}")
            raised: fmpq = base ** int(exact)
            return raised
        if exact.denominator == 2 and base >= 0:
            root = fmpq(math.isqrt(int(base.p)), math.isqrt(int(base.q)))
            if root * root == base:
                return self.power(root, 2 * exact)
        raise NotRational(f"{base} to the power {exact} is not a rational number; use field='arb'")

    def divide(self, a: fmpq, b: fmpq) -> fmpq:
        if b == 0:
            raise NotRational(f"division by zero: {a}/0")
        return a / b

    def less(self, a: fmpq, b: fmpq) -> bool:
        return bool(a < b)

    def equal(self, a: fmpq, b: fmpq) -> bool:
        return bool(a == b)

    def maximum(self, a: fmpq, b: fmpq) -> fmpq:
        return max(a, b)

    def minimum(self, a: fmpq, b: fmpq) -> fmpq:
        return min(a, b)

    def logsumexp(self, values: list[fmpq]) -> fmpq:
        raise NotRational("logsumexp is not a rational number in general; use field='arb'")


def field_named(name: str) -> Field:
    """The field ``"arb"`` or ``"rational"``."""
    if name == "arb":
        return Balls()
    if name == "rational":
        return Fractions()
    raise ValueError(f"unknown field {name!r}; known: 'arb', 'rational'")

"""Expressions compiled to Python closures over exact numbers, one rule for each kind of node.

In two stages: with its indices chosen, an expression becomes a function of the tensor elements alone.  Which elements
those are depends on sizes and not on values, so that one such function serves every input of the same sizes.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

from sympy import Add, Expr, Float, Function, Integer, Mul, Pow, Rational, Symbol, exp, floor, log
from sympy import Max as SymMax
from sympy import Min as SymMin
from sympy.core.numbers import ComplexInfinity, Infinity, NaN, NegativeInfinity, NumberSymbol
from sympy.logic.boolalg import Boolean

from derive.named import NamedFunction
from derive.nodes import Access, Iverson, Maximum, Minimum, Reduce, Where
from numeric.conditions import Conditions, Key, Reader, Staged, Test, Value, reader_of
from numeric.errors import UnsupportedExpression
from numeric.fields import Field
from numeric.integers import Environment


class Closures(Conditions):
    """Compiler of expressions into functions ``indices -> (values -> number)`` of one field."""

    def __init__(self, field: Field, sizes: Environment, where: str = "") -> None:
        super().__init__(field, sizes, where)
        self._compiled: dict[Expr, Staged] = {}
        self._elements: dict[Key, Value] = {}
        self._count = itertools.count()
        zero, one = field.number(0), field.number(1)
        self._zero: Value = lambda reader: zero
        self._one: Value = lambda reader: one

    def real(self, expression: Expr) -> Staged:
        """The function for a real expression."""
        if expression not in self._compiled:
            self._compiled[expression] = self._real(expression)
        return self._compiled[expression]

    def integer_element(self, expression: Expr) -> Staged:
        """The function for the right-hand side of an integer tensor."""
        exact = self.integer(expression)
        if expression.has(Access, Reduce):
            return self.when_read(exact, expression)
        return lambda env: _constant(exact(env))

    def _real(self, expression: Expr) -> Staged:
        field = self.field
        if self.is_integer(expression):
            return self._from_integer(expression)
        if isinstance(expression, Symbol):
            symbol = expression
            return lambda env: _constant(field.number(env[symbol]))
        if isinstance(expression, (Float, Rational)):
            number = _constant(field.number(expression))
            return lambda env: number
        if isinstance(expression, (Infinity, NegativeInfinity, NaN, ComplexInfinity)):
            text = {Infinity: "inf", NegativeInfinity: "-inf"}.get(type(expression), "nan")
            return lambda env: _constant(field.number(float(text)))
        if isinstance(expression, NumberSymbol) or expression.is_NumberSymbol:
            name = {"Exp1": "E", "Pi": "pi"}.get(type(expression).__name__, type(expression).__name__)
            return lambda env: _constant(field.constant(name))
        if isinstance(expression, Access):
            return self._access(expression)
        if isinstance(expression, Add):
            if (near := _near_zero(expression)) is not None:
                return self._function(*near)
            terms = [self.real(term) for term in expression.args]
            return lambda env: self._sum([term(env) for term in terms])
        if isinstance(expression, Mul):
            return self._product(expression.args)
        if isinstance(expression, Pow):
            return self._power(expression)
        if isinstance(expression, Iverson):
            return self._choice(expression.condition, lambda env: self._one, lambda env: self._zero)
        if isinstance(expression, Where):
            return self._choice(expression.condition, self.real(expression.args[1]), self.real(expression.args[2]))
        if isinstance(expression, (Maximum, SymMax, SymMin)):
            return self._extremum(expression)
        if isinstance(expression, Reduce):
            return self._reduction(expression)
        if isinstance(expression, NamedFunction):
            return self._call(expression)
        if isinstance(expression, floor):
            raise UnsupportedExpression(f"{self.where}: floor of a real expression is not supported: {expression}")
        if isinstance(expression, log) and isinstance(u := expression.args[0], Add) and u.args[0] == 1:
            return self._function("log1p", u - 1)
        if isinstance(expression, Function) and len(expression.args) == 1:
            name = type(expression).__name__
            if name in field.functions:
                return self._function(name, expression.args[0])
        raise UnsupportedExpression(f"{self.where}: no rule for the node {type(expression).__name__}: {expression}")

    def _call(self, call: NamedFunction) -> Staged:
        if not any(a.has(Function) for a in call.args):
            return self.real(call.definition())
        # Put in, exp(log(u)) would fall away and leave a difference: the arguments are computed first.
        names = {p: f"?{p.name}" for p in type(call).parameters}
        inner = self.real(type(call).body.xreplace({p: Access(name) for p, name in names.items()}))
        arguments = [self.real(a) for a in call.args]

        def called(env: Environment) -> Value:
            body, values = inner(env), [argument(env) for argument in arguments]

            def value(reader: Reader) -> Any:
                known: dict[Key, Any] = {(name, ()): v(reader) for name, v in zip(names.values(), values, strict=True)}
                return body(Reader(known, reader.read))

            return value

        return called

    def _function(self, name: str, argument: Expr, factor: Any = 1) -> Staged:
        field, number = self.field, self.field.number(factor)
        if factor == 1:
            return self._combined(lambda u: field.apply(name, u), self.real(argument))
        return self._combined(lambda u: number * field.apply(name, u), self.real(argument))

    def _access(self, access: Access) -> Staged:
        name, positions = access.tensor, [self.integer(position) for position in access.indices]
        if any(position.has(Access, Reduce) for position in access.indices):

            def looked_up(env: Environment) -> Any:
                return reader_of(env).read(name, tuple(int(position(env)) for position in positions))

            return self.when_read(looked_up, *access.indices)

        def element(env: Environment) -> Value:
            key = name, tuple([int(position(env)) for position in positions])
            if key not in self._elements:
                self._elements[key] = _element(key)
            return self._elements[key]

        return element

    def _from_integer(self, expression: Expr) -> Staged:
        exact, field = self.integer(expression), self.field

        def number(env: Environment) -> Any:
            try:
                return field.number(exact(env))
            except ZeroDivisionError:  # 1/n of an empty axis
                return field.number(float("nan"))

        if expression.has(Access, Reduce):
            return self.when_read(number, expression)
        return lambda env: _constant(number(env))

    def _choice(self, condition: Boolean, yes: Staged, no: Staged) -> Staged:
        test = self.condition(condition)

        def choice(env: Environment) -> Value:
            holds = test(env)
            if isinstance(holds, bool):
                return yes(env) if holds else no(env)
            a, b = yes(env), no(env)
            return lambda reader: a(reader) if holds(reader) else b(reader)

        return choice

    def _sum(self, terms: Sequence[Value]) -> Value:
        parts = [term for term in terms if term is not self._zero]
        if len(parts) < 2:
            return parts[0] if parts else self._zero
        first, *rest = parts
        if len(rest) == 1:
            (second,) = rest
            return lambda reader: first(reader) + second(reader)
        return lambda reader: sum([part(reader) for part in rest], first(reader))

    def _product(self, factors: Sequence[Expr]) -> Staged:
        brackets = [factor for factor in factors if isinstance(factor, Iverson)]
        others = [self.real(factor) for factor in factors if not isinstance(factor, Iverson)]
        tests = [self.condition(b.condition) for b in sorted(brackets, key=lambda b: bool(b.atoms(Access)))]

        def product(env: Environment) -> Value:
            conditions = []
            for test in tests:
                holds = test(env)
                if holds is False:
                    return self._zero  # strongly: nothing else is evaluated
                if not isinstance(holds, bool):
                    conditions.append(holds)
            value = self._multiplied([factor(env) for factor in others])
            if not conditions:
                return value
            zero = self._zero
            return lambda reader: (value if all(holds(reader) for holds in conditions) else zero)(reader)

        return product

    def _multiplied(self, factors: Sequence[Value]) -> Value:
        if len(factors) < 2:
            return factors[0] if factors else self._one
        if len(factors) == 2:
            first, second = factors
            return lambda reader: first(reader) * second(reader)

        def value(reader: Reader) -> Any:
            result = factors[0](reader)
            for factor in factors[1:]:
                result = result * factor(reader)
            return result

        return value

    def _power(self, expression: Pow) -> Staged:
        field, base, exponent = self.field, self.real(expression.base), expression.exp
        if expression.base.is_NumberSymbol and type(expression.base).__name__ == "Exp1":
            return self._combined(lambda a: field.apply("exp", a), self.real(exponent))
        if exponent == Integer(-1):
            one = field.number(1)
            return self._combined(lambda b: field.divide(one, b), base)
        if self.is_integer(exponent):
            return self._combined(field.power, base, self.integer_element(exponent))
        return self._combined(field.power, base, self.real(exponent))

    @staticmethod
    def _combined(operation: Callable[..., Any], *parts: Staged) -> Staged:
        def combined(env: Environment) -> Value:
            values = [part(env) for part in parts]
            if len(values) == 1:
                (value,) = values
                return lambda reader: operation(value(reader))
            return lambda reader: operation(*[value(reader) for value in values])

        return combined

    def _extremum(self, expression: Expr) -> Staged:
        field = self.field
        pick = field.minimum if isinstance(expression, (Minimum, SymMin)) else field.maximum
        count = 2 if isinstance(expression, Maximum) else len(expression.args)
        parts = [self.real(argument) for argument in expression.args[:count]]
        return self._combined(lambda *values: functools.reduce(pick, values), *parts)

    def _sparse_environments(self, reduce: Reduce) -> Callable[[Environment], Any]:
        """The environments of a sum whose brackets hold: each is looked at as soon as its indices are chosen.

        A bracket that fails makes the term strongly zero, so leaving the term out changes nothing; for the scatters of
        a convolution it leaves out nearly all of them.  The environment that is handed out is one and the same.
        """
        extents = {i: self.integer(extent) for i, extent in reduce.limits}
        brackets = [f for f in Mul.make_args(reduce.body) if isinstance(f, Iverson) and not f.atoms(Access)]
        needs = [{i for i in reduce.bound if i in bracket.free_symbols} for bracket in brackets]
        order = list(dict.fromkeys([i for need in needs for i in reduce.bound if i in need] + list(reduce.bound)))
        tests: list[list[Test]] = [[] for _ in range(len(order) + 1)]
        for bracket, need in zip(brackets, needs, strict=True):
            depth = max((order.index(i) + 1 for i in need), default=0)
            tests[depth].append(self.condition(bracket.condition))

        def choose(env: dict[Symbol, int], depth: int) -> Any:
            if not all(test(env) for test in tests[depth]):
                return
            if depth == len(order):
                yield env
                return
            for position in range(int(extents[order[depth]](env))):
                env[order[depth]] = position
                yield from choose(env, depth + 1)

        return lambda env: choose(dict(env), 0)

    def _reduction(self, expression: Reduce) -> Staged:
        body, combine = self.real(expression.body), self._combine(expression.op)
        environments = (
            self._sparse_environments(expression) if expression.op == "sum" else self.environments(expression)
        )
        free = sorted((s for s in expression.free_symbols if s not in self.sizes), key=str)
        memo: dict[tuple[int, ...], Value] = {}

        def staged(env: Environment) -> Value:
            parts = [body(inner) for inner in environments(env)]
            if expression.op == "sum":
                parts = [part for part in parts if part is not self._zero]
            number = next(self._count)

            def value(reader: Reader) -> Any:
                kept = reader.kept
                if number not in kept:
                    kept[number] = combine([part(reader) for part in parts])
                return kept[number]

            return value

        def remembered(env: Environment) -> Value:
            key = tuple(env[symbol] for symbol in free)
            if key not in memo:
                memo[key] = staged(env)
            return memo[key]

        return remembered

    def _combine(self, op: str) -> Callable[[list[Any]], Any]:
        field = self.field
        if op == "logsumexp":
            return lambda values: field.logsumexp(values)
        if op in ("max", "min"):
            pick = field.maximum if op == "max" else field.minimum
            empty = float("-inf" if op == "max" else "inf")
            return lambda values: functools.reduce(pick, values) if values else field.number(empty)
        start = field.number(0 if op == "sum" else 1)
        fold = operator.add if op == "sum" else operator.mul
        return lambda values: functools.reduce(fold, values, start)


def _near_zero(e: Add) -> tuple[str, Expr, Expr] | None:
    """A difference of exponentials as function, argument and factor: as it is written it needs thousands of bits."""
    if len(e.args) != 2:
        return None
    for first, second in (e.args, e.args[::-1]):
        c, rest = first.as_coeff_Mul()
        if isinstance(rest, exp) and second == -c:
            return "expm1", rest.args[0], c
        if isinstance(rest, exp) and second == -c / rest:
            return "sinh", rest.args[0], 2 * c
    return None


def _constant(number: Any) -> Value:
    return lambda reader: number


def _element(key: Key) -> Value:
    name, position = key

    def value(reader: Reader) -> Any:
        found = reader.known.get(key)
        return reader.read(name, position) if found is None else found

    return value

"""Expressions compiled to Python closures over exact numbers, one rule for each kind of node."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from sympy import Add, Expr, Float, Function, Integer, Mul, Pow, Rational, Symbol, floor, nan, zoo
from sympy import Max as SymMax
from sympy import Min as SymMin
from sympy.core.numbers import ComplexInfinity, Infinity, NaN, NegativeInfinity, NumberSymbol
from sympy.core.relational import Equality, Relational, Unequality
from sympy.logic.boolalg import And, Boolean, BooleanFalse, BooleanTrue, Not, Or

from derive.nodes import Access, IntegerAccess, Iverson, Maximum, Minimum, Reduce, Where
from numeric.errors import UnsupportedExpression
from numeric.fields import Field
from numeric.integers import Environment, integer_closure, is_integer_arithmetic

Value = Callable[[Environment], Any]
Read = Callable[[str, tuple[int, ...]], Any]


class Closures:
    """Compiler of expressions into functions ``environment -> number`` of one field.

    ``read`` gives a tensor element; ``sizes`` are the values of the size symbols.
    """

    def __init__(self, field: Field, read: Read, sizes: Environment, where: str = "") -> None:
        self.field, self.read, self.sizes, self.where = field, read, dict(sizes), where
        self._compiled: dict[Expr, Value] = {}
        self._numbers = {symbol: Integer(size) for symbol, size in self.sizes.items()}

    def real(self, expression: Expr) -> Value:
        """The function for a real expression."""
        if expression not in self._compiled:
            self._compiled[expression] = self._real(expression)
        return self._compiled[expression]

    def integer(self, expression: Expr) -> Value:
        """The function for an integer expression: exact, so that floor and comparisons are always decided."""
        # With the sizes put in, an index such as dilation*p + stride*i - padding is a short sum.
        known = expression.xreplace(self._numbers)
        return integer_closure(expression if known.has(nan, zoo) else known, self._integer_leaf)

    def condition(self, condition: Boolean) -> Callable[[Environment], bool]:
        """The function for a condition; parts that read no tensor are looked at first, since they guard the others."""
        if isinstance(condition, (BooleanTrue, BooleanFalse)):
            truth = bool(condition)
            return lambda env: truth
        if isinstance(condition, (And, Or)):
            parts = [self.condition(part) for part in sorted(condition.args, key=lambda c: bool(c.atoms(Access)))]
            if isinstance(condition, And):
                return lambda env: all(part(env) for part in parts)
            return lambda env: any(part(env) for part in parts)
        if isinstance(condition, Not):
            inner = self.condition(condition.args[0])
            return lambda env: not inner(env)
        if isinstance(condition, Relational):
            return self._relation(condition)
        raise UnsupportedExpression(f"{self.where}: no rule for the condition {condition}")

    def _is_integer(self, expression: Expr) -> bool:
        return is_integer_arithmetic(expression, (IntegerAccess,)) or (
            isinstance(expression, Reduce) and bool(expression.is_integer)
        )

    def _integer_leaf(self, expression: Expr) -> Value | None:
        if isinstance(expression, IntegerAccess):
            name, positions = expression.tensor, [self.integer(position) for position in expression.indices]
            return lambda env: self.read(name, tuple(int(position(env)) for position in positions))
        if isinstance(expression, Symbol) and expression in self.sizes:
            size = self.sizes[expression]
            return lambda env: size
        if isinstance(expression, Reduce) and expression.is_integer:
            return self._extremum_position(expression)
        return None

    def _relation(self, relation: Relational) -> Callable[[Environment], bool]:
        field = self.field
        exact = self._is_integer(relation.lhs) and self._is_integer(relation.rhs)
        make = self.integer if exact else self.real
        left, right = make(relation.lhs), make(relation.rhs)
        kind = relation.rel_op
        if isinstance(relation, (Equality, Unequality)):
            equal = (lambda a, b: a == b) if exact else field.equal
            wanted = isinstance(relation, Equality)
            return lambda env: equal(left(env), right(env)) is wanted
        less = (lambda a, b: a < b) if exact else field.less
        if kind == "<":
            return lambda env: less(left(env), right(env))
        if kind == ">":
            return lambda env: less(right(env), left(env))
        if kind == "<=":
            return lambda env: not less(right(env), left(env))
        return lambda env: not less(left(env), right(env))

    def _real(self, expression: Expr) -> Value:
        field = self.field
        if self._is_integer(expression):
            return self._from_integer(expression)
        if isinstance(expression, Symbol):
            symbol = expression
            return lambda env: field.number(env[symbol])
        if isinstance(expression, (Float, Rational)):
            number = field.number(expression)
            return lambda env: number
        if isinstance(expression, (Infinity, NegativeInfinity, NaN, ComplexInfinity)):
            text = {Infinity: "inf", NegativeInfinity: "-inf"}.get(type(expression), "nan")
            return lambda env: field.number(float(text))
        if isinstance(expression, NumberSymbol) or expression.is_NumberSymbol:
            name = {"Exp1": "E", "Pi": "pi"}.get(type(expression).__name__, type(expression).__name__)
            return lambda env: field.constant(name)
        if isinstance(expression, Access):
            tensor, positions = expression.tensor, [self.integer(position) for position in expression.indices]
            return lambda env: self.read(tensor, tuple(int(position(env)) for position in positions))
        if isinstance(expression, Add):
            terms = [self.real(term) for term in expression.args]
            return lambda env: sum((term(env) for term in terms[1:]), terms[0](env))
        if isinstance(expression, Mul):
            return self._product(expression.args)
        if isinstance(expression, Pow):
            return self._power(expression)
        if isinstance(expression, Iverson):
            holds, one, zero = self.condition(expression.condition), field.number(1), field.number(0)
            return lambda env: one if holds(env) else zero
        if isinstance(expression, Where):
            test, a, b = (
                self.condition(expression.condition),
                self.real(expression.args[1]),
                self.real(expression.args[2]),
            )
            return lambda env: a(env) if test(env) else b(env)
        if isinstance(expression, (Maximum, SymMax, SymMin)):
            return self._extremum(expression)
        if isinstance(expression, Reduce):
            return self._reduction(expression)
        if hasattr(expression, "definition"):
            return self.real(expression.definition())
        if isinstance(expression, floor):
            raise UnsupportedExpression(f"{self.where}: floor of a real expression is not supported: {expression}")
        if isinstance(expression, Function) and len(expression.args) == 1:
            name, argument = type(expression).__name__, self.real(expression.args[0])
            if name in field.functions:
                return lambda env: field.apply(name, argument(env))
        raise UnsupportedExpression(f"{self.where}: no rule for the node {type(expression).__name__}: {expression}")

    def _from_integer(self, expression: Expr) -> Value:
        exact, field = self.integer(expression), self.field

        def value(env: Environment) -> Any:
            try:
                return field.number(exact(env))
            except ZeroDivisionError:  # 1/n of an empty axis
                return field.number(float("nan"))

        return value

    def _product(self, factors: Sequence[Expr]) -> Value:
        brackets = [factor for factor in factors if isinstance(factor, Iverson)]
        others = [self.real(factor) for factor in factors if not isinstance(factor, Iverson)]
        conditions = [self.condition(b.condition) for b in sorted(brackets, key=lambda b: bool(b.atoms(Access)))]
        zero, one = self.field.number(0), self.field.number(1)

        def value(env: Environment) -> Any:
            for condition in conditions:
                if not condition(env):
                    return zero  # strongly: nothing else is evaluated
            result = None
            for factor in others:
                result = factor(env) if result is None else result * factor(env)
            return one if result is None else result

        return value

    def _power(self, expression: Pow) -> Value:
        field, base, exponent = self.field, self.real(expression.base), expression.exp
        if expression.base.is_NumberSymbol and type(expression.base).__name__ == "Exp1":
            argument = self.real(exponent)
            return lambda env: field.apply("exp", argument(env))
        if self._is_integer(exponent):
            exact = self.integer(exponent)
            if exponent == Integer(-1):
                one = field.number(1)
                return lambda env: field.divide(one, base(env))
            return lambda env: field.power(base(env), exact(env))
        real = self.real(exponent)
        return lambda env: field.power(base(env), real(env))

    def _extremum(self, expression: Expr) -> Value:
        field = self.field
        pick = field.minimum if isinstance(expression, (Minimum, SymMin)) else field.maximum
        count = 2 if isinstance(expression, Maximum) else len(expression.args)
        parts = [self.real(argument) for argument in expression.args[:count]]

        def value(env: Environment) -> Any:
            result = parts[0](env)
            for part in parts[1:]:
                result = pick(result, part(env))
            return result

        return value

    def _environments(self, reduce: Reduce) -> Callable[[Environment], Any]:
        extents = [self.integer(extent) for _, extent in reduce.limits]
        bound = reduce.bound

        def environments(env: Environment) -> Any:
            for position in itertools.product(*(range(int(extent(env))) for extent in extents)):
                yield {**env, **dict(zip(bound, position, strict=True))}

        return environments

    def _sparse_environments(self, reduce: Reduce) -> Callable[[Environment], Any]:
        """The environments of a sum whose brackets hold: each is looked at as soon as its indices are chosen.

        A bracket that fails makes the term strongly zero, so leaving the term out changes nothing; for the scatters of
        a convolution it leaves out nearly all of them.  The environment that is handed out is one and the same.
        """
        extents = {i: self.integer(extent) for i, extent in reduce.limits}
        brackets = [f for f in Mul.make_args(reduce.body) if isinstance(f, Iverson) and not f.atoms(Access)]
        needs = [{i for i in reduce.bound if i in bracket.free_symbols} for bracket in brackets]
        order = list(dict.fromkeys([i for need in needs for i in reduce.bound if i in need] + list(reduce.bound)))
        tests: list[list[Callable[[Environment], bool]]] = [[] for _ in range(len(order) + 1)]
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

    def _reduction(self, expression: Reduce) -> Value:
        field, op, body = self.field, expression.op, self.real(expression.body)
        environments = self._sparse_environments(expression) if op == "sum" else self._environments(expression)
        zero, one = field.number(0), field.number(1)
        free = sorted((s for s in expression.free_symbols if s not in self.sizes), key=str)
        memo: dict[tuple[int, ...], Any] = {}

        def compute(env: Environment) -> Any:
            values = (body(inner) for inner in environments(env))
            if op == "sum":
                return sum(values, zero)
            if op == "prod":
                result = one
                for value in values:
                    result = result * value
                return result
            if op == "logsumexp":
                return field.logsumexp(list(values))
            first, pick = next(values, None), field.maximum if op == "max" else field.minimum
            if first is None:
                return field.number(float("-inf" if op == "max" else "inf"))
            for value in values:
                first = pick(first, value)
            return first

        def remembered(env: Environment) -> Any:
            key = tuple(env[symbol] for symbol in free)
            if key not in memo:
                memo[key] = compute(env)
            return memo[key]

        return remembered

    def _extremum_position(self, expression: Reduce) -> Value:
        if len(expression.limits) != 1:
            raise UnsupportedExpression(f"{self.where}: {expression.op} needs exactly one index: {expression}")
        body, environments, symbol = self.real(expression.body), self._environments(expression), expression.bound[0]
        less = self.field.less if expression.op == "argmax" else (lambda a, b: self.field.less(b, a))

        def value(env: Environment) -> int:
            best, position = None, -1
            for inner in environments(env):
                candidate = body(inner)
                if best is None or less(best, candidate):
                    best, position = candidate, inner[symbol]
            if best is None:
                raise UnsupportedExpression(f"{self.where}: {expression.op} over an empty range: {expression}")
            return position

        return value

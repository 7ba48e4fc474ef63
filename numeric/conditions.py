"""Indices and conditions of expressions as Python closures: what is decided before any value is known."""

from __future__ import annotations

import itertools
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from sympy import Basic, Expr, Integer, Symbol, nan, zoo
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, Boolean, BooleanFalse, BooleanTrue, Not, Or

from derive.nodes import Access, IntegerAccess, Reduce
from numeric.errors import UnsupportedExpression
from numeric.fields import Field
from numeric.integers import Environment, integer_closure, is_integer_arithmetic

Key = tuple[str, tuple[int, ...]]
Read = Callable[[str, tuple[int, ...]], Any]
_READER: Any = "reader"  # where the environment of an index that reads a tensor holds the values


class Reader:
    """The values at one point: ``known`` elements, a way to get the others, and ``kept`` results of reductions."""

    __slots__ = ("kept", "known", "read")

    def __init__(self, known: Mapping[Key, Any], read: Read) -> None:
        self.known, self.read, self.kept = known, read, dict[int, Any]()


def reader_of(env: Mapping[Any, Any]) -> Reader:
    """The values that an index may read."""
    reader: Reader = env[_READER]
    return reader


Value = Callable[[Reader], Any]
Staged = Callable[[Environment], Value]
Test = Callable[[Environment], "bool | Value"]


class Conditions(ABC):
    """Compiler of integer expressions and conditions; both may read tensors, and then wait for a :class:`Reader`.

    ``sizes`` are the values of the size symbols.
    """

    def __init__(self, field: Field, sizes: Environment, where: str = "") -> None:
        self.field, self.sizes, self.where = field, dict(sizes), where
        self._numbers = {symbol: Integer(size) for symbol, size in self.sizes.items()}

    @abstractmethod
    def real(self, expression: Expr) -> Staged:
        """The function for a real expression."""

    def integer(self, expression: Expr) -> Callable[[Environment], Any]:
        """The function for an integer expression: exact, so that floor and comparisons are always decided."""
        # With the sizes put in, an index such as dilation*p + stride*i - padding is a short sum.
        known = expression.xreplace(self._numbers)
        return integer_closure(expression if known.has(nan, zoo) else known, self._integer_leaf)

    def condition(self, condition: Boolean) -> Test:
        """The function for a condition: a truth value at once unless it reads a tensor.

        Parts that read none are looked at first, since they guard the others.
        """
        if isinstance(condition, (BooleanTrue, BooleanFalse)):
            truth = bool(condition)
            return lambda env: truth
        if isinstance(condition, (And, Or)):
            return self._connected(condition)
        if isinstance(condition, Not):
            inner = self.condition(condition.args[0])

            def opposite(env: Environment) -> bool | Value:
                holds = inner(env)
                return not holds if isinstance(holds, bool) else lambda reader: not holds(reader)

            return opposite
        if isinstance(condition, Relational):
            return self._relation(condition)
        raise UnsupportedExpression(f"{self.where}: no rule for the condition {condition}")

    def _connected(self, condition: And | Or) -> Test:
        parts = [self.condition(part) for part in sorted(condition.args, key=lambda c: bool(c.atoms(Access)))]
        decisive, together = (False, all) if isinstance(condition, And) else (True, any)

        def test(env: Environment) -> bool | Value:
            open_parts = []
            for part in parts:
                holds = part(env)
                if holds is decisive:
                    return decisive
                if not isinstance(holds, bool):
                    open_parts.append(holds)
            return (lambda reader: together(p(reader) for p in open_parts)) if open_parts else not decisive

        return test

    def is_integer(self, expression: Expr) -> bool:
        return is_integer_arithmetic(expression, (IntegerAccess,)) or (
            isinstance(expression, Reduce) and bool(expression.is_integer)
        )

    def _integer_leaf(self, expression: Expr) -> Callable[[Environment], Any] | None:
        if isinstance(expression, IntegerAccess):
            name, positions = expression.tensor, [self.integer(position) for position in expression.indices]
            return lambda env: reader_of(env).read(name, tuple(int(position(env)) for position in positions))
        if isinstance(expression, Symbol) and expression in self.sizes:
            size = self.sizes[expression]
            return lambda env: size
        if isinstance(expression, Reduce) and expression.is_integer:
            return self._extremum_position(expression)
        return None

    def when_read(self, make: Callable[[Environment], Any], *read_by: Basic) -> Callable[[Environment], Any]:
        """``make`` at once, or for each reader where one of the expressions reads a tensor."""
        if not any(expression.has(Access, Reduce) for expression in read_by):
            return make

        def later(env: Environment) -> Value:
            here: dict[Any, Any] = dict(env)
            return lambda reader: make(here | {_READER: reader})

        return later

    def _relation(self, relation: Relational) -> Test:
        field, kind, sides = self.field, relation.rel_op, (relation.lhs, relation.rhs)
        exact = all(self.is_integer(side) for side in sides)
        equal, less = (operator.eq, operator.lt) if exact else (field.equal, field.less)
        compare: Callable[[Any, Any], bool] = {
            "==": equal,
            "!=": lambda a, b: not equal(a, b),
            "<": less,
            ">": lambda a, b: less(b, a),
            "<=": lambda a, b: not less(b, a),
            ">=": lambda a, b: not less(a, b),
        }[kind]
        if exact:
            i, j = (self.integer(side) for side in sides)
            return self.when_read(lambda env: bool(compare(i(env), j(env))), *sides)
        left, right = (self.real(side) for side in sides)

        def test(env: Environment) -> Value:
            a, b = left(env), right(env)
            return lambda reader: bool(compare(a(reader), b(reader)))

        if relation.has(Access):
            return test
        return lambda env: test(env)(Reader({}, _nothing))

    def environments(self, reduce: Reduce) -> Callable[[Environment], Any]:
        extents = [self.integer(extent) for _, extent in reduce.limits]
        bound = reduce.bound

        def chosen(env: Environment) -> Any:
            for position in itertools.product(*(range(int(extent(env))) for extent in extents)):
                yield {**env, **dict(zip(bound, position, strict=True))}

        return chosen

    def _extremum_position(self, expression: Reduce) -> Callable[[Environment], int]:
        if len(expression.limits) != 1:
            raise UnsupportedExpression(f"{self.where}: {expression.op} needs exactly one index: {expression}")
        body, environments, symbol = self.real(expression.body), self.environments(expression), expression.bound[0]
        less = self.field.less if expression.op == "argmax" else (lambda a, b: self.field.less(b, a))

        def position(env: Environment) -> int:
            best, at = None, -1
            for inner in environments(env):
                candidate = body(inner)(reader_of(env))
                if best is None or less(best, candidate):
                    best, at = candidate, inner[symbol]
            if best is None:
                raise UnsupportedExpression(f"{self.where}: {expression.op} over an empty range: {expression}")
            return at

        return position


def _nothing(name: str, position: tuple[int, ...]) -> Any:
    raise UnsupportedExpression(f"{name}{list(position)} has no value here")

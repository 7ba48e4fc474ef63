"""Exact evaluation of integer expressions: sizes, affine indices, floor and Mod of them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction

from sympy import Add, Expr, Integer, Mod, Mul, Pow, Rational, Symbol, floor
from sympy import Max as SymMax
from sympy import Min as SymMin

from numeric.errors import UnsupportedExpression

Number = int | Fraction
Environment = Mapping[Symbol, int]
Closure = Callable[[Environment], Number]


def is_integer_arithmetic(expression: Expr, atoms: tuple[type, ...] = ()) -> bool:
    """Whether an expression is rational arithmetic (with floor and Mod) over symbols and the given atoms only."""
    if isinstance(expression, Symbol):
        return bool(expression.is_integer)
    if isinstance(expression, (*atoms, Rational)):
        return True
    if isinstance(expression, Pow):
        return isinstance(expression.exp, Integer) and is_integer_arithmetic(expression.base, atoms)
    if isinstance(expression, (Add, Mul, floor, Mod, SymMax, SymMin)):
        return all(is_integer_arithmetic(argument, atoms) for argument in expression.args)
    return False


def integer_closure(expression: Expr, leaf: Callable[[Expr], Closure | None] = lambda _: None) -> Closure:
    """Compile rational arithmetic over integer symbols to a function of their values.

    ``leaf`` may take over any node (an element of an integer tensor).
    """
    own = leaf(expression)
    if own is not None:
        return own
    if isinstance(expression, Symbol):
        symbol = expression
        return lambda env: env[symbol]
    if isinstance(expression, Integer):
        number = int(expression)
        return lambda env: number
    if isinstance(expression, Rational):
        fraction = Fraction(int(expression.p), int(expression.q))
        return lambda env: fraction
    if not isinstance(expression, (Add, Mul, Pow, floor, Mod, SymMax, SymMin)):
        raise UnsupportedExpression(f"{type(expression).__name__} is not integer arithmetic: {expression}")
    if isinstance(expression, Pow) and not isinstance(expression.exp, Integer):
        raise UnsupportedExpression(f"a power with exponent {expression.exp} is not integer arithmetic: {expression}")
    parts = [integer_closure(argument, leaf) for argument in expression.args]
    if isinstance(expression, (Add, Mul)) and len(parts) == 2:  # most indices; a generator would take twice the time
        one, other = parts
        if isinstance(expression, Add):
            return lambda env: one(env) + other(env)
        return lambda env: one(env) * other(env)
    if isinstance(expression, (Add, Mul)):
        return _folded(operator.add if isinstance(expression, Add) else operator.mul, parts)
    if isinstance(expression, SymMax):
        return lambda env: max(part(env) for part in parts)
    if isinstance(expression, SymMin):
        return lambda env: min(part(env) for part in parts)
    first = parts[0]
    if isinstance(expression, floor):
        return lambda env: math.floor(first(env))
    second = parts[1]
    if isinstance(expression, Mod):
        return lambda env: first(env) % second(env)
    return lambda env: Fraction(first(env)) ** int(second(env))


def _folded(combine: Callable[[Number, Number], Number], parts: list[Closure]) -> Closure:
    """One closure for each operator between two parts: indices are evaluated far too often for a generator."""
    first, *rest = parts
    for second in rest:
        first = _pair(combine, first, second)
    return first


def _pair(combine: Callable[[Number, Number], Number], a: Closure, b: Closure) -> Closure:
    return lambda env: combine(a(env), b(env))


def integer_value(expression: Expr, sizes: Environment) -> Fraction:
    """The value of an integer expression for these sizes.

    >>> from sympy import Symbol, floor
    >>> n, k = Symbol("n", integer=True), Symbol("k", integer=True)
    >>> integer_value(floor((n - k) / 2) + 1, {n: 8, k: 3})
    Fraction(3, 1)
    """
    missing = sorted(str(s) for s in expression.free_symbols if s not in sizes)
    if missing:
        raise UnsupportedExpression(f"the size {expression} needs {', '.join(missing)}, which no input determines")
    return Fraction(integer_closure(expression)(sizes))

"""The places of an expression at which something can go wrong: each value in it, with a way to put another one there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sympy import Add, Expr, Function, Mul, Pow, Symbol

from derive.nodes import Reduce, Where
from derive.program import Equation


@dataclass(frozen=True)
class Site:
    """A sub-expression in value position (not inside an index, a condition or an exponent).

    ``scope`` maps each index that is known there, free or bound, to its extent.
    """

    expression: Expr
    scope: Mapping[Symbol, Expr]
    root: Expr
    path: tuple[int, ...] = ()

    def put(self, replacement: Expr) -> Expr:
        """The whole expression with another sub-expression at this place."""
        return _put(self.root, self.path, replacement)


def _put(expression: Expr, path: tuple[int, ...], replacement: Expr) -> Expr:
    if not path:
        return replacement
    arguments = list(expression.args)
    arguments[path[0]] = _put(arguments[path[0]], path[1:], replacement)
    return expression.func(*arguments)


def sites(equation: Equation) -> Iterator[Site]:
    """All places of an equation's right-hand side, outermost first, in an order that depends on nothing but the text.

    Example:
        >>> from derive.registry import get
        >>> (equation,) = get("sigmoid").program.equations
        >>> [str(site.expression) for site in sites(equation)]
        ['1/(1 + exp(-z[i]))', '1 + exp(-z[i])', '1', 'exp(-z[i])', '-z[i]', '-1', 'z[i]']
    """
    yield from _walk(Site(equation.rhs, equation.ranges, equation.rhs))


def _walk(site: Site) -> Iterator[Site]:
    yield site
    expression, scope = site.expression, site.scope
    if isinstance(expression, Reduce):
        children, scope = [2], {**scope, **dict(expression.limits)}
    elif isinstance(expression, Where):
        children = [1, 2]
    elif isinstance(expression, Pow):
        children = [0]
    elif isinstance(expression, Add | Mul | Function):
        children = [k for k, part in enumerate(expression.args) if isinstance(part, Expr)]
    else:
        children = []
    for k in sorted(children, key=lambda k: str(expression.args[k])):
        yield from _walk(Site(expression.args[k], scope, site.root, (*site.path, k)))

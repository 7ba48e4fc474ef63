"""What the nodes of the code generator mean, in plain terms, stated a second time for the tests of what reports say of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Add, Expr, Mul, erf, exp, log, sqrt, tanh

from derive.naming import substitute
from derive.nodes import Access, Reduce
from numeric import nodes

ELEMENTWISE: dict[type, Callable[..., Expr]] = {
    nodes.Logistic: lambda u: 1 / (1 + exp(-u)),
    nodes.LogisticSlope: lambda u: 1 / (1 + exp(-u)) / (1 + exp(u)),
    nodes.LogisticMinus: lambda u, v: 1 / (1 + exp(-u)) - v,
    nodes.Softplus: lambda u: log(1 + exp(u)),
    nodes.Tanh: tanh,
    nodes.Sech2: lambda u: 1 - tanh(u) ** 2,
    nodes.Log1p: lambda u: log(1 + u),
    nodes.Expm1: lambda u: exp(u) - 1,
    nodes.Erfc: lambda u: 1 - erf(u),
    nodes.MinusTanh: lambda u: u - tanh(u),
    nodes.Expm1Minus: lambda u: exp(u) - 1 - u,
    nodes.PowerMinusOne: lambda b, k: b**k - 1,
    nodes.LogRatio: lambda a, b, _: log(a / b),
    nodes.LogCosh: lambda u: log((exp(u) + exp(-u)) / 2),
    nodes.Hypot: lambda u, v: sqrt(u**2 + v**2),
    nodes.RootPlus: lambda u, v: u + sqrt(u**2 + v**2),
    nodes.Vanishing: lambda f, g: f * g,
}


def in_plain_terms(expression: Expr) -> Expr:
    """The expression without nodes of the code generator."""
    if not expression.args or isinstance(expression, Access):
        return expression
    args = [in_plain_terms(a) if isinstance(a, Expr) else a for a in expression.args]
    kind = type(expression)
    if kind in ELEMENTWISE:
        return ELEMENTWISE[kind](*args)
    if kind is nodes.ExpRatio:
        u, *rest = args
        half = len(rest) // 2
        above, below = (Add(*(c * exp(k * u) for k, c in enumerate(part))) for part in (rest[:half], rest[half:]))
        return above / below
    if kind is nodes.RootOfSquares:
        u, divisor, offset, *limits = args
        pairs: Any = [tuple(limit) for limit in limits]
        return sqrt(offset + Reduce("sum", u**2, *pairs) / divisor)
    if isinstance(expression, nodes.Softmax | nodes.Deviation):
        *of, k, extent, i = args
        here = [substitute(u, {k: i}) for u in of]
        if kind is nodes.Softmax:
            return exp(here[0]) / Reduce("sum", exp(of[0]), (k, extent))
        if kind is nodes.LogSoftmax:
            return here[0] - log(Reduce("sum", exp(of[0]), (k, extent)))
        if kind is nodes.Centred:
            return here[0] - Reduce("sum", of[0], (k, extent)) / extent
        if kind is nodes.Deviation:
            return here[0] - Reduce("sum", Mul(*of), (k, extent))
        if kind is nodes.SimplexMinus:
            return here[0] - here[1]
        if kind is nodes.LessShare:
            return here[0] - here[1] * Reduce("sum", of[0], (k, extent))
    return expression.func(*args)


__all__ = ["in_plain_terms"]

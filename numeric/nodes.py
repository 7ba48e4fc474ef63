"""What the stability rules rewrite to: functions and row functions that have an accurate NumPy form."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Function

from derive.nodes import Node


class RealFunction(Function):
    """A function of real numbers with real values."""

    is_extended_real = True


class Logistic(RealFunction):
    """``1/(1 + exp(-u))``."""


class LogisticSlope(RealFunction):
    """``logistic(u)*logistic(-u)``."""


class LogisticMinus(RealFunction):
    """``logistic(u) - v``."""


class Softplus(RealFunction):
    """``log(1 + exp(u))``."""


class Tanh(RealFunction):
    """``(exp(u) - exp(-u))/(exp(u) + exp(-u))``."""


class Sech2(RealFunction):
    """``1 - tanh(u)**2``."""


class Log1p(RealFunction):
    """``log(1 + u)``."""


class Expm1(RealFunction):
    """``exp(u) - 1``."""


class Erfc(RealFunction):
    """``1 - erf(u)``; SymPy's own turns ``erfc(-u)`` into ``2 - erfc(u)``, the cancellation again."""


class MinusTanh(RealFunction):
    """``u - tanh(u)``."""


class Expm1Minus(RealFunction):
    """``exp(u) - 1 - u``."""


class PowerMinusOne(RealFunction):
    """``b**k - 1``."""


class LogRatio(RealFunction):
    """``log(a/b)`` with the third argument ``a - b``."""


class LogCosh(RealFunction):
    """``log((exp(u) + exp(-u))/2)``."""


class Hypot(RealFunction):
    """``sqrt(u**2 + v**2)``."""


class RootPlus(RealFunction):
    """``u + sqrt(u**2 + v**2)``."""


class Vanishing(RealFunction):
    """``f*g``, and 0 where ``f`` is 0, even if ``g`` overflows."""


class ExpRatio(RealFunction):
    """``(c[0] + c[1]*E + ...)/(d[0] + d[1]*E + ...)`` with ``E = exp(u)``; arguments u, c[0], c[1], ..., d[0], d[1], ..."""


class Softmax(Node):
    """``exp(u)/sum(exp(u), k)`` at ``k = i``: args (u with k in it, k, extent, i)."""


class LogSoftmax(Softmax):
    """``u - logsumexp(u, k)`` at ``k = i``."""


class Centred(Softmax):
    """``u - mean(u, k)`` at ``k = i``."""


class Deviation(Node):
    """``u - sum(w*u, k)`` at ``k = i`` for weights with sum 1: args (u, w with k in them, k, extent, i)."""


class SimplexMinus(Deviation):
    """``p - v`` at ``k = i`` for rows of p with sum 1: args (p, v with k in them, k, extent, i)."""


class LessShare(Deviation):
    """``u - w*sum(u, k)`` at ``k = i`` for weights with sum 1: args (u, w with k in them, k, extent, i)."""


class RootOfSquares(Node):
    """``sqrt(offset + sum(u**2, k < n, ...)/divisor)``: args (u with the k in it, divisor, offset, *limits)."""


@dataclass(frozen=True)
class Rewrite:
    """One stability rewriting: equal in exact arithmetic, better in floating point."""

    before: Expr
    after: Expr
    because: str

"""What the stability rules rewrite to: functions and row functions that have an accurate NumPy form."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Function

from derive.nodes import Node


class Logistic(Function):  # type: ignore[misc]
    """``1/(1 + exp(-u))``."""

    is_extended_real = True


class LogisticSlope(Function):  # type: ignore[misc]
    """``logistic(u)*logistic(-u)``."""

    is_extended_real = True


class LogisticMinus(Function):  # type: ignore[misc]
    """``logistic(u) - v``."""

    is_extended_real = True


class Softplus(Function):  # type: ignore[misc]
    """``log(1 + exp(u))``."""

    is_extended_real = True


class Tanh(Function):  # type: ignore[misc]
    """``(exp(u) - exp(-u))/(exp(u) + exp(-u))``."""

    is_extended_real = True


class Sech2(Function):  # type: ignore[misc]
    """``1 - tanh(u)**2``."""

    is_extended_real = True


class Log1p(Function):  # type: ignore[misc]
    """``log(1 + u)``."""

    is_extended_real = True


class Expm1(Function):  # type: ignore[misc]
    """``exp(u) - 1``."""

    is_extended_real = True


class Erfc(Function):  # type: ignore[misc]
    """``1 - erf(u)``; SymPy's own turns ``erfc(-u)`` into ``2 - erfc(u)``, the cancellation again."""

    is_extended_real = True


class MinusTanh(Function):  # type: ignore[misc]
    """``u - tanh(u)``."""

    is_extended_real = True


class Expm1Minus(Function):  # type: ignore[misc]
    """``exp(u) - 1 - u``."""

    is_extended_real = True


class LogRatio(Function):  # type: ignore[misc]
    """``log(a/b)`` with the third argument ``a - b``."""

    is_extended_real = True


class LogCosh(Function):  # type: ignore[misc]
    """``log((exp(u) + exp(-u))/2)``."""

    is_extended_real = True


class Hypot(Function):  # type: ignore[misc]
    """``sqrt(u**2 + v**2)``."""

    is_extended_real = True


class RootPlus(Function):  # type: ignore[misc]
    """``u + sqrt(u**2 + v**2)``."""

    is_extended_real = True


class Vanishing(Function):  # type: ignore[misc]
    """``f*g``, and 0 where ``f`` is 0, even if ``g`` overflows."""

    is_extended_real = True


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


class RootOfSquares(Node):
    """``sqrt(offset + sum(u**2, k < n, ...)/divisor)``: args (u with the k in it, divisor, offset, *limits)."""


@dataclass(frozen=True)
class Rewrite:
    """One stability rewriting: equal in exact arithmetic, better in floating point."""

    before: Expr
    after: Expr
    because: str

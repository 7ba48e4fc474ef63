"""The words of the language: functions, constants and reductions that a declaration may use."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Abs, Expr, cos, erf, exp, log, oo, pi, sign, sin, sqrt

FUNCTIONS: dict[str, Callable[[Expr], Expr]] = {
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "sin": sin,
    "cos": cos,
    "erf": erf,
    "abs": Abs,
    "sign": sign,
}
CONSTANTS = {"pi": pi, "inf": oo}
REDUCING = ("sum", "mean", "max", "min", "prod", "logsumexp")
RESERVED = (
    *FUNCTIONS,
    *CONSTANTS,
    *REDUCING,
    "where",
    "pad",
    "maximum",
    "minimum",
    "output",
    "ties",
    "first",
    "last",
    "share",
)

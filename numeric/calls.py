"""Which NumPy function or primitive computes a node."""

from __future__ import annotations

from sympy import Abs, Expr, cos, erf, exp, log, sign, sin

from numeric.nodes import (
    Centred,
    Deviation,
    Erfc,
    Expm1,
    Expm1Minus,
    ExpRatio,
    Hypot,
    LessShare,
    Log1p,
    LogCosh,
    Logistic,
    LogisticMinus,
    LogisticSlope,
    LogRatio,
    LogSoftmax,
    MinusTanh,
    PowerMinusOne,
    RootPlus,
    Sech2,
    SimplexMinus,
    Softmax,
    Softplus,
    Tanh,
    Vanishing,
)

CALLS = {
    exp: "np.exp", log: "np.log", sin: "np.sin", cos: "np.cos", erf: "special.erf", Erfc: "erfc",
    Abs: "np.abs", sign: "np.sign", Log1p: "np.log1p", Expm1: "np.expm1", Tanh: "np.tanh", Hypot: "np.hypot",
    Logistic: "logistic", LogisticMinus: "logistic_minus", LogisticSlope: "logistic_slope", Softplus: "softplus",
    Sech2: "sech2", LogCosh: "log_cosh", MinusTanh: "minus_tanh", RootPlus: "root_plus", Vanishing: "vanishing",
    Expm1Minus: "expm1_minus", LogRatio: "log_ratio", PowerMinusOne: "power_minus_one",
    ExpRatio: "exp_ratio",
}  # fmt: skip
"""Functions of numbers."""

OWN = tuple(kind for kind in CALLS if kind.__module__.startswith("numeric."))
"""Those of which SymPy knows no value."""


def is_constant(e: Expr) -> bool:
    """Whether SymPy can say what number an expression is.

    >>> from sympy import Integer, sqrt
    >>> is_constant(sqrt(2)), is_constant(Logistic(Integer(1)))
    (True, False)
    """
    return bool(e.is_number) and not e.has(*OWN)


ROWS = {Softmax: "softmax", LogSoftmax: "log_softmax", Centred: "centred"}
"""Functions of rows, called with an axis."""

PAIRED_ROWS = {Deviation: "deviation", LessShare: "less_share", SimplexMinus: "simplex_minus"}
"""Functions of two rows, called with an axis."""

__all__ = ["CALLS", "PAIRED_ROWS", "ROWS", "is_constant"]

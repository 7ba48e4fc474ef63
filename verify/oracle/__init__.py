"""The oracle: anybody's implementation against the derived gradients, with the likely mistake named.

``check(implementation, "layer_norm")`` reads the implementation in declared names (``adapting``), judges it in every stratum
(:func:`verify.judge.check_gradient`), and looks for the mistake that reproduces what was observed (``explaining``).
``check_formula("X.T @ dZ", "dL/dW", "dense")`` judges what is written down instead of what is coded (``formula``).
"""

from verify.oracle.checking import Check, check
from verify.oracle.explaining import Cause, explain
from verify.oracle.formula import FormulaCheck, check_formula

__all__ = ["Cause", "Check", "FormulaCheck", "check", "check_formula", "explain"]

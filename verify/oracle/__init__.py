"""The oracle: anybody's implementation against the derived gradients, with the likely mistake named.

``check(implementation, "layer_norm")`` reads the implementation in declared names (``adapting``), judges it in every stratum
(:func:`verify.judge.check_gradient`), and looks for the mistake that reproduces what was observed (``explaining``).
"""

from verify.oracle.checking import Check, check
from verify.oracle.explaining import Cause, explain

__all__ = ["Cause", "Check", "check", "explain"]

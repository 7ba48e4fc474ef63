"""Verification: independent witnesses of derived gradients, verdicts instead of booleans, strata of inputs.

>>> from verify import check_gradient
>>> def backward(inputs, cotangents):
...     return {"z": cotangents["a"] * (inputs["z"] > 0)}
>>> check_gradient("relu", backward, seed=5).ok
True

``verify(operation)`` checks what backproof derived and generated itself; ``check_gradient(operation, vjp)`` judges
any other implementation; ``check_steps(derivation)`` checks a derivation line by line.  Inputs for any operation come
from ``verify.sampling`` and, as hypothesis strategies, from ``verify.strategies``.  JAX is imported only when a JAX
witness runs.
"""

from verify.errors import MissingReference, SamplingError, WitnessError
from verify.evidence import Evidence, Row
from verify.judge import check_gradient
from verify.operations import verify
from verify.sampling import Case, sample
from verify.steps import StepCheck, check_steps
from verify.verdicts import Verdict

__all__ = [
    "Case",
    "Evidence",
    "MissingReference",
    "Row",
    "SamplingError",
    "StepCheck",
    "Verdict",
    "WitnessError",
    "check_gradient",
    "check_steps",
    "sample",
    "verify",
]

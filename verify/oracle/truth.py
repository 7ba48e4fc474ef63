"""What is due at a case, by generated code: quick, for looking at conventions; verdicts come from balls."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import numeric
from derive.derivation import Derivation
from verify.sampling import Case


def truth(derivation: Derivation, case: Case) -> dict[str, NDArray[Any]]:
    """Outputs and gradients by name.

    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> from verify.sampling import sample
    >>> relu = derive(get("relu"))
    >>> sorted(truth(relu, sample(relu.program, 1, derivation=relu)))
    ['a', 'z']
    """
    function = numeric.compile(derivation)
    with np.errstate(all="ignore"):
        outputs = function.forward(**case.arguments())
        return {**outputs, **function.vjp(case.arguments(), case.seeds() or None)}

"""What generated code gives at a case: quick, for choosing points and looking at conventions; verdicts come from balls."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import numeric
from derive.derivation import Derivation
from verify.precision import doubled
from verify.sampling import Case


def generated(derivation: Derivation, case: Case) -> dict[str, NDArray[Any]]:
    """Outputs and gradients by name.

    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> from verify.sampling import sample
    >>> relu = derive(get("relu"))
    >>> sorted(generated(relu, sample(relu.program, 1, derivation=relu)))
    ['a', 'z']
    """
    function = numeric.compile(derivation)
    given, seeds = doubled(case.arguments()), doubled(case.seeds())
    with np.errstate(all="ignore"):
        return {**function.forward(**given), **function.vjp(given, seeds or None)}

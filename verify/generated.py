"""What generated code gives at a case: quick, for choosing points and looking at conventions; verdicts come from balls."""

from __future__ import annotations

from collections import OrderedDict
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

import numeric
from derive.derivation import Derivation
from verify.precision import doubled
from verify.sampling import Case

_KEPT = 32  # derivations
_functions: OrderedDict[int, tuple[Derivation, numeric.Function]] = OrderedDict()
_looking = RLock()


def function_of(derivation: Derivation) -> numeric.Function:
    """The functions of a derivation, generated once while it is being looked at again and again.

    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> relu = derive(get("relu"))
    >>> function_of(relu) is function_of(relu)
    True
    """
    key = id(derivation)  # it stays that of this derivation as long as the entry, which holds it
    with _looking:  # threads may ask at once
        if key not in _functions:
            _functions[key] = (derivation, numeric.compile(derivation))
            while len(_functions) > _KEPT:
                _functions.popitem(last=False)
        _functions.move_to_end(key)
        return _functions[key][1]


def generated(derivation: Derivation, case: Case) -> dict[str, NDArray[Any]]:
    """Outputs and gradients by name.

    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> from verify.sampling import sample
    >>> relu = derive(get("relu"))
    >>> sorted(generated(relu, sample(relu.program, 1, derivation=relu)))
    ['a', 'z']
    """
    function = function_of(derivation)
    given, seeds = doubled(case.arguments()), doubled(case.seeds())
    with np.errstate(all="ignore"):
        return {**function.forward(**given), **function.vjp(given, seeds or None)}

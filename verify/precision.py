"""The floating-point formats that an implementation may be judged in, and what each can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from verify.errors import SamplingError

DTYPES: dict[str, Any] = {
    "float64": np.float64,
    "float32": np.float32,
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
}


def of_name(dtype: Any) -> Any:
    """The scalar type of a dtype or of its name.

    Raises:
        SamplingError: it is none of the formats; the message lists them.

    Example:
        >>> of_name("bfloat16") is ml_dtypes.bfloat16, of_name(np.dtype("float32")) is np.float32
        (True, True)
        >>> of_name("int8")
        Traceback (most recent call last):
        verify.errors.SamplingError: dtype is one of float64, float32, float16, bfloat16, got 'int8'
    """
    try:
        found = DTYPES.get(str(dtype) if isinstance(dtype, str) else np.dtype(dtype).name)
    except TypeError:
        found = None
    if found is None:
        raise SamplingError(f"dtype is one of {', '.join(DTYPES)}, got {dtype!r}")
    return found


def limits(dtype: Any) -> Any:
    """``numpy.finfo``, of bfloat16 too: ``eps``, ``tiny`` and ``max``.

    >>> float(limits(np.float64).eps) == 2.0**-52, float(limits(ml_dtypes.bfloat16).eps) == 2.0**-7
    (True, True)
    """
    return ml_dtypes.finfo(dtype) if np.dtype(dtype).name == "bfloat16" else np.finfo(dtype)


ROUNDINGS = 64
_MOST = 2.0**-4


def roundings(dtype: Any) -> float:
    """What a few dozen roundings add up to, as a relative error; fewer of them in a format of few digits.

    >>> roundings(np.float64) == 64 * 2.0**-52, roundings("float16"), roundings("bfloat16")
    (True, 0.0625, 0.0625)
    """
    return min(ROUNDINGS * float(limits(dtype).eps), _MOST)


def is_real(array: NDArray[Any]) -> bool:
    """Whether an array holds floating-point numbers.

    >>> is_real(np.zeros(1)), is_real(np.zeros(1, ml_dtypes.bfloat16)), is_real(np.zeros(1, int))
    (True, True, False)
    """
    return array.dtype.kind == "f" or array.dtype.name == "bfloat16"


def doubled(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """In double precision, whatever they are in; what is no array of floating-point numbers stays.

    >>> doubled({"x": np.ones(1, np.float32), "n": 3})
    {'x': array([1.]), 'n': 3}
    """
    real = {name for name, value in arrays.items() if isinstance(value, np.ndarray) and is_real(value)}
    return {name: value.astype(np.float64) if name in real else value for name, value in arrays.items()}


__all__ = ["DTYPES", "ROUNDINGS", "doubled", "is_real", "limits", "of_name", "roundings"]

"""The files in which golden values stand: npz, JSON, safetensors."""

from __future__ import annotations

import importlib.util
import io
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from verify.errors import VectorsError

Array = NDArray[Any]

_UNUSUAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_SAFE: dict[str, Any] = {"F64": np.float64, "F32": np.float32, "BF16": ml_dtypes.bfloat16, "I64": np.int64}


def to_npz(arrays: Mapping[str, Array]) -> bytes:
    """NumPy's archive; it has no bfloat16, so that those numbers stand as float32, which holds them exactly."""
    buffer = io.BytesIO()
    plain = {
        name: array.astype(np.float32) if array.dtype == ml_dtypes.bfloat16 else array for name, array in arrays.items()
    }
    np.savez(buffer, allow_pickle=False, **plain)
    return buffer.getvalue()


def from_npz(data: bytes) -> dict[str, Array]:
    """The arrays of an archive."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def to_json(arrays: Mapping[str, Array]) -> bytes:
    """``{"gradients.X": {"shape": [2, 3], "data": [...]}}``: flat, rows first, each number with the digits that determine it.

    >>> to_json({"x": np.array([0.1, np.nan])})
    b'{\\n"x": {"shape": [2], "data": [0.1, "NaN"]}\\n}\\n'
    """
    lines = [
        f"{json.dumps(name)}: {json.dumps({'shape': list(array.shape), 'data': [_number(v) for v in array.ravel()]})}"
        for name, array in arrays.items()
    ]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _number(value: Any) -> float | int | str:
    if np.issubdtype(np.asarray(value).dtype, np.integer):
        return int(value)
    number = float(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def from_json(data: bytes) -> dict[str, Array]:
    """The arrays of a JSON file."""
    found = {}
    for name, entry in json.loads(data).items():
        values = [_UNUSUAL[v] if isinstance(v, str) else v for v in entry["data"]]
        found[name] = np.array(values, dtype=float).reshape(entry["shape"])
    return found


def to_safetensors(arrays: Mapping[str, Array]) -> bytes:
    """Hugging Face's format; bfloat16 stands as itself."""
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()})


def from_safetensors(data: bytes) -> dict[str, Array]:
    """The arrays of a safetensors file."""
    import safetensors

    read: Callable[[bytes], list[tuple[str, dict[str, Any]]]] = safetensors.deserialize
    return {
        name: np.frombuffer(tensor["data"], dtype=_SAFE[tensor["dtype"]]).reshape(tensor["shape"])
        for name, tensor in read(data)
    }


WRITERS: dict[str, Callable[[Mapping[str, Array]], bytes]] = {
    "npz": to_npz,
    "json": to_json,
    "safetensors": to_safetensors,
}
READERS: dict[str, Callable[[bytes], dict[str, Array]]] = {
    "npz": from_npz,
    "json": from_json,
    "safetensors": from_safetensors,
}


def check_forms(forms: tuple[str, ...]) -> None:
    """See that these are known, and that what writes them is installed.

    Raises:
        VectorsError: one is not.

    >>> check_forms(("csv",))
    Traceback (most recent call last):
    ...
    verify.errors.VectorsError: golden values are written as npz, json, safetensors; got 'csv'
    """
    for form in forms:
        if form not in WRITERS:
            raise VectorsError(f"golden values are written as {', '.join(WRITERS)}; got {form!r}")
        if form == "safetensors" and importlib.util.find_spec("safetensors") is None:
            raise VectorsError("safetensors files need the package of that name: pip install 'backproof[vectors]'")

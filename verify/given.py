"""Cases at inputs that somebody gives, instead of drawn ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from derive.derivation import Derivation
from derive.program import Program
from numeric.errors import ShapeError
from numeric.shapes import bind_sizes, collapsed
from verify.domains import bounds_of
from verify.sampling import Case
from verify.sizes import extent_value

GIVEN = "given"


def given_case(
    derivation: Derivation, inputs: Mapping[str, Any], cotangents: Mapping[str, Any], seed: int, dtype: Any = np.float64
) -> Case:
    """The case of these inputs and cotangents; random cotangents, and default hyper-parameters, where left out.

    Leading axes that ``...`` stands for are made one axis.

    Raises:
        ShapeError: a name is unknown or missing, or a shape does not fit.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> case = given_case(derive(get("sigmoid")), {"z": [0.0, 40.0]}, {}, seed=1)
        >>> case.inputs["z"].tolist(), case.cotangents["a"].shape
        ([0.0, 40.0], (2,))
    """
    program = derivation.program
    integers = {str(symbol): int(inputs.get(str(symbol), size)) for symbol, size in program.integers.items()}
    arrays: dict[str, Any] = {}
    for tensor in program.inputs:
        if tensor.name not in inputs and tensor.default is None:
            raise ShapeError(f"{program.name}: the input {tensor.name} is missing")
        value = np.asarray(inputs.get(tensor.name, tensor.default), dtype=np.int64 if tensor.integer else dtype)
        arrays[tensor.name] = value.reshape(collapsed(program, tensor, value.shape))
    unknown = sorted({*inputs} - {*arrays} - {*integers}) + sorted({*cotangents} - {*derivation.cotangents})
    if unknown:
        known = ", ".join([*arrays, *integers, *derivation.cotangents])
        raise ShapeError(f"{program.name}: nothing is named {', '.join(unknown)}; known: {known}")
    sizes = bind_sizes(program, {name: value.shape for name, value in arrays.items()}, integers)
    rng = np.random.default_rng(seed)
    seeds = {}
    for name in derivation.cotangents:
        shape = tuple(extent_value(extent, sizes) for extent in program.tensors[name].shape)
        drawn = np.asarray(cotangents.get(name, rng.standard_normal(shape)), dtype=dtype)
        lead = collapsed(program, program.tensors[name], drawn.shape)
        if lead != shape:
            raise ShapeError(f"{program.name}: the cotangent of {name} must have the shape {shape}, but has {lead}")
        seeds[name] = drawn.reshape(shape)
    return Case(sizes, arrays, integers, seeds, GIVEN, GIVEN, seed)


def violation(program: Program, case: Case) -> str:
    """The declared domain that a case is outside of, as a sentence; empty if it is inside of all."""
    for name, value in case.inputs.items():
        tensor = program.tensors[name]
        if tensor.stated and not np.all(bounds_of(tensor, case.sizes).holds(value)):
            conditions = ", ".join(str(condition) for condition in tensor.domain)
            return f"the declared domain of {name} is {conditions}"
    return ""


def mild(case: Case) -> bool:
    """Whether all inputs are of ordinary magnitude, where a value that is not finite is a fault of the formula."""
    return all(np.max(np.abs(value), initial=0.0) <= 16 for value in case.inputs.values())

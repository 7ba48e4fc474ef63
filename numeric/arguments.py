"""The arguments of a generated function: checked once for each combination of shapes and dtypes, then only compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.program import Program
from numeric.errors import ShapeError
from numeric.integers import integer_value
from numeric.shapes import bind_sizes, collapsed, takes_leading_axes

Array = NDArray[Any]


@dataclass(frozen=True)
class Step:
    """How one argument becomes a value: what it must be for that, and its shape inside the generated code."""

    name: str
    kind: type | None  # None: not given, ``value`` is the default
    shape: tuple[int, ...] = ()
    dtype: Any = None
    inside: tuple[int, ...] | None = None  # where it differs from the shape given
    value: Any = None
    integer: bool = False  # an integer hyper-parameter: goes by keyword, ``value`` is what it must be


@dataclass
class Plan:
    """What the checks found: the values' dtype, all sizes, the leading axes that were made one."""

    dtype: Any
    integers: dict[str, int]
    sizes: dict[Any, int]
    lead: tuple[int, ...] | None
    steps: tuple[Step, ...] | None  # None: an argument needs converting, so every call is checked
    given: int
    large: bool | None = None  # whether blocks of rows are worth it
    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)
    cuts: dict[str, tuple[tuple[slice, ...] | None, tuple[int, ...]]] = field(default_factory=dict)

    def take(self, inputs: Mapping[str, Any]) -> list[Any] | None:
        """The values in the program's order if the arguments are like those that were checked."""
        if self.steps is None or len(inputs) != self.given:
            return None
        values = []
        for step in self.steps:
            kind = step.kind
            if kind is None:
                values.append(step.value)
                continue
            value: Any = inputs.get(step.name)
            alike = type(value) is kind
            if not alike:
                return None
            if step.integer:
                if value != step.value:
                    return None
            elif kind is np.ndarray:
                if value.shape != step.shape or value.dtype != step.dtype:
                    return None
                if step.inside is None:
                    values.append(value)
                else:
                    values.append(value.reshape(step.inside) if step.inside else value[()])
            else:
                values.append(self.dtype.type(value))
        return values


class Arguments:
    """Checks the inputs of one program, and remembers what it found."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._last: Plan | None = None
        self._plans: dict[Any, Plan] = {}

    def prepare(self, inputs: Mapping[str, Any]) -> tuple[list[Any], Plan]:
        """The values of the program's inputs in order, and the plan.  Raises :class:`ShapeError`."""
        if self._last is not None:
            values = self._last.take(inputs)
            if values is not None:
                return values, self._last
        key = _signature(inputs)
        plan = self._plans.get(key)
        values = plan.take(inputs) if plan is not None else None
        if plan is None or values is None:
            values, plan = self._check(inputs)
            if len(self._plans) < 1000:
                self._plans[key] = plan
        self._last = plan
        return values, plan

    def shapes(self, name: str, plan: Plan) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The shape of a tensor (start values left out) inside the generated code, and as a caller has it."""
        known = plan.shapes.get(name)
        if known is None:
            tensor = self.program.tensors[name]
            inside = tuple(int(integer_value(n, plan.sizes)) for n in tensor.shape)
            leads = plan.lead is not None and takes_leading_axes(self.program, tensor)
            known = plan.shapes[name] = inside, (*plan.lead, *inside[1:]) if leads and plan.lead is not None else inside
        return known

    def outside(self, name: str, plan: Plan) -> tuple[tuple[slice, ...] | None, tuple[int, ...]]:
        """What cuts the start values off a tensor of the generated code, and its shape as a caller has it."""
        known = plan.cuts.get(name)
        if known is None:
            tensor = self.program.tensors[name]
            cut = tuple(slice(-tensor.origin(axis), None) for axis in range(tensor.rank)) if any(tensor.lower) else None
            known = plan.cuts[name] = cut, self.shapes(name, plan)[1]
        return known

    def _check(self, inputs: Mapping[str, Any]) -> tuple[list[Any], Plan]:
        program = self.program
        integers = self._integers(inputs)
        given: dict[str, Any] = {}
        for tensor in program.inputs:
            if tensor.name in inputs:
                given[tensor.name] = np.asarray(inputs[tensor.name])
            elif tensor.default is None:
                needed = ", ".join(t.name for t in program.inputs if t.default is None)
                raise ShapeError(f"{program.name}: {tensor.name} is missing; the inputs are {needed}")
        unknown = [n for n in inputs if n not in program.tensors and n not in integers]
        if unknown:
            raise ShapeError(
                f"{program.name} has no input {unknown[0]}; the inputs are {', '.join(t.name for t in program.inputs)}"
            )
        dtype = _dtype(program, given)
        arrays: dict[str, Any] = {}
        lead: tuple[int, ...] | None = None
        for tensor in program.inputs:
            if tensor.name not in given:
                arrays[tensor.name] = dtype.type(tensor.default)
                continue
            array = given[tensor.name]
            array = array.astype(np.intp, copy=False) if tensor.integer else array.astype(dtype, copy=False)
            if takes_leading_axes(program, tensor):
                shape = collapsed(program, tensor, array.shape)
                own = array.shape[: array.ndim - tensor.rank + 1]
                if lead is not None and own != lead:
                    raise ShapeError(f"{program.name}: the leading axes of {tensor.name} are {own}, elsewhere {lead}")
                lead = own
                array = array.reshape(shape)
            arrays[tensor.name] = array if array.ndim else array[()]
        sizes = bind_sizes(program, {n: np.shape(a) for n, a in arrays.items()}, integers)
        steps = _steps(inputs, arrays, integers, dtype)
        return list(arrays.values()), Plan(dtype, integers, sizes, lead, steps, len(inputs))

    def _integers(self, inputs: Mapping[str, Any]) -> dict[str, int]:
        program = self.program
        integers = {
            s.name: int(inputs[s.name]) if s.name in inputs else default for s, default in program.integers.items()
        }
        for symbol in program.integers:
            if integers[symbol.name] < (1 if symbol.is_positive else 0):
                least = "positive" if symbol.is_positive else "not negative"
                raise ShapeError(f"{program.name}: {symbol} must be {least}, got {integers[symbol.name]}")
        return integers


def _steps(
    inputs: Mapping[str, Any], arrays: Mapping[str, Any], integers: Mapping[str, int], dtype: Any
) -> tuple[Step, ...] | None:
    """How arguments of the same shapes and dtypes become values, where that takes no conversion of an array."""
    steps = []
    for name, array in arrays.items():
        if name not in inputs:
            steps.append(Step(name, None, value=array))
            continue
        value = inputs[name]
        if type(value) is np.ndarray and value.dtype == array.dtype:
            inside = None if value.ndim and value.shape == array.shape else array.shape
            steps.append(Step(name, np.ndarray, value.shape, value.dtype, inside))
        elif type(value) in (int, float) and array.dtype == dtype:
            steps.append(Step(name, type(value)))
        else:
            return None
    for name, number in integers.items():
        if name in inputs:
            if type(inputs[name]) is not int:
                return None
            steps.append(Step(name, int, value=number, integer=True))
    return tuple(steps)


def _signature(inputs: Mapping[str, Any]) -> tuple[Any, ...]:
    """What the checks depend on."""
    key: list[Any] = []
    for name, value in inputs.items():
        kind = type(value)
        if kind is np.ndarray:
            key += (name, value.shape, value.dtype)
        else:
            key += (name, kind, value if kind is int else None)
    return tuple(key)


def _dtype(program: Program, given: Mapping[str, Array]) -> Any:
    kinds = {
        given[t.name].dtype
        for t in program.inputs
        if t.name in given
        and not t.integer
        and t.role != "hyper"
        and given[t.name].dtype.kind == "f"
        and given[t.name].dtype.itemsize >= 4
    }
    strange = [n for n, a in given.items() if a.dtype.kind not in "fiub"]
    if strange:
        raise ShapeError(f"{program.name}: {strange[0]} must hold real numbers, got dtype {given[strange[0]].dtype}")
    dtype = np.result_type(*kinds) if kinds else np.dtype(np.float64)
    return dtype if dtype in (np.dtype(np.float32), np.dtype(np.float64)) else np.dtype(np.float64)


__all__ = ["Arguments", "Plan"]

"""``compile``: an operation or a derivation as NumPy functions with their source."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from derive.derivation import Derivation
from derive.nodes import Access, IntegerAccess
from derive.operation import Operation
from derive.program import Program
from derive.reverse import derive
from numeric import primitives
from numeric.code import Code
from numeric.errors import ShapeError, UnsupportedExpression
from numeric.integers import integer_value
from numeric.program_code import ProgramCode, stable_groups
from numeric.shapes import bind_sizes, collapsed, takes_leading_axes
from numeric.stable import Rewrite

Array = NDArray[Any]


class Function:
    """Generated NumPy functions: one pass forward, one pass backward that shares what the forward computed.

    ``source`` is the readable text, ``rewrites`` the stability rewritings that it contains, ``derivation`` where the
    backward pass comes from.  The dtype of the inputs (float32 or float64) is that of all results; inputs are never
    modified; sizes 0 and 1 are legal.  Raises :class:`numeric.errors.ShapeError` for arrays that do not fit.

    >>> from derive.registry import declare
    >>> f = compile(declare("x[n]; L = sum(x**2)/2"))
    >>> float(f.forward(x=[1.0, 2.0])["L"])
    2.5
    >>> f.vjp({"x": [1.0, 2.0]})["x"]
    array([1., 2.])
    """

    def __init__(self, program: Program, derivation: Derivation | None) -> None:
        self.program, self._derivation = program, derivation
        self.name = program.name
        self._definitions = {e.target: e for e in program.equations if len(program.equations_of(e.target)) == 1}
        if derivation is not None:
            self._definitions.update({e.target: e for e in derivation.equations})
        self._plans: dict[Any, _Plan] = {}
        self._shapes: dict[Any, tuple[int, ...]] = {}

    # -- source -------------------------------------------------------------------------------------------------------

    @property
    def derivation(self) -> Derivation:
        if self._derivation is None:
            self._derivation = derive(self.program)
            self._definitions.update({e.target: e for e in self._derivation.equations})
        return self._derivation

    @cached_property
    def _forward_parts(self) -> tuple[str, list[str], list[Any]]:
        groups, rewrites = stable_groups(self.program.groups, self._definitions)
        writer = _Writer(self.program, self.program.tensors)
        for group in groups:
            writer.body.group(group)
        kept = list(dict.fromkeys(e.target for e in self.program.equations))
        return writer.finish("forward", [t.name for t in self.program.inputs], kept), kept, rewrites

    @cached_property
    def _residual_parts(self) -> tuple[str, list[str]]:
        """The forward pass without what no gradient reads (a loss, say)."""
        kept = [n for n in self._forward_parts[1] if n in self._backward_parts[1]]
        needed = set(kept)
        for group in reversed(self.program.groups):
            own = (*group.equations, *group.starts, *group.ends)
            if needed & {e.target for e in own}:
                needed |= {a.tensor for e in own for a in e.rhs.atoms(Access, IntegerAccess)}
        wanted = [g for g in self.program.groups if needed & {e.target for e in g.equations}]
        groups, _ = stable_groups(wanted, self._definitions)
        writer = _Writer(self.program, self.program.tensors)
        for group in groups:
            writer.body.group(group)
        return writer.finish("forward", [t.name for t in self.program.inputs], kept), kept

    @cached_property
    def _backward_parts(self) -> tuple[str, list[str], list[str], list[Any]]:
        derivation = self.derivation
        groups, rewrites = stable_groups(derivation.adjoint.groups, self._definitions)
        writer = _Writer(self.program, {**self.program.tensors, **derivation.adjoint.tensors})
        for group in groups:
            writer.body.group(group)
        own = {e.target for e in derivation.equations}
        read = {a.tensor for g in groups for e in (*g.equations, *g.starts, *g.ends) for a in e.rhs.atoms(Access)} - own
        cotangents = list(derivation.cotangents.values())
        held = [n for n in self.program.tensors if n in read and n not in cotangents]
        source = writer.finish("backward", [*held, *cotangents], list(derivation.gradients.values()))
        return source, [*held, *writer.extra], cotangents, rewrites

    @property
    def rewrites(self) -> tuple[Rewrite, ...]:
        """The stability rewritings in the source."""
        found = [*self._forward_parts[2], *self._backward_parts[3]]
        return tuple(dict.fromkeys(found))

    @cached_property
    def source(self) -> str:
        """The generated module: ``forward`` and ``backward``."""
        return f"{self.header}\n\n\n{self._forward_parts[0]}\n\n\n{self._backward_parts[0]}\n"

    @property
    def header(self) -> str:
        text = self._forward_parts[0] + self._backward_parts[0]
        used = [name for name in primitives.__all__ if f"{name}(" in text.replace(f".{name}(", "")]
        lines = ["import numpy as np"]
        if "special." in text:
            lines.append("from scipy import special")
        if used:
            lines.append(f"from numeric.primitives import {', '.join(used)}")
        return "\n".join(lines)

    @cached_property
    def _forward(self) -> Callable[..., tuple[Array, ...]]:
        return _load(self._forward_parts[0], "forward", self.name)

    @cached_property
    def _residual(self) -> Callable[..., tuple[Array, ...]]:
        return _load(self._residual_parts[0], "forward", self.name)

    @cached_property
    def _backward(self) -> Callable[..., tuple[Array, ...]]:
        return _load(self._backward_parts[0], "backward", self.name)

    # -- calling ------------------------------------------------------------------------------------------------------

    def forward(self, **inputs: Any) -> dict[str, Array]:
        """The outputs, by name."""
        outputs, _ = self.run_forward(inputs)
        return outputs

    def vjp(self, inputs: Mapping[str, Any], cotangents: Any = None) -> dict[str, Array]:
        """The gradients, by input name: the cotangent pulled back.

        ``cotangents`` is a mapping from outputs, or one array where there is one output; ``None`` means 1 and is for
        scalar outputs only.  Raises :class:`ShapeError` where a cotangent is missing or has the wrong shape.
        """
        arrays, integers, dtype, lead = self._prepare(inputs)
        held = dict(arrays)
        with np.errstate(all="ignore"):
            if self._residual_parts[1]:
                results = self._residual(*arrays.values(), **integers, dtype=dtype)
                held.update(zip(self._residual_parts[1], results, strict=True))
            return self._pull_back(_Residuals(held, integers, dtype, lead), cotangents)

    def run_forward(self, inputs: Mapping[str, Any]) -> tuple[dict[str, Array], _Residuals]:
        """The outputs, and what the backward pass needs."""
        arrays, integers, dtype, lead = self._prepare(inputs)
        with np.errstate(all="ignore"):
            results = self._forward(*arrays.values(), **integers, dtype=dtype)
        held = {**arrays, **dict(zip(self._forward_parts[1], results, strict=True))}
        given = {id(a) for a in arrays.values()}
        outputs = {
            n: self._restore(n, held[n].copy() if id(held[n]) in given else held[n], lead, dtype)
            for n in self.program.outputs
        }
        return outputs, _Residuals(held, integers, dtype, lead)

    def run_backward(self, residuals: _Residuals, cotangents: Any = None) -> dict[str, Array]:
        """The gradients from the residuals of one forward pass; these stay as they are."""
        with np.errstate(all="ignore"):
            return self._pull_back(residuals, cotangents)

    def _pull_back(self, residuals: _Residuals, cotangents: Any) -> dict[str, Array]:
        given, scale = self._cotangents(cotangents, residuals)
        values = residuals.held
        arguments = [given[n] if n in given else values[n] for n in self._backward_order]
        results = self._backward(*arguments, **residuals.integers, dtype=residuals.dtype)
        taken = {id(a) for a in arguments}
        gradients = {}
        for name, value in zip(self._gradients, results, strict=True):
            # A gradient that is the cotangent itself, or another gradient, gets memory of its own.
            own = value.copy() if id(value) in taken else value
            taken.add(id(own))
            scaled = own if scale is None else own * scale
            gradients[name] = self._restore(name, scaled, residuals.lead, residuals.dtype)
        return gradients

    @cached_property
    def _gradients(self) -> tuple[str, ...]:
        return tuple(self.derivation.gradients)

    @cached_property
    def _backward_order(self) -> tuple[str, ...]:
        """The arguments of ``backward`` in the order of its signature."""
        code = self._backward.__code__
        return code.co_varnames[: code.co_argcount]

    # -- arguments ----------------------------------------------------------------------------------------------------

    def _prepare(self, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, int], Any, tuple[int, ...] | None]:
        key = _signature(inputs)
        plan = self._plans.get(key) if key is not None else None
        if plan is not None:
            scalar = plan.dtype.type
            arrays = {
                name: inputs[name]
                if how is None
                else how
                if name not in inputs
                else scalar(inputs[name])
                if how is _SCALAR
                else inputs[name].reshape(how)
                for name, how in plan.steps
            }
            return arrays, plan.integers, plan.dtype, plan.lead
        arrays, integers, dtype, lead = self._check(inputs)
        if key is not None and len(self._plans) < 1000:
            planned = self._plan(inputs, arrays, integers, dtype, lead)
            if planned is not None:
                self._plans[key] = planned
        return arrays, integers, dtype, lead

    @staticmethod
    def _plan(
        inputs: Mapping[str, Any], arrays: dict[str, Any], integers: dict[str, int], dtype: Any, lead: Any
    ) -> _Plan | None:
        """How arguments of the same shapes and dtypes become arrays, where that takes no conversion of an array."""
        steps: list[tuple[str, Any]] = []
        for name, array in arrays.items():
            value = inputs.get(name)
            if value is None:
                steps.append((name, array))
            elif not np.ndim(array):
                if np.asarray(array).dtype != dtype:
                    return None
                steps.append((name, _SCALAR))
            elif type(value) is not np.ndarray or value.dtype != array.dtype:
                return None
            else:
                steps.append((name, None if value.shape == array.shape else array.shape))
        return _Plan(tuple(steps), integers, dtype, lead)

    def _check(self, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, int], Any, tuple[int, ...] | None]:
        program = self.program
        integers = {
            s.name: int(inputs[s.name]) if s.name in inputs else default for s, default in program.integers.items()
        }
        for symbol in program.integers:
            if integers[symbol.name] < (1 if symbol.is_positive else 0):
                least = "positive" if symbol.is_positive else "not negative"
                raise ShapeError(f"{program.name}: {symbol} must be {least}, got {integers[symbol.name]}")
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
        bind_sizes(program, {n: np.shape(a) for n, a in arrays.items()}, integers)
        return arrays, integers, dtype, lead

    def _cotangents(self, cotangents: Any, residuals: _Residuals) -> tuple[dict[str, Array], Any]:
        names = self.derivation.cotangents
        if not names:
            value = cotangents.get(self.derivation.of[0]) if isinstance(cotangents, Mapping) else cotangents
            return {}, None if value is None else residuals.dtype.type(value)
        if cotangents is None:
            raise ShapeError(
                f"{self.name}: {', '.join(names)} is no scalar, so a cotangent must be given: "
                f"vjp(inputs, {{{next(iter(names))!r}: array}})"
            )
        given = cotangents if isinstance(cotangents, Mapping) else {next(iter(names)): cotangents}
        result = {}
        for output, tensor in names.items():
            if output not in given:
                raise ShapeError(f"{self.name}: the cotangent of {output} is missing; give {', '.join(names)}")
            array = np.asarray(given[output])
            if array.dtype != residuals.dtype:
                array = array.astype(residuals.dtype)
            shape = self._shape(output, residuals)
            expected = self._outer_shape(output, shape, residuals.lead)
            if array.shape != expected:
                raise ShapeError(
                    f"{self.name}: the cotangent of {output} must have its shape {expected}, got {array.shape}"
                )
            result[tensor] = array if expected == shape else array.reshape(shape)
        return result, None

    def _shape(self, output: str, residuals: _Residuals) -> tuple[int, ...]:
        """The shape of an output inside the generated code, without start values."""
        key = (output, *(np.shape(residuals.held[t.name]) for t in self.program.inputs), *residuals.integers.values())
        if key not in self._shapes:
            given = {t.name: np.shape(residuals.held[t.name]) for t in self.program.inputs}
            sizes = bind_sizes(self.program, given, residuals.integers)
            self._shapes[key] = tuple(int(integer_value(n, sizes)) for n in self.program.tensors[output].shape)
        return self._shapes[key]

    def _outer_shape(self, name: str, shape: tuple[int, ...], lead: tuple[int, ...] | None) -> tuple[int, ...]:
        if lead is not None and takes_leading_axes(self.program, self.program.tensors[name]):
            return (*lead, *shape[1:])
        return shape

    def _restore(self, name: str, value: Any, lead: tuple[int, ...] | None, dtype: Any) -> Array:
        """A result as a caller expects it: own memory, without start values, with its leading axes."""
        tensor = self.program.tensors[name]
        array = value if type(value) is np.ndarray and value.dtype == dtype else np.asarray(value, dtype=dtype)
        if lead is None and array.base is None and array.flags.writeable and not any(tensor.lower):
            return array
        cut = tuple(slice(-tensor.origin(axis), None) for axis in range(array.ndim)) if any(tensor.lower) else ()
        array = array[cut] if cut else array
        array = array.reshape(self._outer_shape(name, array.shape, lead))
        return array if array.flags.owndata and array.flags.writeable else array.copy()


class _Residuals:
    """What one forward pass leaves for its backward pass."""

    __slots__ = ("dtype", "held", "integers", "lead")

    def __init__(self, held: dict[str, Any], integers: dict[str, int], dtype: Any, lead: Any) -> None:
        self.held, self.integers, self.dtype, self.lead = held, integers, dtype, lead


class _Plan:
    """What the checks found for inputs of certain shapes and dtypes: the next ones like them need no checks."""

    __slots__ = ("dtype", "integers", "lead", "steps")

    def __init__(self, steps: tuple[tuple[str, Any], ...], integers: dict[str, int], dtype: Any, lead: Any) -> None:
        self.steps, self.integers, self.dtype, self.lead = steps, integers, dtype, lead


_SCALAR = object()


def _signature(inputs: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What the checks depend on; ``None`` where an input is no plain array or number."""
    key: list[Any] = []
    for name, value in inputs.items():
        kind = type(value)
        if kind is np.ndarray:
            key += (name, value.shape, value.dtype)
        elif kind is int:
            key += (name, kind, value)
        elif kind is float:
            key += (name, kind)
        else:
            return None
    return tuple(key)


class _Writer:
    """One generated function: header with sizes, body, return."""

    def __init__(self, program: Program, tensors: Mapping[str, Any]) -> None:
        self.program = program
        self.code = Code(taken={*tensors, "np", "special", "dtype", *(s.name for s in program.dimensions)})
        self.code.taken |= {s.name for e in program.equations for s in e.ranges} | set(primitives.__all__)
        self.body = ProgramCode(self.code, tensors)

    def finish(self, name: str, arguments: Sequence[str], results: Sequence[str]) -> str:
        sizes, more = self._sizes(arguments)
        integers = [s.name for s in self.program.integers]
        self.extra = list(dict.fromkeys(more))
        needed = dict.fromkeys([*arguments, *more])
        signature = ", ".join([*needed, "*", *integers, "dtype"])
        returned = ", ".join(results) + ("," if len(results) == 1 else "")
        return "\n".join([f"def {name}({signature}):", *sizes, *self.code.text(), f"    return {returned}"])

    def _sizes(self, arguments: Sequence[str]) -> tuple[list[str], list[str]]:
        wanted = [s for s in sorted(self.code.used_sizes, key=str) if s in self.program.dimensions]
        lines, more = [], []
        for symbol in wanted:
            text, source = self._size_of(symbol, arguments)
            lines.append(f"    {symbol.name} = {text}")
            if source not in arguments:
                more.append(source)
        return lines, more

    def _size_of(self, symbol: Symbol, arguments: Sequence[str]) -> tuple[str, str]:
        candidates = [self.body.tensors[n] for n in arguments if n in self.body.tensors] + list(self.program.inputs)
        for tensor in candidates:
            for axis, extent in enumerate(tensor.shape):
                if extent == symbol:
                    start = tensor.origin(axis)
                    return f"{tensor.name}.shape[{axis}]" + (f" - {-start}" if start else ""), tensor.name
        raise UnsupportedExpression(
            f"{self.program.name}: the size {symbol} is no axis of an input; "
            "declare a tensor with an axis of just this size"
        )


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


def _load(source: str, name: str, program: str) -> Callable[..., Any]:
    """The function of our own generated source."""
    from scipy import special

    namespace: dict[str, Any] = {"np": np, "special": special}
    namespace.update({n: getattr(primitives, n) for n in primitives.__all__})
    exec(_compile(source, f"<backproof {program}.{name}>", "exec"), namespace)
    function: Callable[..., Any] = namespace[name]
    return function


_compile = builtins.compile


def compile(item: Operation | Program | Derivation, wrt: str | Sequence[str] | None = None) -> Function:
    """Generate NumPy functions for an operation, a program, or a derivation (its gradients are the backward pass).

    ``wrt`` chooses the inputs to differentiate (default: those that are not data).  Raises
    :class:`numeric.errors.UnsupportedExpression` naming the node and the equation where there is no code for it.

    >>> from derive.registry import get
    >>> compile(get("sigmoid")).vjp({"z": [0.0]}, [1.0])["z"]
    array([0.25])
    """
    if isinstance(item, Derivation):
        if all(name in item.program.tensors for name in item.gradients):
            return Function(item.program, item)
        return Function(item.combined, None)
    program = item.program if isinstance(item, Operation) else item
    return Function(program, derive(program, wrt=wrt) if wrt is not None else None)

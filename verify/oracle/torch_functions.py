"""PyTorch: functions and modules, whose derivative is autograd's, and an ``autograd.Function`` with a backward pass of its own."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from numeric.errors import ShapeError
from numeric.shapes import bind_sizes
from verify.oracle.arrangement import DECLARED, Arrangement
from verify.oracle.implementation import Call, Implementation, fixed, is_of, signature, with_names
from verify.oracle.naming import Role, output_names, roles

Array = NDArray[Any]


def is_torch(what: Any) -> bool:
    """Whether it is a module, an ``autograd.Function``, one of PyTorch's functions, or a function whose code names ``torch``.

    >>> is_torch(np.tanh)
    False
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    if isinstance(what, torch.nn.Module) or (inspect.isclass(what) and issubclass(what, torch.autograd.Function)):
        return True
    return is_of(what, "torch")


def of_torch(
    what: Any,
    derivation: Derivation,
    arguments: Mapping[str, str] | None,
    arrangement: Arrangement = DECLARED,
) -> Implementation:
    """A PyTorch function, module or ``autograd.Function``, and ``torch.autograd.grad`` of it, in the dtype of the inputs.

    Parameters and buffers of a module stand for declared inputs by their names, as the parameters of its ``forward`` do; its
    sizes are those that it has.

    Raises:
        MappingError: see :func:`verify.oracle.naming.roles`.
    """
    import torch

    if isinstance(what, torch.nn.Module):
        return _of_module(what, derivation, arguments, arrangement)
    owner = getattr(what, "__name__", type(what).__name__)
    kind: Any = what
    if inspect.isclass(what):
        own = signature(kind.forward, f"{owner}.forward")
        if kind.setup_context is torch.autograd.Function.setup_context:
            own = own[1:]  # the context

        def function(**given: Any) -> Any:
            return kind.apply(*(given[name] for name, _ in own if name in given))

        note = f"{owner} is an autograd.Function; its backward pass is judged"
    else:
        function = with_names(what, derivation)
        own = signature(function, owner)
        note = f"{owner} is a PyTorch function; its derivative is that of autograd"
    call = Call(function, roles(own, derivation, arguments, owner), derivation, owner)
    return _differentiated(call, derivation, arrangement, note)


def _of_module(
    module: Any, derivation: Derivation, arguments: Mapping[str, str] | None, arrangement: Arrangement
) -> Implementation:
    from torch.func import functional_call

    owner = type(module).__name__
    state = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    ahead = signature(module.forward, f"{owner}.forward")
    held = [(name, isinstance(value, int)) for name, value in state.items() if value.ndim]
    found = roles([*ahead, *held], derivation, arguments, owner)
    taken = {role.name for role in found}
    attributes = [t.name for t in derivation.program.inputs if t.name not in taken and hasattr(module, t.name)]
    positions = [name for name, _ in ahead]

    def function(**given: Any) -> Any:
        changed = {name: value for name, value in given.items() if name in state}
        settings = {name: given[name] for name in attributes if name in given}
        others = {name: value for name, value in given.items() if name in positions}
        with _having(module, settings):
            return functional_call(module, changed, kwargs=others)

    own = (Role(name, "input", name) for name in attributes)
    call = Call(function, (*found, *own), derivation, owner)
    note = f"{owner} is a PyTorch module; its derivative is that of autograd"
    made = _differentiated(call, derivation, arrangement, note)
    shapes = {
        role.name: arrangement.ours(role.name, np.empty(tuple(state[role.parameter].shape))).shape
        for role in found
        if role.parameter in state
    }
    program = derivation.program
    try:
        sizes = bind_sizes(program, shapes)
    except ShapeError as error:
        return _unfit(made, error)
    return replace(made, held={symbol: size for symbol, size in sizes.items() if symbol not in program.integers})


def _unfit(made: Implementation, error: ShapeError) -> Implementation:
    """A module whose parameters do not fit the declaration as they lie."""

    def refuse(*_: Any, **__: Any) -> dict[str, Array]:
        raise error

    return replace(made, forward=refuse, vjp=refuse)


@contextmanager
def _having(module: Any, settings: Mapping[str, Any]) -> Iterator[None]:
    """The module with other values of its attributes."""
    before = {name: getattr(module, name) for name in settings}
    try:
        for name, value in settings.items():
            setattr(module, name, float(value))
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


def _differentiated(call: Call, derivation: Derivation, arrangement: Arrangement, note: str) -> Implementation:
    import torch

    wrt = tuple(name for name in derivation.gradients if name in call.inputs.values())

    def forward(**inputs: Any) -> dict[str, Array]:
        with torch.no_grad():
            found = call(_moved(arrangement.all_theirs(inputs)), {})
        return arrangement.all_ours(output_names(_as_arrays(found), derivation.of, call.owner))

    def vjp(inputs: Mapping[str, Any], cotangents: Mapping[str, Array]) -> dict[str, Array]:
        given = _moved(arrangement.all_theirs(inputs))
        upstream = _moved(arrangement.all_theirs(cotangents))
        leaves = {name: given[name].requires_grad_() for name in wrt}
        result = call(given, {})
        values = list(result) if isinstance(result, tuple) and len(derivation.of) > 1 else [result]
        outputs = [(name, value) for name, value in zip(derivation.of, values, strict=True) if value.requires_grad]
        seeds = [
            upstream[name].to(value.dtype) if name in upstream else torch.ones_like(value) for name, value in outputs
        ]
        if not outputs:
            return {name: np.zeros_like(inputs[name]) for name in wrt}
        found = torch.autograd.grad(
            [value for _, value in outputs], list(leaves.values()), seeds, allow_unused=True, materialize_grads=True
        )
        return arrangement.all_ours({name: _array(value) for name, value in zip(wrt, found, strict=True)})

    takes = tuple(dict.fromkeys((*call.takes, *derivation.of)))
    return Implementation(call.owner, forward, vjp, wrt, (note,), fixed(derivation, call.inputs.values()), takes)


def _moved(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Arrays as tensors that share their memory, so that what is done to one is seen; other numbers as they are."""
    import torch

    return {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in arrays.items()}


def _array(value: Any) -> Array:
    found: Array = value.detach().numpy()
    return found


def _as_arrays(result: Any) -> Any:
    if isinstance(result, Mapping):
        return {name: _array(value) for name, value in result.items()}
    return tuple(map(_array, result)) if isinstance(result, tuple | list) else _array(result)


__all__ = ["is_torch", "of_torch"]

"""Gradients by other libraries' autodiff, to be measured beside ours: JAX on the reference, PyTorch on its own function.

They are no witnesses: where they lose digits, ball arithmetic says so.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from derive.operation import Operation
from verify.references import find, in_torch
from verify.sampling import Case

Gradient = Callable[[Case], Mapping[str, NDArray[Any]]]


def others(operation: Operation, derivation: Derivation) -> dict[str, Gradient]:
    """Every library that has the operation and is installed, by name.

    Example:
        >>> import derive.registry, derive.reverse
        >>> operation = derive.registry.get("sigmoid")
        >>> sorted(others(operation, derive.reverse.derive(operation)))[0]
        'jax'
    """
    found: dict[str, Gradient] = {}
    if find(operation.name) is not None:
        found["jax"] = _jax(operation, derivation)
    if (function := in_torch(operation.name)) is not None and find_spec("torch") is not None:
        found["torch"] = _torch(function, derivation)
    return found


def _jax(operation: Operation, derivation: Derivation) -> Gradient:
    """JAX's autodiff of the reference forward, in the dtype of the case."""
    import jax

    forward = find(operation.name)
    assert forward is not None

    def gradient(case: Case) -> Mapping[str, NDArray[Any]]:
        double = any(value.dtype == np.float64 for name, value in case.inputs.items() if value.ndim)
        with jax.enable_x64(double):
            arrays = {name: jax.numpy.array(value) for name, value in case.inputs.items()}
            moving = {name: arrays.pop(name) for name in derivation.wrt}
            outputs, pull = jax.vjp(
                lambda given: forward(**given, **arrays, **case.integers, **operation.options), moving
            )
            seeds = {
                name: jax.numpy.array(case.cotangents[name], value.dtype)
                if name in case.cotangents
                else jax.numpy.ones_like(value)
                for name, value in outputs.items()
            }
            return {name: np.asarray(value) for name, value in pull(seeds)[0].items()}

    return gradient


def _torch(function: Callable[..., Any], derivation: Derivation) -> Gradient:
    """PyTorch's autodiff of its own function, in the dtype of the case."""
    import torch
    from torch.nn import functional

    wanted = inspect.signature(function).parameters
    (output,) = derivation.of

    def gradient(case: Case) -> Mapping[str, NDArray[Any]]:
        tensors = {name: torch.tensor(value) for name, value in case.inputs.items()}
        moving = [tensors[name].requires_grad_() for name in derivation.wrt]
        given = {"torch": torch, "F": functional, **tensors, **case.integers}
        value = function(**{name: given[name] for name in wanted})
        seed = torch.tensor(case.cotangents[output]) if output in case.cotangents else torch.ones_like(value)
        found = torch.autograd.grad(value, moving, seed)
        return {name: each.numpy() for name, each in zip(derivation.wrt, found, strict=True)}

    return gradient


__all__ = ["Gradient", "others"]

"""What an implementation that is wrong as it was read would be right as: told, never assumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from derive.derivation import Derivation
from verify.errors import MappingError, SamplingError
from verify.oracle.implementation import Implementation
from verify.oracle.looking import Looks
from verify.oracle.observation import alike
from verify.protocol import Failure, run

_CASES = 2
_CLOSE = 1e-6


def hints(
    made: Implementation, derivation: Derivation, seed: int, read: Callable[[str], Implementation] | None = None
) -> tuple[str, ...]:
    """A sentence for each reading under which all that it returns is right; ``read`` reads it as of another kind.

    Example:
        >>> import numpy as np
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> from verify.oracle.adapting import adapted
        >>> sigmoid = derive(get("sigmoid"))
        >>> def sigmoid_derivative(x):
        ...     return x*(1 - x)
        >>> hints(adapted(sigmoid_derivative, sigmoid), sigmoid, seed=1)
        ("if what it is given as z is meant to be a, its gradients are right: arguments={'x': 'a'}",)
        >>> def slope(z):
        ...     return np.exp(-z)/(1 + np.exp(-z))**2
        >>> as_kind = lambda kind: adapted(slope, sigmoid, kind=kind)
        >>> hints(as_kind("forward"), sigmoid, seed=1, read=as_kind)
        ("what it returns is the gradient of z: kind='gradient'",)
    """
    looks = Looks(derivation, seed, _CASES)
    try:
        return (*_activated(made, derivation, looks), *_gradient(made, looks, read))
    except (SamplingError, MappingError):
        return ()


def _activated(made: Implementation, derivation: Derivation, looks: Looks) -> list[str]:
    """An output in place of an input of its shape: ``a*(1 - a)`` of an argument that is activated already."""
    tensors, found = derivation.program.tensors, []
    if made.vjp is None or all(s.fits and all(alike(s.got[n], s.due[n], _CLOSE) for n in s.got) for s in looks(made)):
        return []  # whatever is wrong, is wrong elsewhere
    pairs = [(i, o) for i in made.gradients for o in derivation.of if tensors[i].shape == tensors[o].shape]
    for name, output in pairs:
        right = True
        for case, due in looks.cases(made.held):
            got = run(made.vjp, None, replace(case, inputs={**case.inputs, name: due[output]}))
            right = right and not isinstance(got, Failure) and all(alike(got[n], due[n], _CLOSE) for n in got)
        if right:
            own = next((parameter for parameter, meaning in made.parameters.items() if meaning == name), "")
            say = f": arguments={{{own!r}: {output!r}}}" if own else ""
            found.append(f"if what it is given as {name} is meant to be {output}, its gradients are right{say}")
    return found


def _gradient(made: Implementation, looks: Looks, read: Callable[[str], Implementation] | None) -> list[str]:
    """A function that was taken for a forward pass, and returns gradients."""
    if made.vjp is not None or read is None:
        return []
    other = read("gradient")
    seen = list(looks(other))
    if all(s.fits and s.got and all(alike(s.got[n], s.due[n], _CLOSE) for n in s.got if n in s.due) for s in seen):
        return [f"what it returns is the gradient of {', '.join(seen[0].got)}: kind='gradient'"]
    return []


__all__ = ["hints"]

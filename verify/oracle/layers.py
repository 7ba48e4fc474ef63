"""Objects with ``forward`` and ``backward``: the layers of hand-written networks, which keep what they need in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from verify.errors import MappingError
from verify.oracle.arrangement import DECLARED, Arrangement
from verify.oracle.implementation import Call, Implementation, fixed, signature
from verify.oracle.naming import Role, gradient_names, output_names, roles

Array = NDArray[Any]


def of_class(
    kind: type,
    derivation: Derivation,
    arguments: Mapping[str, str] | None,
    arrangement: Arrangement = DECLARED,
) -> Implementation:
    """A class of layers: a new object for each forward pass, so that two passes never share one.

    Declared inputs go to the constructor where it takes them, to ``forward`` where that does, and else become attributes
    of the object, which must have them.

    Raises:
        MappingError: see :func:`verify.oracle.naming.roles`; or an input has nowhere to go.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> class Dense:
        ...     def __init__(self, W, b):
        ...         self.W, self.b = W, b
        ...     def forward(self, x):
        ...         self.x = x
        ...         return x @ self.W + self.b
        ...     def backward(self, grad_output):
        ...         self.dW, self.db = self.x.T @ grad_output, grad_output.sum(axis=0)
        ...         return grad_output @ self.W.T
        >>> layer = of_class(Dense, derive(get("dense")), None)
        >>> given = {"X": np.ones((2, 3)), "W": np.ones((3, 4)), "b": np.zeros(4)}
        >>> {name: value.shape for name, value in layer.vjp(given, {"Z": np.ones((2, 4))}).items()}
        {'X': (2, 3), 'W': (3, 4), 'b': (4,)}
    """
    owner = kind.__name__
    own = signature(kind, f"the constructor of {owner}") if "__init__" in dir(kind) else []
    first = _taken(own, derivation, arguments)
    needed = [name for name, optional in own if not optional and name not in {role.parameter for role in first}]
    if needed:
        raise MappingError(
            f"the constructor of {owner} needs {', '.join(needed)}, which no input of {derivation.program.name} stands for; "
            f"say what each is, arguments={{{needed[0]!r}: ...}}, or give an object instead of the class"
        )

    def make(inputs: Mapping[str, Any]) -> Any:
        return kind(**{role.parameter: arrangement.theirs(role.name, inputs[role.name]) for role in first})

    taken = {role.name for role in first}
    return _of(owner, make, kind, derivation, arguments, taken, arrangement)


def of_object(
    layer: Any,
    derivation: Derivation,
    arguments: Mapping[str, str] | None,
    arrangement: Arrangement = DECLARED,
) -> Implementation:
    """One object for all calls, as a network holds it.

    Raises:
        MappingError: as :func:`of_class`.
    """
    return _of(type(layer).__name__, lambda inputs: layer, layer, derivation, arguments, set(), arrangement)


def _taken(
    own: list[tuple[str, bool]], derivation: Derivation, arguments: Mapping[str, str] | None
) -> tuple[Role, ...]:
    """The roles of those parameters of a constructor that mean something."""
    given = {name: meaning for name, meaning in (arguments or {}).items() if name in dict(own)}
    found: list[Role] = []
    for name, _ in own:
        try:
            found += roles([(name, False)], derivation, {name: given[name]} if name in given else None)
        except MappingError:
            continue
    return tuple(role for role in found if role.kind == "input")


def _of(
    owner: str,
    make: Callable[[Mapping[str, Any]], Any],
    methods: Any,
    derivation: Derivation,
    arguments: Mapping[str, str] | None,
    held: set[str],
    arrangement: Arrangement,
) -> Implementation:
    ahead, back = (_parameters(methods, name, owner) for name in ("forward", "backward"))
    given = dict(arguments or {})
    forward_roles = roles(ahead, derivation, _only(given, ahead), f"{owner}.forward")
    backward_roles = roles(back, derivation, _only(given, back), f"{owner}.backward")
    taken = held | {role.name for role in (*forward_roles, *backward_roles) if role.kind == "input"}
    wrt = tuple(derivation.gradients)
    places = methods if not isinstance(methods, type) else None
    attributes = [t.name for t in derivation.program.inputs if t.name not in taken]
    first = next((role.name for role in forward_roles if role.name in wrt), wrt[0] if wrt else "")
    state: dict[str, Any] = {}

    def begin(inputs: Mapping[str, Any]) -> Any:
        layer = make(inputs)
        for name in attributes:
            if hasattr(layer, name):
                setattr(layer, name, arrangement.theirs(name, inputs[name]))
            elif derivation.program.tensors[name].default is None:
                raise MappingError(
                    f"{owner} has no place for the input {name}: no parameter of its constructor or of forward stands for "
                    f"it, and it has no attribute {name}"
                )
        result = Call(layer.forward, forward_roles, derivation, f"{owner}.forward", arrangement)(inputs, {})
        state["layer"] = layer
        return result

    def forward(**inputs: Any) -> dict[str, Array]:
        return arrangement.all_ours(output_names(begin(inputs), derivation.of, f"{owner}.forward"))

    def vjp(inputs: Mapping[str, Any], cotangents: Mapping[str, Array]) -> dict[str, Array]:
        layer = state.get("layer")
        if layer is None or make(inputs) is not layer:
            begin(inputs)
            layer = state["layer"]
        result = Call(layer.backward, backward_roles, derivation, f"{owner}.backward", arrangement)(inputs, cotangents)
        return arrangement.all_ours(_gathered(result, layer, wrt, first, f"{owner}.backward"))

    held_too = [name for name in attributes if places is not None and hasattr(places, name)]
    takes = tuple(dict.fromkeys((*taken, *held_too, *attributes, *derivation.of)))
    return Implementation(owner, forward, vjp, wrt, fixed=fixed(derivation, {*taken, *held_too}), takes=takes)


def _parameters(methods: Any, name: str, owner: str) -> list[tuple[str, bool]]:
    found = signature(getattr(methods, name), f"{owner}.{name}")
    return found[1:] if isinstance(methods, type) else found  # of a class, "self" is among them


def _only(given: Mapping[str, str], parameters: list[tuple[str, bool]]) -> dict[str, str]:
    return {name: given[name] for name, _ in parameters if name in given}


def _gathered(result: Any, layer: Any, wrt: tuple[str, ...], first: str, owner: str) -> dict[str, Array]:
    """What ``backward`` returned, and the gradients that it left at the object."""
    found: dict[str, Array] = {}
    if isinstance(result, Mapping) or (isinstance(result, tuple | list) and len(result) == len(wrt)):
        found = gradient_names(result, wrt, {name: name for name in wrt}, owner)
    elif result is not None:
        found = {first: np.asarray(result)}
    stores = [
        store for name in ("grads", "gradients", "grad") if isinstance(store := getattr(layer, name, None), Mapping)
    ]
    for name in wrt:
        for key in (f"d{name}", f"d_{name}", f"grad_{name}", f"{name}_grad", f"{name}_bar"):
            if name not in found and getattr(layer, key, None) is not None:
                found[name] = np.asarray(getattr(layer, key))
        for store in stores:
            for key in (name, f"d{name}", f"grad_{name}"):
                if name not in found and key in store:
                    found[name] = np.asarray(store[key])
    return found

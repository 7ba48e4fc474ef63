"""Whose names mean what: the parameters and results of somebody's function, in the names of a declaration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from verify.errors import MappingError

Array = NDArray[Any]

# What people call the same thing.  A group helps only where one parameter and one declared tensor of it are left.
_GROUPS = (
    "x X z Z u input inputs data features a_prev",
    "W w V weight weights kernel K filters filter",
    "b beta bias shift",
    "gamma g w weight scale",
    "y Y t target targets label labels truth y_true",
    "yhat p P z Z s S pred prediction predictions y_pred probs logits scores output input inputs",
    "eps epsilon",
    "alpha lr learning_rate eta",
    "alpha slope negative_slope",
    "beta momentum mu rho decay",
    "beta1 b1",
    "beta2 b2",
    "lam weight_decay wd reg l2",
    "mu mean running_mean",
    "var variance running_var",
    "Q q query",
    "K k key",
    "V v value",
    "theta0 theta p param params x0",
    "g gs grad grads gradient gradients",
)
_UPSTREAM = {
    "dy", "dout", "d_out", "gy", "gout", "grad", "grad_output", "grad_out", "grad_outputs", "upstream", "cotangent", "delta",
    "dl", "dloss", "seed", "ct",
}  # fmt: skip


@dataclass(frozen=True)
class Role:
    """What a parameter stands for: an ``input``, a ``value`` of the forward pass, or the ``cotangent`` of an output."""

    parameter: str
    kind: str
    name: str


def roles(
    parameters: Sequence[tuple[str, bool]],
    derivation: Derivation,
    given: Mapping[str, str] | None = None,
    owner: str = "the implementation",
) -> tuple[Role, ...]:
    """The role of each parameter, given as (name, whether it may be left out); one that may be and means nothing is.

    By the names of the declaration first, then ``dy`` for the cotangent of ``y`` and its like, then by what people
    call the same thing, and last by position where as many required parameters as inputs are left.

    Raises:
        MappingError: a parameter remains of which none of these says what it means.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> layer_norm = derive(get("layer_norm"))
        >>> found = roles([("dout", False), ("x", False), ("weight", False), ("eps", True)], layer_norm)
        >>> [(role.parameter, role.kind, role.name) for role in found]
        [('dout', 'cotangent', 'y'), ('x', 'input', 'x'), ('weight', 'input', 'gamma'), ('eps', 'input', 'eps')]
    """
    names = _Names(derivation)
    given = dict(given or {})
    unknown = sorted(set(given) - {name for name, _ in parameters})
    if unknown:
        known = ", ".join(name for name, _ in parameters)
        raise MappingError(f"{owner} has no parameter {', '.join(unknown)}; it takes {known}")
    found: dict[str, Role] = {}
    for parameter, meaning in given.items():
        found[parameter] = names.stated(parameter, meaning)
    rest = [(name, optional) for name, optional in parameters if name not in found]
    for look in (names.exact, names.cotangent, names.alike):
        for parameter, _ in rest:
            if parameter not in found:
                role = look(parameter, {r.name for r in found.values() if r.kind == "input"})
                if role is not None and (role.kind, role.name) not in {(r.kind, r.name) for r in found.values()}:
                    found[parameter] = role
    left = [name for name, optional in rest if name not in found and not optional]
    free = [name for name in names.required if name not in {r.name for r in found.values()}]
    if left and len(left) == len(free) and not any(r.kind == "cotangent" for r in found.values()):
        found.update({parameter: Role(parameter, "input", name) for parameter, name in zip(left, free, strict=True)})
    elif left:
        raise MappingError(names.question(left, free, owner))
    return tuple(found[name] for name, _ in parameters if name in found)


class _Names:
    """The names of one derivation."""

    def __init__(self, derivation: Derivation) -> None:
        program = derivation.program
        self.derivation = derivation
        self.inputs = [t.name for t in program.inputs] + [str(symbol) for symbol in program.integers]
        self.required = [t.name for t in program.inputs if t.default is None]
        self.values = list(dict.fromkeys(e.target for e in program.equations))
        self.outputs = list(derivation.of)

    def stated(self, parameter: str, meaning: str) -> Role:
        if meaning in self.inputs:
            return Role(parameter, "input", meaning)
        for output, cotangent in self.derivation.cotangents.items():
            if meaning in (cotangent, f"d{output}"):
                return Role(parameter, "cotangent", output)
        if meaning in self.values:
            return Role(parameter, "value", meaning)
        raise MappingError(f"{parameter}: nothing is named {meaning!r}; there are {self._all()}")

    def exact(self, parameter: str, taken: set[str]) -> Role | None:
        if parameter in self.inputs:
            return Role(parameter, "input", parameter)
        if parameter in self.values:
            return Role(parameter, "value", parameter)
        same = [name for name in self.inputs if name.lower() == parameter.lower()]
        return Role(parameter, "input", same[0]) if len(same) == 1 and same[0] not in taken else None

    def cotangent(self, parameter: str, taken: set[str]) -> Role | None:
        word = parameter.lower()
        for output in self.derivation.cotangents:
            low = output.lower()
            if word in {f"d{low}", f"d_{low}", f"grad_{low}", f"{low}_grad", f"{low}_bar", f"g{low}", f"grad{low}"}:
                return Role(parameter, "cotangent", output)
        if word in _UPSTREAM and len(self.derivation.cotangents) == 1:
            return Role(parameter, "cotangent", next(iter(self.derivation.cotangents)))
        return None

    def alike(self, parameter: str, taken: set[str]) -> Role | None:
        found = {
            name
            for group in _GROUPS
            if parameter in group.split()
            for name in self.inputs
            if name in group.split() and name not in taken
        }
        return Role(parameter, "input", found.pop()) if len(found) == 1 else None

    def question(self, left: Sequence[str], free: Sequence[str], owner: str) -> str:
        example = ", ".join(
            f"{name!r}: {meaning!r}" for name, meaning in zip(left, [*free, *self.inputs], strict=False)
        )
        return (
            f"it cannot be told what {', '.join(left)} of {owner} stand{'s' if len(left) == 1 else ''} for; say it: "
            f"arguments={{{example}}}; there are {self._all()}"
        )

    def _all(self) -> str:
        cotangents = [f"d{output}" for output in self.derivation.cotangents]
        parts = [f"the inputs {', '.join(self.inputs)}"]
        parts += [f"the cotangents {', '.join(cotangents)}"] if cotangents else []
        return "; ".join([*parts, f"the values {', '.join(self.values)}"])


def gradient_names(result: Any, wrt: Sequence[str], own: Mapping[str, str], owner: str) -> dict[str, Array]:
    """The gradients among what a backward pass returned, by the name of the input.

    A mapping by its keys (``dW``, ``grad_W``, ``W``, or with its own name of the parameter: ``dweight``), a tuple in the order of
    its parameters, one array alone.  ``own`` has the declared input of each parameter, in its order.

    Raises:
        MappingError: the results are not as many as the inputs, or have other names.

    Example:
        >>> sorted(gradient_names({"dX": 1.0, "grad_weight": 2.0}, ("X", "W"), {"X": "X", "weight": "W"}, "backward"))
        ['W', 'X']
    """
    if isinstance(result, Mapping):
        found = {}
        known = {name: name for name in wrt} | {
            mine: name for mine, name in own.items() if name in wrt and mine not in wrt
        }
        for key, value in result.items():
            name = _stripped(str(key), known)
            if name is None:
                raise MappingError(
                    f"{owner} returned a gradient named {key!r}; the inputs with a gradient are {', '.join(wrt)}"
                )
            found[name] = np.asarray(value)
        return found
    values = list(result) if isinstance(result, tuple | list) else [result]
    wanted = [name for name in own.values() if name in wrt]
    if len(values) != len(wanted):  # a bias is no parameter of a backward pass
        wanted = list(wrt)
    if len(values) != len(wanted):
        raise MappingError(
            f"{owner} returned {len(values)} array{'s' if len(values) != 1 else ''}, and the inputs with a gradient are "
            f"{', '.join(wanted)}; return a mapping by these names, or say which ones it has: wrt=..."
        )
    return {name: np.asarray(value) for name, value in zip(wanted, values, strict=True)}


def _stripped(key: str, names: Mapping[str, str]) -> str | None:
    candidates = [key, re.sub(r"^(grad_|d_|grad|d)", "", key), re.sub(r"(_grad|_bar|\.grad)$", "", key)]
    for candidate in candidates:
        if candidate in names:
            return names[candidate]
    lowered = {name.lower(): meaning for name, meaning in names.items()}
    for candidate in candidates:
        if candidate.lower() in lowered and len(lowered) == len(names):
            return lowered[candidate.lower()]
    return None


def output_names(result: Any, outputs: Sequence[str], owner: str) -> dict[str, Array]:
    """The outputs among what a forward pass returned, by name; a tuple in the order of the declaration.

    Raises:
        MappingError: the results are not as many as the outputs, or have other names.
    """
    if isinstance(result, Mapping):
        if not set(outputs) <= set(result):
            raise MappingError(f"{owner} returned {', '.join(map(str, result))}; the outputs are {', '.join(outputs)}")
        return {name: np.asarray(result[name]) for name in outputs}
    values = list(result) if isinstance(result, tuple | list) and len(outputs) > 1 else [result]
    if len(values) != len(outputs):
        raise MappingError(f"{owner} returned {len(values)} arrays; the outputs are {', '.join(outputs)}")
    return {name: np.asarray(value) for name, value in zip(outputs, values, strict=True)}

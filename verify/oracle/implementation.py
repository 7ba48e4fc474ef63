"""Anybody's implementation as two functions in declared names: a forward pass and a pullback."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

import numeric
from derive.derivation import Derivation
from verify.errors import MappingError
from verify.generated import function_of
from verify.oracle.arrangement import DECLARED, Arrangement
from verify.oracle.naming import Role, gradient_names, output_names, roles
from verify.precision import doubled, is_real
from verify.protocol import Forward, Gradients

Array = NDArray[Any]

_BACKWARD = re.compile(r"^d_?[A-Z]|^d_|^d[a-z]$|(?i:grad|backward|bwd|vjp|prime|deriv|delta|bptt|pullback)")


@dataclass(frozen=True)
class Implementation:
    """What is judged.

    ``forward(**inputs)`` returns the outputs by name, ``vjp(inputs, cotangents)`` the gradients of ``gradients`` by name; either
    may be missing.  ``notes`` say how it was read.
    """

    name: str
    forward: Forward | None
    vjp: Gradients | None
    gradients: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()  # the hyper-parameters that it does not take: judged at their defaults
    takes: tuple[str, ...] = ()  # the inputs that it is given, and the outputs whose values or cotangents it has
    held: Mapping[Symbol, int] = field(default_factory=dict)  # the sizes that it cannot but have
    arranged: Callable[[Arrangement], Implementation] | None = None  # the same, of arrays that lie otherwise
    parameters: Mapping[str, str] = field(default_factory=dict)  # the declared input of each, if it is a function


def signature(function: Callable[..., Any], owner: str) -> list[tuple[str, bool]]:
    """The parameters of a function, and whether each may be left out.

    >>> signature(lambda x, eps=1e-5: x, "f")
    [('x', False), ('eps', True)]
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise MappingError(
            f"the parameters of {owner} cannot be read: {error}; wrap it in a function that names them"
        ) from error
    for each in parameters:
        if each.kind is each.VAR_POSITIONAL:
            raise MappingError(f"{owner} takes *{each.name}; wrap it in a function that names its parameters")
    return [(p.name, p.default is not p.empty) for p in parameters if p.kind is not p.VAR_KEYWORD]


def unwrapped(function: Any) -> Any:
    """What a ``functools.partial`` is a part of.

    >>> unwrapped(partial(partial(np.sum, axis=0), dtype=float)) is np.sum
    True
    """
    while isinstance(function, partial):
        function = function.func
    return function


def is_of(function: Any, *libraries: str) -> bool:
    """Whether a function is one of these libraries' own or of their kinds, or its code names one of them.

    >>> is_of(np.tanh, "numpy"), is_of(lambda x: np.sqrt(x), "numpy"), is_of(len, "numpy")
    (True, True, False)
    """

    function = unwrapped(function)

    def comes(name: Any) -> bool:
        return str(name or "").partition(".")[0] in libraries

    if comes(type(function).__module__) or comes(getattr(function, "__module__", "")):
        return True
    try:
        known = inspect.getclosurevars(function)
    except (TypeError, ValueError):  # of C; of a cell that is empty yet
        return False
    return any(comes(getattr(value, "__name__", "")) for value in (*known.globals.values(), *known.nonlocals.values()))


def with_names(function: Callable[..., Any], derivation: Derivation) -> Callable[..., Any]:
    """A function that says nothing of its parameters, as those of C do, given the inputs that have no default in their order.

    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> signature(with_names(max, derive(get("squared_error"))), "max")
    [('yhat', False), ('y', False)]
    """
    try:
        inspect.signature(function)
        return function
    except (TypeError, ValueError):
        names = [t.name for t in derivation.program.inputs if t.default is None]

    def named(**inputs: Any) -> Any:
        return function(*(inputs[name] for name in names))

    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
    named.__name__ = _name(function)
    vars(named)["__signature__"] = inspect.Signature(parameters)
    return named


class Values:
    """The named values of the right forward pass: what a backward pass that was given an activation gets."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation

    @cached_property
    def _function(self) -> numeric.Function:
        return function_of(self.derivation)

    def at(self, inputs: Mapping[str, Any]) -> dict[str, Array]:
        kinds = {
            value.dtype for value in inputs.values() if isinstance(value, np.ndarray) and is_real(value) and value.ndim
        }
        with np.errstate(all="ignore"):
            outputs, residuals = self._function.run_forward(doubled(inputs))
        found = {**residuals.held, **outputs}
        (dtype,) = kinds if len(kinds) == 1 else (np.dtype(np.float64),)
        return {name: value.astype(dtype) if is_real(value) else value for name, value in found.items()}


class Call:
    """A Python function, called by the roles of its parameters with arrays that lie as it has them."""

    def __init__(
        self,
        function: Callable[..., Any],
        found: Sequence[Role],
        derivation: Derivation,
        owner: str,
        arrangement: Arrangement = DECLARED,
    ) -> None:
        self.function, self.roles, self.owner, self.arrangement = function, tuple(found), owner, arrangement
        self._values = Values(derivation)
        self._needs_values = any(role.kind == "value" for role in found)
        self._by_place = _by_place(function)

    @property
    def takes_cotangents(self) -> bool:
        return any(role.kind == "cotangent" for role in self.roles)

    @property
    def inputs(self) -> dict[str, str]:
        """The declared input of each parameter that stands for one, in its order."""
        return {role.parameter: role.name for role in self.roles if role.kind == "input"}

    @property
    def takes(self) -> tuple[str, ...]:
        """The declared inputs that it takes, and the outputs whose cotangents or values."""
        outputs = self._values.derivation.of
        return tuple(
            dict.fromkeys(
                role.name for role in self.roles if role.kind in ("input", "cotangent") or role.name in outputs
            )
        )

    def __call__(self, inputs: Mapping[str, Any], cotangents: Mapping[str, Array]) -> Any:
        values = self._values.at(inputs) if self._needs_values else {}
        source = {"input": inputs, "cotangent": cotangents, "value": values}
        theirs = self.arrangement.theirs
        given = {r.parameter: theirs(r.name, source[r.kind][r.name]) for r in self.roles}
        first = [given.pop(name) for name in self._by_place if name in given]
        return self.function(*first, **given)


def _by_place(function: Callable[..., Any]) -> list[str]:
    """The parameters that cannot be given by name."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY]


def of_function(
    function: Callable[..., Any],
    derivation: Derivation,
    *,
    arguments: Mapping[str, str] | None = None,
    kind: str | None = None,
    forward: Callable[..., Any] | None = None,
    arrangement: Arrangement = DECLARED,
) -> Implementation:
    """A NumPy function: a backward pass if it takes a cotangent or its name says so, a forward pass otherwise.

    Raises:
        MappingError: see :func:`verify.oracle.naming.roles`.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> def sigmoid_prime(z):
        ...     return np.exp(-z)/(1 + np.exp(-z))**2
        >>> found = of_function(sigmoid_prime, derive(get("sigmoid")))
        >>> found.gradients, found.notes
        (('z',), ('sigmoid_prime takes no cotangent: what it returns is multiplied by the cotangent of a',))
    """
    owner = _name(function)
    found = roles(signature(function, owner), derivation, arguments, owner)
    call = Call(function, found, derivation, owner, arrangement)
    if kind is None:
        kind = "gradient" if call.takes_cotangents or _BACKWARD.search(owner) else "forward"
    ahead = None
    takes = call.takes
    if forward is not None:
        other = of_function(forward, derivation, kind="forward", arrangement=arrangement)
        ahead, takes = other.forward, tuple(dict.fromkeys((*takes, *other.takes)))
    if kind == "forward":
        unused = fixed(derivation, call.inputs.values())
        takes = tuple(dict.fromkeys((*takes, *derivation.of)))
        return Implementation(owner, _forward(call, derivation), None, fixed=unused, takes=takes)
    wrt = tuple(derivation.gradients)
    notes: tuple[str, ...] = ()
    diagonal = not call.takes_cotangents and bool(derivation.cotangents)
    if diagonal:
        output, name = _elementwise(derivation, owner)
        notes = (f"{owner} takes no cotangent: what it returns is multiplied by the cotangent of {output}",)

    def vjp(inputs: Mapping[str, Any], cotangents: Mapping[str, Array]) -> dict[str, Array]:
        result = call(inputs, cotangents)
        if diagonal:
            return {name: arrangement.ours(name, result) * cotangents[output]}
        return arrangement.all_ours(gradient_names(result, wrt, call.inputs, owner))

    if activated := [role.name for role in found if role.kind == "value"]:
        notes = (*notes, f"{owner} is given {', '.join(activated)}, as the right forward pass computes it")
    unused = fixed(derivation, call.inputs.values())
    return Implementation(owner, ahead, vjp, wrt, notes, unused, takes, parameters=call.inputs)


def fixed(derivation: Derivation, taken: Collection[str]) -> tuple[str, ...]:
    """The hyper-parameters that an implementation does not take."""
    program = derivation.program
    hypers = [t.name for t in program.inputs if t.default is not None] + [str(symbol) for symbol in program.integers]
    return tuple(name for name in hypers if name not in taken)


def _forward(call: Call, derivation: Derivation) -> Forward:
    def forward(**inputs: Any) -> dict[str, Array]:
        return call.arrangement.all_ours(output_names(call(inputs, {}), derivation.of, call.owner))

    return forward


def _elementwise(derivation: Derivation, owner: str) -> tuple[str, str]:
    """The one output and the one input of an elementwise operation, whose derivative is an array of the same shape."""
    tensors = derivation.program.tensors
    pairs = [(o, w) for o in derivation.cotangents for w in derivation.gradients]
    if len(pairs) == 1 and tensors[pairs[0][0]].shape == tensors[pairs[0][1]].shape:
        return pairs[0]
    needed = ", ".join(f"d{output}" for output in derivation.cotangents)
    raise MappingError(
        f"{owner} is read as a backward pass, and takes no upstream gradient ({needed}); "
        "give it such a parameter, or say kind='forward' if it is a forward pass"
    )


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


__all__ = ["Call", "Implementation", "Values", "fixed", "is_of", "of_function", "signature", "unwrapped", "with_names"]

"""Independent forwards: what each operation means, stated a second time in JAX.

A reference is a forward only, written with ``jax.nn``, ``jax.lax`` and ``optax`` where they have the operation and
pinned to the accurate algorithm by name.  JAX differentiates it; nothing here ever states a derivative, and nothing
here looks at the declaration. Keyword names are the declared names (inputs, hyper-parameters, integers); the result
maps output names to arrays::

    @reference("dense")
    def dense(X, W, b):
        return {"Z": X @ W + b}

Every module of this package is imported when the first reference is asked for, so a new file needs no registration
anywhere else.  Importing ``verify.references`` itself does not import JAX.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Forward = Callable[..., Mapping[str, Any]]
F = TypeVar("F", bound=Forward)

_references: dict[str, Forward] = {}
_torch: dict[str, Callable[..., Any]] = {}
_scanned: set[str] = set()


def reference(name: str, *, torch: Callable[..., Any] | None = None) -> Callable[[F], F]:
    """Register the decorated JAX forward under an operation's name.

    ``torch`` says how PyTorch has the same operation, as a function of the inputs by their names and of ``torch`` or of
    ``F``, its ``torch.nn.functional`` (``lambda F, z: F.softmax(z, dim=-1)``): not a witness, but measured beside the
    others where PyTorch is installed.

    Raises:
        ValueError: another module already states a reference of that name.

    Example:
        >>> @reference("twice_for_the_docstring")
        ... def twice(x):
        ...     return {"y": 2 * x}
        >>> find("twice_for_the_docstring")(x=3)
        {'y': 6}
        >>> forget("twice_for_the_docstring")
    """

    def register(forward: F) -> F:
        known = _references.get(name)
        if known is not None and (known.__module__, known.__qualname__) != (forward.__module__, forward.__qualname__):
            raise ValueError(f"reference {name!r} is stated twice: in {known.__module__} and in {forward.__module__}")
        _references[name] = forward
        if torch is not None:
            _torch[name] = torch
        return forward

    return register


def forget(name: str) -> None:
    """Take a reference out again (for tests and interactive work)."""
    _references.pop(name, None)
    _torch.pop(name, None)


def scan() -> None:
    """Import every module of this package once; their decorators register what they hold."""
    for module in pkgutil.iter_modules(__path__):
        if module.name not in _scanned:
            importlib.import_module(f"{__name__}.{module.name}")
            _scanned.add(module.name)


def elsewhere(name: str) -> bool:
    """Whether a reference of that name was registered by a module outside this package (nothing is imported to find out).

    Example:
        >>> elsewhere("softmax")
        False
    """
    forward = _references.get(name)
    return forward is not None and not forward.__module__.startswith(f"{__name__}.")


def find(name: str) -> Forward | None:
    """The reference of an operation, or ``None`` where nobody has stated one.

    Example:
        >>> find("no_such_operation") is None
        True
    """
    if name not in _references:
        scan()
    return _references.get(name)


def in_torch(name: str) -> Callable[..., Any] | None:
    """PyTorch's function for an operation, or nothing.

    Example:
        >>> in_torch("softmax") is not None, in_torch("dropout")
        (True, None)
    """
    scan()
    return _torch.get(name)


def names() -> tuple[str, ...]:
    """Every operation that has a reference, in alphabetical order."""
    scan()
    return tuple(sorted(_references))


def elementwise(name: str) -> Callable[[Any], Any]:
    """The one-argument function that a function-valued hyper-parameter (``activation="relu"``) names.

    Raises:
        LookupError: no reference of that name, or one with more than one required argument.
    """
    forward = find(name)
    if forward is None:
        raise LookupError(f"activation {name!r} has no reference; known: {', '.join(names())}")
    required = [p for p in inspect.signature(forward).parameters.values() if p.default is p.empty]
    if len(required) != 1:
        raise LookupError(f"activation {name!r} must take one array, its reference takes {[p.name for p in required]}")

    def apply(x: Any) -> Any:
        (value,) = forward(x).values()
        return value

    return apply

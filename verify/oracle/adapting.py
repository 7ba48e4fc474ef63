"""What kind of implementation something is, and how it is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from derive.derivation import Derivation
from verify.errors import MappingError
from verify.oracle.arrangement import DECLARED, Arrangement
from verify.oracle.implementation import Implementation, of_function, with_names
from verify.oracle.jax_functions import is_jax, of_jax
from verify.oracle.layers import of_class, of_object
from verify.oracle.optimizers import Trajectory, is_optimizer, of_optimizer
from verify.oracle.torch_functions import is_torch, of_torch

KINDS = ("gradient", "forward")


def adapted(
    what: Any,
    derivation: Derivation,
    *,
    forward: Callable[..., Any] | None = None,
    arguments: Mapping[str, str] | None = None,
    kind: str | None = None,
    arrangement: Arrangement = DECLARED,
) -> Implementation:
    """An implementation in declared names, and in declared axes where its own are known to be other ones.

    Raises:
        MappingError: it is none of the known kinds, or its names do not say what they mean.
    """
    if kind is not None and kind not in KINDS:
        raise MappingError(f"kind is one of {', '.join(KINDS)}, got {kind!r}")
    if isinstance(what, Implementation):
        return what

    def again(other: Arrangement) -> Implementation:
        return adapted(what, derivation, forward=forward, arguments=arguments, kind=kind, arrangement=other)

    made = _made(what, derivation, forward, arguments, kind, arrangement)
    return replace(made, arranged=again)


def _made(
    what: Any,
    derivation: Derivation,
    forward: Callable[..., Any] | None,
    arguments: Mapping[str, str] | None,
    kind: str | None,
    arrangement: Arrangement,
) -> Implementation:
    trajectory = Trajectory.of(derivation.program)
    if trajectory is not None and kind is None and is_optimizer(what):
        return of_optimizer(what, derivation, trajectory, arguments)
    if isinstance(what, tuple) and len(what) == 2 and all(map(callable, what)) and forward is None:
        forward, what = what
    if kind != "gradient" and is_torch(what):
        return of_torch(what, derivation, arguments, arrangement)
    if inspect.isclass(what) and _is_layer(what):
        return of_class(what, derivation, arguments, arrangement)
    if _is_layer(what):
        return of_object(what, derivation, arguments, arrangement)
    if not callable(what):
        raise MappingError(
            f"an implementation is a function, a pair (forward, backward), or an object with forward and backward; got {what!r}"
        )
    if kind != "gradient" and is_jax(what):
        return of_jax(what, derivation, arguments, arrangement)
    if forward is not None and is_jax(forward):
        made = of_function(what, derivation, arguments=arguments, kind="gradient", arrangement=arrangement)
        ahead = of_jax(forward, derivation, None, arrangement)
        return replace(made, forward=ahead.forward, takes=tuple(dict.fromkeys((*made.takes, *ahead.takes))))
    return of_function(
        with_names(what, derivation),
        derivation,
        arguments=arguments,
        kind=kind,
        forward=forward,
        arrangement=arrangement,
    )


def _is_layer(what: Any) -> bool:
    return all(callable(getattr(what, name, None)) for name in ("forward", "backward"))

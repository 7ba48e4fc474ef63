"""JAX functions: a forward pass whose derivative is JAX's, or the function's own ``custom_vjp``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from verify.oracle.arrangement import DECLARED, Arrangement
from verify.oracle.implementation import Call, Implementation, fixed, is_of, signature
from verify.oracle.naming import output_names, roles

Array = NDArray[Any]


_LIBRARIES = ("jax", "jaxlib", "optax", "flax", "haiku", "equinox")  # JAX, and what is written in it


def is_jax(function: Callable[..., Any]) -> bool:
    """Whether a function is one of JAX's kinds, comes from JAX, or its code names ``jax`` or ``jnp``.

    >>> is_jax(np.tanh)
    False
    """
    return "jax" in sys.modules and is_of(function, *_LIBRARIES)


def of_jax(
    function: Callable[..., Any],
    derivation: Derivation,
    arguments: Mapping[str, str] | None,
    arrangement: Arrangement = DECLARED,
) -> Implementation:
    """A JAX function and ``jax.vjp`` of it, in the dtype of the inputs.

    Raises:
        MappingError: see :func:`verify.oracle.naming.roles`.
    """
    owner = getattr(function, "__name__", type(function).__name__)
    call = Call(function, roles(signature(function, owner), derivation, arguments, owner), derivation, owner)
    wrt = tuple(name for name in derivation.gradients if name in call.inputs.values())

    def forward(**inputs: Any) -> dict[str, Array]:
        import jax

        with jax.enable_x64(True):
            given = _moved(arrangement.all_theirs(inputs))
            return arrangement.all_ours(output_names(call(given, {}), derivation.of, owner))

    def vjp(inputs: Mapping[str, Any], cotangents: Mapping[str, Array]) -> dict[str, Array]:
        import jax
        import jax.numpy as jnp

        with jax.enable_x64(True):
            given = _moved(arrangement.all_theirs(inputs))
            upstream = arrangement.all_theirs(cotangents)

            def outputs(moving: dict[str, Any]) -> dict[str, Any]:
                result = call({**given, **moving}, {})
                if isinstance(result, Mapping):
                    return {name: result[name] for name in derivation.of}
                values = result if isinstance(result, tuple) and len(derivation.of) > 1 else (result,)
                return dict(zip(derivation.of, values, strict=True))

            values, pullback = jax.vjp(outputs, {name: given[name] for name in wrt})
            seeds = {
                name: jnp.asarray(upstream[name], dtype=value.dtype) if name in upstream else jnp.ones_like(value)
                for name, value in values.items()
            }
            (found,) = pullback(seeds)
            return arrangement.all_ours(found)

    note = f"{owner} is a JAX function; its derivative is that of jax.vjp"
    takes = tuple(dict.fromkeys((*call.takes, *derivation.of)))
    return Implementation(owner, forward, vjp, wrt, (note,), fixed(derivation, call.inputs.values()), takes)


def _moved(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Arrays as JAX's; whole numbers stay Python's, since shapes are made of them."""
    import jax.numpy as jnp

    return {name: jnp.asarray(value) if isinstance(value, np.ndarray) else value for name, value in inputs.items()}

"""XLA's own count of operations for an operation's reference, to hold ours against.

XLA counts what it is given, the reference in JAX; ours is counted from generated NumPy.  Where matrix products or
convolutions dominate, both must have the same leading term.  A loop's body is counted once by XLA, however often it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import factorial
from typing import Any

import numpy as np
from sympy import Expr, Poly, Symbol

from derive.derivation import Derivation
from derive.operation import Operation
from numeric.cost import leading
from verify.errors import MissingReference
from verify.references import find
from verify.sampling import sample


@dataclass(frozen=True)
class Flops:
    """XLA's count of both passes at some sizes: the forward alone, and the vector-Jacobian product with its forward."""

    forward: int
    vjp: int


def flops(operation: Operation, derivation: Derivation, sizes: Mapping[Symbol, int]) -> Flops:
    """What XLA counts for the reference at these sizes, before it optimises.

    Raises:
        MissingReference: nobody has stated a reference for the operation.

    Example:
        >>> import derive.registry, derive.reverse
        >>> dense = derive.registry.get("dense")
        >>> n, d, k = dense.program.dimensions
        >>> flops(dense, derive.reverse.derive(dense), {n: 8, d: 16, k: 32}).forward == 2*8*16*32 + 8*32
        True
    """
    import jax

    reference = find(operation.name)
    if reference is None:
        raise MissingReference(f"{operation.name} has no reference that XLA could count")
    case = sample(derivation.program, 1, sizes=sizes, derivation=derivation)
    settings = {**case.integers, **operation.options}

    def forward(moving: Any, fixed: Any) -> Any:
        return reference(**moving, **fixed, **settings)

    def vjp(moving: Any, fixed: Any, seeds: Any) -> Any:
        outputs, pull = jax.vjp(lambda given: forward(given, fixed), moving)
        return pull({name: seeds.get(name, np.ones(())) for name in outputs})[0]

    moving = {name: case.inputs[name] for name in derivation.wrt}
    fixed = {name: value for name, value in case.inputs.items() if name not in moving}
    with jax.enable_x64(True):
        one: Any = jax.jit(forward).lower(moving, fixed).cost_analysis()
        both: Any = jax.jit(vjp).lower(moving, fixed, dict(case.cotangents)).cost_analysis()
    return Flops(int(one["flops"]), int(both["flops"]))


def same_leading_term(
    operation: Operation,
    derivation: Derivation,
    ours: Expr,
    kind: str,
    base: Mapping[Symbol, int],
    fixed: Mapping[Symbol, int] | None = None,
) -> tuple[Fraction, Fraction]:
    """The coefficients of the highest power of t with the sizes ``t*base``, beside ``fixed`` ones: ours, and XLA's.

    XLA counts in single precision, so that the sizes should be small.

    Example:
        >>> import derive.registry, derive.reverse, numeric
        >>> from numeric.cost import cost
        >>> dense = derive.registry.get("dense")
        >>> found = cost(numeric.compile(dense)).forward.flops
        >>> base = dict(zip(dense.program.dimensions, (2, 3, 5)))
        >>> same_leading_term(dense, derive.reverse.derive(dense), found, "forward", base)
        (Fraction(60, 1), Fraction(60, 1))
    """
    fixed = fixed or {}
    top = leading(ours.subs(fixed).expand())
    symbols = [s for s in base if s in top.free_symbols]
    degree = Poly(top, *symbols).total_degree()
    integers = operation.program.integers
    counts = [
        getattr(flops(operation, derivation, {**{s: t * n for s, n in base.items()}, **fixed, **integers}), kind)
        for t in range(1, degree + 2)
    ]
    theirs = Fraction(int(np.diff(np.array(counts, dtype=object), degree)[0]), factorial(degree))
    return Fraction(int(top.subs(base))), theirs


__all__ = ["Flops", "flops", "same_leading_term"]

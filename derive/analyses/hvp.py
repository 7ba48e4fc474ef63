"""Hessian-vector products: forward mode over the derived gradient, so that no Hessian is formed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from derive.derivation import Derivation
from derive.errors import DerivationError
from derive.forward import jvp
from derive.operation import Operation
from derive.program import Equation, Program
from derive.reverse import default_wrt, derive


@dataclass(frozen=True)
class HessianVector:
    """``H v`` of a scalar output, as equations.

    ``derivation`` is the tangent of the gradient without what ``H v`` does not need, ``program`` everything that
    computes it from the inputs and ``v``.  ``directions`` maps an input to the tensor that holds its part of ``v``,
    ``products`` to its part of ``H v``; both have the shape of the input.
    """

    derivation: Derivation
    program: Program
    directions: Mapping[str, str]
    products: Mapping[str, str]

    def __str__(self) -> str:
        return str(self.derivation)


def scalar_output(program: Program, of: str | None) -> str:
    """The output that is meant, which must be a scalar; raises :class:`DerivationError` otherwise.

    >>> from derive.registry import get
    >>> scalar_output(get("logistic_regression").program, None)
    'L'
    """
    scalars = [n for n in dict.fromkeys(e.target for e in program.equations) if not program.tensors[n].rank]
    if of is None:
        found = [n for n in program.outputs if n in scalars]
        if len(found) == 1 == len(program.outputs):
            return found[0]
        raise DerivationError(
            f"a Hessian needs one scalar output; {program.name} has the outputs {', '.join(program.outputs)}; "
            f"name a scalar with --of ({', '.join(scalars) or 'there is none: declare one, such as L = sum(y**2)'})"
        )
    if of not in scalars:
        raise DerivationError(
            f"a Hessian needs a scalar output, got {of!r}; scalars of {program.name}: {', '.join(scalars) or 'none'}"
        )
    return of


def sources(program: Program, wrt: Sequence[str] | None) -> tuple[str, ...]:
    """The inputs that are differentiated, checked."""
    known = [t.name for t in program.inputs if not t.integer]
    for name in wrt or ():
        if name not in known:
            raise DerivationError(
                f"a Hessian is in real inputs; {program.name} has none called {name!r}; choose from: {', '.join(known)}"
            )
    return tuple(wrt) if wrt else default_wrt(program)


def hessian_vector(
    operation: Operation | Program, of: str | None = None, wrt: str | Sequence[str] | None = None
) -> HessianVector:
    r"""``H v = d/de grad L(x + e v)`` at ``e = 0``, for ``v`` of the shape of ``wrt`` (several inputs: jointly).

    It takes a small multiple of the time of the gradient.  Source: Pearlmutter, Fast Exact Multiplication by the
    Hessian, Neural Computation 6, 1994, section 2.  Raises :class:`DerivationError` for an output that is no scalar and
    for inputs that are not there.

    >>> from derive.registry import get
    >>> print(hessian_vector(get("logistic_regression"), wrt="w"))
    z_dot = X @ w_dot
    p_dot = (1 - p)*p*z_dot
    dw_dot = X.T @ p_dot/n
    """
    program = operation.program if isinstance(operation, Operation) else operation
    output = scalar_output(program, of)
    names = sources(program, (wrt,) if isinstance(wrt, str) else wrt)
    gradient = derive(program, output, names)
    tangent = jvp(gradient.combined, names)
    products = {name: tangent.gradients[gradient.gradients[name]] for name in names}
    targets = set(products.values())
    adjoint = tangent.adjoint.with_(
        equations=needed(tangent.adjoint.equations, targets), outputs=tuple(products.values())
    )
    pruned = replace(tangent, adjoint=adjoint)
    whole = pruned.combined.with_(
        name=f"{program.name}_hessian_vector",
        equations=needed(pruned.combined.equations, targets),
        outputs=tuple(products.values()),
    )
    return HessianVector(pruned, whole, dict(tangent.cotangents), products)


def needed(equations: Sequence[Equation], targets: Collection[str]) -> tuple[Equation, ...]:
    """The equations that the targets depend on, in their order.

    >>> from derive.registry import get
    >>> [e.target for e in needed(get("logistic_regression").program.equations, {"p"})]
    ['z', 'p']
    """
    wanted = set(targets)
    while more := {r for e in equations if e.target in wanted for r in e.reads()} - wanted:
        wanted |= more
    return tuple(e for e in equations if e.target in wanted)

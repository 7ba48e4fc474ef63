"""How what a recurrence ends with moves with its hyper-parameters: forward mode, one tangent a hyper-parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sympy import Integer

from derive.analyses.hvp import needed
from derive.errors import DerivationError
from derive.forward import jvp
from derive.nodes import Access
from derive.operation import Operation
from derive.program import Equation, Program
from derive.text import equation_text
from derive.unroll import unroll


@dataclass(frozen=True)
class Hypergradient:
    """``d of / d hyper`` as the recurrence of a tangent.

    ``tangent`` is the tensor that holds it, of the shape of ``of``; ``equations`` compute it beside the recurrence, and
    ``program`` is both.  ``closed`` is its closed form where it is a first-order recurrence with a constant factor.
    """

    of: str
    hyper: str
    tangent: str
    equations: tuple[Equation, ...]
    program: Program
    closed: Equation | None

    def __str__(self) -> str:
        return "\n".join(equation_text(e) for e in self.equations)


def hypers(program: Program) -> tuple[str, ...]:
    """The hyper-parameters that have a derivative: real scalars with a default.

    >>> from derive.registry import get
    >>> hypers(get("momentum").program)
    ('beta', 'alpha')
    """
    return tuple(t.name for t in program.inputs if t.role == "hyper" and not t.integer)


def hypergradient(
    operation: Operation | Program, of: str | None = None, wrt: str | Sequence[str] | None = None
) -> tuple[Hypergradient, ...]:
    r"""``d theta[t] / d h`` for each hyper-parameter ``h`` and every step ``t``, the gradients held fixed as data.

    It runs forwards beside the optimizer and needs no memory of the past, whatever the number of steps.  Source:
    Franceschi, Donini, Frasconi and Pontil, Forward and Reverse Gradient-Based Hyperparameter Optimization, ICML 2017,
    section 3.2.  Raises :class:`DerivationError` for names that are not there, and where nothing is a recurrence.

    >>> from derive.registry import get
    >>> (found,) = hypergradient(get("momentum"), wrt="alpha")
    >>> print(found)
    theta_dot[-1, j] = 0
    theta_dot[t, j] = theta_dot[t - 1, j] - v[t, j]
    >>> print(equation_text(found.closed))
    theta_dot[t, j] = sum(-v[s, j], s)
    """
    program = operation.program if isinstance(operation, Operation) else operation
    if not any(group.direction for group in program.groups):
        raise DerivationError(
            f"{program.name} is no recurrence; a hypergradient is of one, such as theta[t, j] = theta[t - 1, j] - ..."
        )
    known = hypers(program)
    names = ((wrt,) if isinstance(wrt, str) else tuple(wrt)) if wrt else known
    for name in names or ("",):
        if name not in known:
            raise DerivationError(
                f"{program.name} has no hyper-parameter {name!r}; a hypergradient is in a real scalar with a default, "
                f"here: {', '.join(known) or 'none'}"
            )
    target = of or program.outputs[0]
    if not program.equations_of(target):
        raise DerivationError(
            f"there is no equation for {target!r} to differentiate; choose from: {', '.join(program.outputs)}"
        )
    return tuple(_one(program, target, name) for name in names)


def _one(program: Program, of: str, name: str) -> Hypergradient:
    found = jvp(program.with_(outputs=(of,)), name)
    tangent = found.gradients[of]
    seed = Access(found.cotangents[name])
    made = {t.target for t in found.adjoint.equations}
    equations = tuple(
        replace(e, rhs=e.rhs.xreplace({seed: Integer(1)})) for e in needed(found.adjoint.equations, {tangent})
    )
    tensors = {n: t for n, t in found.adjoint.tensors.items() if n in made or n in program.tensors}
    whole = program.with_(
        name=f"{program.name}_by_{name}",
        tensors={**program.tensors, **tensors},
        equations=(*program.equations, *equations),
        outputs=(tangent,),
    )
    return Hypergradient(of, name, tangent, equations, whole, _closed(whole, tangent))


def _closed(program: Program, tangent: str) -> Equation | None:
    try:
        found = unroll(program, tangent)
    except DerivationError:
        return None
    return found.equation


__all__ = ["Hypergradient", "hypergradient", "hypers"]

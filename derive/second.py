"""Jacobians and Hessians: reverse mode with a delta as cotangent, and reverse mode applied to its own result."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Symbol

from derive.derivation import Derivation
from derive.errors import DerivationError
from derive.naming import pick
from derive.nodes import index
from derive.operation import Operation
from derive.program import Program
from derive.reverse import Reverse, default_wrt, derive


def _program(operation: Operation | Program) -> Program:
    return operation.program if isinstance(operation, Operation) else operation


def jacobian(operation: Operation | Program, of: str | None = None, wrt: str | None = None) -> Derivation:
    """``J[r..., a...] = d of[r...] / d wrt[a...]``: the adjoint with a delta as cotangent.

    The result's one gradient is the Jacobian, with the axes of ``of`` first.  Raises :class:`DerivationError` as
    :func:`derive.reverse.derive` does.

    >>> from derive.registry import get
    >>> print(jacobian(get("softmax"), wrt="z").equations[-1].rhs.has(Symbol("T")))
    False
    """
    program = _program(operation)
    output = of or _only(program.outputs, "output", "of")
    source = wrt or _only(default_wrt(program), "input", "wrt")
    if not program.equations_of(output):
        raise DerivationError(f"there is no equation for {output!r} to differentiate")
    if source not in program.tensors:
        raise DerivationError(f"there is no tensor {source!r} to differentiate with respect to")
    tensor = program.tensors[output]
    taken = {*program.tensors, *(s.name for s in program.dimensions), *(s.name for s in program.integers)}
    taken |= {s.name for e in program.equations for s in e.rhs.free_symbols | set(e.ranges)}
    taken |= {i.name for e in program.equations for r in e.rhs.atoms() if isinstance(r, Symbol) for i in [r]}
    rows: list[tuple[Symbol, Expr]] = []
    for extent in tensor.shape:
        name = pick(["r", "q", "u", "v"], taken)
        taken.add(name)
        rows.append((index(name), extent))
    return Reverse(program, (output,), (source,), prefix=f"J_{output}_", seed_rows=tuple(rows)).run()


def hessian(
    operation: Operation | Program, of: str | None = None, wrt: str | Sequence[str] | None = None
) -> Derivation:
    """The second derivative of a scalar output: the Jacobian of the derived gradient.

    ``wrt`` is one input, or a pair for a mixed block ``d2 L / (d wrt[0] d wrt[1])``.
    Raises :class:`DerivationError` for an output that is not a scalar.

    >>> from derive.registry import get
    >>> print(hessian(get("logistic_regression"), wrt="w"))
    J_dw_w = ((1 - p)*p*X.T) @ X/n
    """
    program = _program(operation)
    output = of or _only(program.outputs, "output", "of")
    if output in program.tensors and program.tensors[output].rank:
        raise DerivationError(
            f"a Hessian needs a scalar output, and {output} has {program.tensors[output].rank} axes; "
            f"name a scalar with of=..., or use jacobian"
        )
    names = (wrt,) if isinstance(wrt, str) else tuple(wrt or (_only(default_wrt(program), "input", "wrt"),))
    if len(names) not in (1, 2):
        raise DerivationError(f"a Hessian block is of one input or a pair, got {len(names)}: {', '.join(names)}")
    gradient = derive(program, output, names[0])
    return jacobian(gradient.combined, gradient.gradients[names[0]], names[-1])


def _only(names: Sequence[str], kind: str, keyword: str) -> str:
    if len(names) != 1:
        raise DerivationError(f"there are several {kind}s; say which one with {keyword}=...: {', '.join(names)}")
    return names[0]

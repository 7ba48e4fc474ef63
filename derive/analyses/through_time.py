"""The Jacobian of one step of a recurrent layer, and what bounds a product of such Jacobians through time."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Integer, Mul, Symbol

from derive.analyses.onestep import OneStep, one_step
from derive.analyses.slope import X, pieces_of, supremum
from derive.derivation import Derivation
from derive.errors import DerivationError
from derive.named import NamedFunction
from derive.nodes import Access, Iverson
from derive.operation import Operation
from derive.program import Program
from derive.second import jacobian


@dataclass(frozen=True)
class ThroughTime:
    """``d h[t] / d h[t - 1]`` of a recurrence with one state ``h``.

    Where it is ``f'(z) * weight`` for an elementwise ``f``, ``slope`` is ``f'`` as a function of ``x`` and ``largest`` its
    supremum in absolute value, so that the Jacobian over ``k`` steps has a norm of at most ``(largest*||weight||)**k``;
    otherwise ``weight`` and ``largest`` are ``None`` and there is no such bound.
    """

    step: OneStep
    state: str
    start: str | None
    derivation: Derivation
    weight: str | None
    slope: Expr | None
    largest: Expr | None


def through_time(operation: Operation | Program) -> ThroughTime:
    """The Jacobian of one step, derived, and its bound by the largest slope and the norm of the recurrent weights.

    Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks, ICML 2013, section 2.1.
    Raises :class:`DerivationError` for what is no recurrence, or one with several states (as an LSTM).

    >>> from derive.registry import get
    >>> found = through_time(get("rnn"))
    >>> print(found.derivation)
    J_h_h_last[r, q, i, k] = W_hh[k, q]*(1 - h[r, q]**2)*[i == r]
    >>> found.weight, found.largest
    ('W_hh', 1)
    """
    program = operation.program if isinstance(operation, Operation) else operation
    step = one_step(program)
    if len(step.states) != 1:
        raise DerivationError(
            f"{program.name} has the states {', '.join(step.states)}; the Jacobian of one step is of a recurrence with one"
        )
    ((state, last),) = step.states.items()
    derivation = jacobian(step.program, state, last)
    weight, slope = _factors(step, state, derivation)
    best = None
    if slope is not None:
        try:
            best = supremum(pieces_of(slope))
        except DerivationError:
            best = None
    return ThroughTime(
        step,
        state,
        _start(program, state),
        derivation,
        weight if best is not None else None,
        slope,
        None if best is None else best[0],
    )


def _start(program: Program, state: str) -> str | None:
    """The input that holds the state before the first step, if it is one."""
    for equation in program.equations_of(state):
        if Integer(-1) in equation.indices and isinstance(equation.rhs, Access):
            return equation.rhs.tensor if program.tensors[equation.rhs.tensor].role == "input" else None
    return None


def _factors(step: OneStep, state: str, derivation: Derivation) -> tuple[str | None, Expr | None]:
    """The recurrent weights and ``f'`` of ``f'(z)*weight*deltas``, or nothing."""
    program, result = step.program, derivation.equations[-1]
    rhs, rank = result.rhs, program.tensors[state].rank
    rows, columns = set(result.indices[:rank]), set(result.indices[rank:])
    rest = [f for f in Mul.make_args(rhs) if not (isinstance(f, Iverson) and not f.atoms(Access))]
    weights = [f for f in rest if isinstance(f, Access) and not program.equations_of(f.tensor) and len(f.indices) == 2]
    if len(weights) != 1 or not (set(weights[0].indices) & rows and set(weights[0].indices) & columns):
        return None, None
    slope: Expr = Mul(*(f for f in rest if f is not weights[0]))
    (equation,) = program.equations_of(state)
    inner = list(equation.rhs.atoms(Access))
    if (
        len(inner) != 1
        or inner[0].indices != equation.indices
        or not all(isinstance(i, Symbol) for i in equation.indices)
    ):
        inner = []
    outer = equation.rhs.xreplace({inner[0]: X}) if inner else X
    if not inner and slope.has(Access):
        return None, None  # a slope in terms of the state, whose own range is not known
    known = {state: outer, **({inner[0].tensor: X} if inner else {})}
    places = {a.indices for a in slope.atoms(Access)}
    if len(places) > 1 or any(a.tensor not in known for a in slope.atoms(Access)):
        return None, None
    slope = slope.xreplace({a: known[a.tensor] for a in slope.atoms(Access)})
    while found := slope.atoms(NamedFunction):
        slope = slope.xreplace({f: f.definition() for f in found})
    return weights[0].tensor, slope if not slope.free_symbols - {X} else None


__all__ = ["ThroughTime", "through_time"]

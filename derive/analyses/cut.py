"""Where a scalar output is cut for its curvature: the last tensor that is affine in the inputs that move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from derive.forward import jvp
from derive.program import Equation, Program, Tensor


@dataclass(frozen=True)
class Cut:
    """The tensors at which to cut, the equations that lead from ``v`` to their tangents, and what those are called.

    ``directions`` maps each input that moves to its part of ``v``, ``tangents`` each of ``names`` to its tangent,
    ``tensors`` holds all of these.
    """

    names: tuple[str, ...]
    equations: tuple[Equation, ...] = ()
    directions: Mapping[str, str] = field(default_factory=dict)
    tangents: Mapping[str, str] = field(default_factory=dict)
    tensors: Mapping[str, Tensor] = field(default_factory=dict)


def affine_cut(program: Program, of: str, wrt: Sequence[str]) -> Cut:
    """The last tensor through which all of ``wrt`` act on ``of`` and that is affine in them, with the tangents up to it.

    If ``Z = A x + c`` is that tensor, ``v'Hv`` is ``<A v, d2L/dZ2 A v>``: the curvature in ``x`` is the curvature in
    ``Z``.  Without one the result has the names ``wrt`` and no equations.

    >>> from derive.registry import get
    >>> from derive.text import equation_text
    >>> cut = affine_cut(get("logistic_regression").program, "L", ("w", "b"))
    >>> cut.names, [equation_text(e) for e in cut.equations]
    (('z',), ['z_dot[i] = b_dot + sum(w_dot[k]*X[i, k], k)'])
    """
    cut = Cut(tuple(wrt))
    while True:
        readers = {e.target for e in program.equations if e.reads() & set(cut.names)}
        if len(readers) != 1 or of in readers:
            return cut
        (reader,) = readers
        equations = program.equations_of(reader)
        if len(equations) != 1 or program.tensors[reader].integer:
            return cut
        names = tuple(name for name in cut.names if name in equations[0].reads())
        found = jvp(program.with_(equations=equations, outputs=(reader,)), names)
        dotted = found.gradients[reader]
        (equation,) = found.adjoint.equations_of(dotted)
        new = dict(found.cotangents)
        if equation.reads() & {*cut.names, reader} or any(cut.tangents.get(n, new[n]) != new[n] for n in names):
            return cut
        made = {n: t for n, t in found.adjoint.tensors.items() if n in (dotted, *new.values())}
        cut = Cut(
            (reader,),
            (*cut.equations, equation),
            cut.directions or new,
            {reader: dotted},
            {**made, **cut.tensors, dotted: made[dotted]},
        )


def cut_off(program: Program, names: Sequence[str]) -> Program:
    """The program with some of its tensors given instead of computed."""
    tensors = {n: replace(t, role="input", data=False) if n in names else t for n, t in program.tensors.items()}
    equations = tuple(e for e in program.equations if e.target not in names)
    return program.with_(tensors=tensors, equations=equations)

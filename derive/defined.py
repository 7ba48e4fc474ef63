"""Where the functions of a text are defined: what ``log(x)`` says of an input ``x`` for which no domain is declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sympy import Expr, Pow, log
from sympy.logic.boolalg import Boolean

from derive.nodes import Access, Where, index
from derive.program import Equation, Tensor


def with_domains(tensors: Mapping[str, Tensor], equations: Iterable[Equation]) -> dict[str, Tensor]:
    """The tensors, those without a declared domain with the one that the equations need.

    ``log(u)`` needs u > 0 and ``u**p`` needs it for a negative fraction p or one that is a tensor, ``sqrt(u)`` and other
    fractions u >= 0.  It is read off where u is an input element, or one times a number plus a number, and stands outside
    of any ``where``, whose conditions may know better.  Inputs are drawn there; others, if given, are judged all the same.

    >>> from derive.registry import declare
    >>> tensors = declare("p[n], t[n]; y[i] = t[i]*log(1 - p[i]) + where(t[i] > 0, log(t[i]), 0)").program.tensors
    >>> tensors["p"].domain, tensors["t"].domain
    ((p[i0] < 1,), ())
    """
    found: dict[str, list[Boolean]] = {}
    for equation in equations:
        for argument, strict in _needs(equation.rhs, tensors):
            for name, condition in _read_off(argument, strict, tensors):
                if condition not in found.setdefault(name, []):
                    found[name].append(condition)
    return {
        name: replace(t, domain=tuple(sorted(found[name], key=_rank)), stated=False) if name in found else t
        for name, t in tensors.items()
    }


def _rank(condition: Boolean) -> tuple[bool, str]:
    """From below first, whatever stands first in the text."""
    return getattr(condition, "rel_op", "") in ("<", "<="), str(condition)


def _needs(e: Expr, tensors: Mapping[str, Tensor]) -> Iterator[tuple[Expr, bool]]:
    """What must be positive (or, if not ``strict``, not negative) for an expression to be defined."""
    if isinstance(e, Where):
        return
    if isinstance(e, log):
        yield e.args[0], True
    elif isinstance(e, Pow):
        if e.exp.is_number and e.exp.is_integer is False:
            yield e.base, bool(e.exp.is_negative)
        elif any(tensors[a.tensor].role != "hyper" for a in e.exp.atoms(Access)):
            yield e.base, True
    for part in e.args:
        if isinstance(part, Expr):
            yield from _needs(part, tensors)


def _read_off(argument: Expr, strict: bool, tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Boolean]]:
    elements = argument.atoms(Access)
    if len(elements) != 1:
        return
    (element,) = elements
    tensor = tensors[element.tensor]
    if tensor.role not in ("input", "hyper") or tensor.domain or tensor.integer:
        return
    rest, moving = argument.as_independent(element, as_Add=True)
    slope, found = moving.as_independent(element, as_Add=False)
    if found != element or not rest.is_number or not slope.is_number:
        return
    end = -rest / slope
    one = tensor.at(*(index(f"i{axis}") for axis in range(tensor.rank)))
    if slope.is_positive:
        yield tensor.name, one > end if strict else one >= end
    else:
        yield tensor.name, one < end if strict else one <= end


__all__ = ["with_domains"]

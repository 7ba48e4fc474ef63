"""Symmetries that a declaration claims: what must not change, or must change in step, when inputs are changed.

Each is one line of text, read against the program:

========================================  ==============================================================================
``permute n``                             renumbering the positions along n in every input does the same to the outputs
``shift z over n``                        adding to z a tensor that is constant along n changes no output
``homogeneous of degree 2 in x, y``       ``f(c*x, c*y) = c**2 * f(x, y)`` for c > 0
``odd in z``, ``even in z``               ``f(-z) = -f(z)``, ``f(-z) = f(z)``
``affine in X``                           ``f`` at the middle of two values of X is the middle of its values
``translate h by stride``                 moving the inputs along h by stride moves the outputs by one
========================================  ==============================================================================

They are *metamorphic* relations (Chen, Cheung and Yiu, Metamorphic testing, 1998): statements about the true function that
need no second implementation, and that its gradient inherits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sympy import Expr, Integer, Symbol

from derive.errors import DeclarationError
from derive.program import Program

_FORMS = {
    "permute": r"permute (?P<along>\w+|\.\.\.)",
    "shift": r"shift (?P<inputs>\w+(?:, \w+)*) over (?P<along>\w+|\.\.\.)",
    "homogeneous": r"homogeneous of degree (?P<degree>-?\d+) in (?P<inputs>\w+(?:, \w+)*)",
    "odd": r"odd in (?P<inputs>\w+(?:, \w+)*)",
    "even": r"even in (?P<inputs>\w+(?:, \w+)*)",
    "affine": r"affine in (?P<inputs>\w+(?:, \w+)*)",
    "translate": r"translate (?P<along>\w+)(?: by (?P<step>\w+))?",
}


_ONE = Integer(1)


@dataclass(frozen=True)
class Symmetry:
    """One claim: its kind, the inputs that are changed, the dimension along which, the degree, the step."""

    text: str
    kind: str
    inputs: tuple[str, ...]
    along: Symbol | None = None
    degree: int = 1
    step: Expr = _ONE

    def __str__(self) -> str:
        return self.text


def read_symmetry(text: str, program: Program) -> Symmetry:
    """A claim in words, checked against the names and shapes of the program.

    Raises:
        DeclarationError: it is none of the known forms, or names what the program does not have.

    Example:
        >>> from derive.registry import declare
        >>> program = declare("z[n, k]; a[i, j] = z[i, j] - mean(z[i, l], l)").program
        >>> claim = read_symmetry("shift z over k", program)
        >>> claim.kind, claim.inputs, claim.along
        ('shift', ('z',), k)
        >>> read_symmetry("shift z over m", program)
        Traceback (most recent call last):
        ...
        derive.errors.DeclarationError: operation: the symmetry 'shift z over m': m is no dimension; there are n, k
    """
    wanted = " ".join(text.split())
    kind, found = next(((kind, m) for kind, form in _FORMS.items() if (m := re.fullmatch(form, wanted))), (None, None))
    if kind is None or found is None:
        known = "permute n; shift z over n; homogeneous of degree 2 in x; odd in z; even in z; affine in X; translate h"
        raise DeclarationError(f"{program.name}: the symmetry {text!r} has none of the known forms: {known}")
    parts = found.groupdict()
    along = _dimension(parts["along"], wanted, program) if "along" in parts else None
    if "inputs" in parts:
        inputs = tuple(parts["inputs"].split(", "))
        real = [t.name for t in program.inputs if t.role == "input" and not t.integer]
        for name in inputs:
            if name not in real:
                raise _wrong(wanted, program, f"{name} is no real input; there are {', '.join(real)}")
            if kind == "shift" and along not in program.tensors[name].shape:
                raise _wrong(wanted, program, f"{name} has no axis of length {along}")
    else:
        inputs = tuple(t.name for t in program.inputs if any(along in extent.free_symbols for extent in t.shape))
    step = _step(parts.get("step"), wanted, program)
    return Symmetry(wanted, kind, inputs, along, int(parts.get("degree") or 1), step)


def _dimension(name: str, text: str, program: Program) -> Symbol:
    if name == "..." and program.ellipsis is not None:
        return program.ellipsis
    found = next((d for d in program.dimensions if d.name == name and d != program.ellipsis), None)
    if found is None:
        known = ["..." if d == program.ellipsis else d.name for d in program.dimensions]
        raise _wrong(text, program, f"{name} is no dimension; there are {', '.join(known)}")
    return found


def _step(name: str | None, text: str, program: Program) -> Expr:
    if name is None or name.isdigit():
        return Integer(name or 1)
    found = next((s for s in program.integers if s.name == name), None)
    if found is None:
        raise _wrong(text, program, f"{name} is no integer hyper-parameter")
    return found


def _wrong(text: str, program: Program, reason: str) -> DeclarationError:
    return DeclarationError(f"{program.name}: the symmetry {text!r}: {reason}")


__all__ = ["Symmetry", "read_symmetry"]

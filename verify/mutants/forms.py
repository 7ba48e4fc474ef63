"""Another way to write an equation: a mistake that is one slip of the pen there may be none in the form that was derived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Dummy, Expr, exp, together

from derive.derivation import Derivation
from derive.named import NamedFunction
from derive.nodes import Access, Reduce
from derive.program import Equation


def written_out(equation: Equation, derivation: Derivation) -> Iterator[Equation]:
    """An elementwise equation as one fraction in the inputs, with sigmoid and its like by their definitions.

    In ``exp(z)``, and in ``exp(-z)``: nothing where that is no other form.

    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> derivation = derive(get("silu"))
    >>> from derive.text import equation_text
    >>> for form in written_out(derivation.equations[0], derivation):
    ...     print(equation_text(form))
    dz[i] = da[i]*exp(z[i])*(1 + z[i] + exp(z[i]))/(1 + exp(z[i]))**2
    dz[i] = da[i]*(1 + z[i]*exp(-z[i]) + exp(-z[i]))/(1 + exp(-z[i]))**2
    """
    if equation.rhs.has(Reduce):
        return
    rhs: Expr = equation.rhs
    for forward in reversed(derivation.program.equations):
        if not forward.rhs.has(Reduce):
            for access in sorted(rhs.atoms(Access), key=str):
                if access.tensor == forward.target and len(access.indices) == len(forward.indices):
                    at = dict(zip(forward.indices, access.indices, strict=True))
                    rhs = rhs.xreplace({access: forward.rhs.xreplace(at)})
    while named := sorted(rhs.atoms(NamedFunction), key=str):
        rhs = rhs.xreplace({call: call.definition() for call in named})
    inside = {power.args[0] for power in rhs.atoms(exp)}
    positive = sorted({-u if u.could_extract_minus_sign() else u for u in inside}, key=str)
    letters = {u: Dummy(positive=True) for u in positive}
    seen = {equation.rhs}
    for sign in (1, -1):
        there = {exp(s * u): letter ** (s * sign) for u, letter in letters.items() for s in (1, -1)}
        form = together(rhs.xreplace(there)).xreplace({letter: exp(sign * u) for u, letter in letters.items()})
        if form not in seen:
            seen.add(form)
            yield replace(equation, rhs=form)

"""Mistakes of functions: what stands under a root, a mask, a kink, a correction, the point where a slope is taken."""

from __future__ import annotations

from sympy import Add, Eq, Expr, Function, Ge, Gt, Integer, Le, Lt, Mul, Ne, Not, Pow, Rational

from derive.derivation import Derivation
from derive.nodes import Access, Iverson, Reduce, Where
from derive.program import Equation
from verify.mutants.arithmetic import Found
from verify.mutants.sites import sites


def roots(equation: Equation, derivation: Derivation) -> Found:
    """A scalar hyper-parameter moved out of a root, or into it."""
    tensors = derivation.combined.tensors

    def scalar(term: Expr) -> bool:
        return isinstance(term, Access) and tensors[term.tensor].role == "hyper" and not term.indices

    for site in sites(equation):
        here = site.expression
        if isinstance(here, Pow) and abs(here.exp) == Rational(1, 2) and isinstance(here.base, Add):
            for term in sorted(filter(scalar, here.base.args), key=str):
                yield "eps outside the root", site.put((Pow(here.base - term, Rational(1, 2)) + term) ** (2 * here.exp))
        if isinstance(here, Add) and len(here.args) == 2:
            for term, root in (here.args, here.args[::-1]):
                if scalar(term) and isinstance(root, Pow) and root.exp == Rational(1, 2):
                    yield "eps inside the root", site.put(Pow(root.base + term, root.exp))


def corrections(equation: Equation, derivation: Derivation) -> Found:
    """A division by ``1 - beta**t`` left out: a factor that depends on an index only through an exponent."""
    for site in sites(equation):
        here = site.expression
        if isinstance(here, Pow) and here.exp.is_negative and isinstance(here.base, Add):
            indices = set(site.scope)
            powers = [
                power for power in here.base.args for power in power.atoms(Pow) if power.exp.free_symbols & indices
            ]
            rest = here.base.xreplace(dict.fromkeys(powers, Integer(0)))
            if powers and not rest.free_symbols & indices:
                yield "bias correction missing", site.put(Integer(1))


_OTHER_SIDE = {Gt: Ge, Ge: Gt, Lt: Le, Le: Lt}


def masks(equation: Equation, derivation: Derivation) -> Found:
    """A condition negated; the other choice where the two sides of a comparison are equal."""
    sizes = set(derivation.program.dimensions) | set(derivation.program.integers)
    for site in sites(equation):
        here = site.expression
        if not isinstance(here, Iverson | Where):
            continue
        condition = here.condition
        on_values = condition.has(Access)
        # a guard keeps an access inside its tensor: its contrary is no mask but a crash
        if not on_values and (condition.free_symbols & sizes or condition.has(Eq, Ne) or condition.atoms(Integer)):
            continue
        yield "mask inverted", site.put(here.func(Not(condition), *here.args[1:]))
        other = _OTHER_SIDE.get(type(condition))
        if other is not None:
            yield "other side of the kink", site.put(here.func(other(*condition.args), *here.args[1:]))


def slopes(equation: Equation, derivation: Derivation) -> Found:
    """The derivative of ``a = f(z)`` taken at ``a`` in place of ``z``, in the equation of z's adjoint."""
    for forward in derivation.program.equations:
        accesses = forward.rhs.atoms(Access)
        inputs = [a for a in accesses if derivation.program.tensors[a.tensor].role != "hyper"]
        if len(inputs) != 1 or inputs[0].indices != forward.indices or not _curved(forward.rhs, inputs[0]):
            continue
        (inside,) = inputs
        if derivation.adjoints.get(inside.tensor, derivation.gradients.get(inside.tensor)) != equation.target:
            continue
        moved = _moved(equation.rhs, forward, inside)
        if moved != equation.rhs:
            yield "derivative at the output", moved


def values(equation: Equation, derivation: Derivation) -> Found:
    """The function in place of its derivative: ``a = f(z)`` where ``f'(z)`` is due."""
    for forward in derivation.program.equations:
        accesses = sorted(forward.rhs.atoms(Access), key=str)
        inputs = [a for a in accesses if derivation.program.tensors[a.tensor].role != "hyper"]
        if len(inputs) != 1 or inputs[0].indices != forward.indices or not _curved(forward.rhs, inputs[0]):
            continue
        if derivation.adjoints.get(inputs[0].tensor, derivation.gradients.get(inputs[0].tensor)) != equation.target:
            continue
        adjoint = derivation.adjoints.get(forward.target, derivation.cotangents.get(forward.target))
        if adjoint is not None and adjoint in derivation.combined.tensors:
            at = dict(zip(forward.indices, equation.indices, strict=True))
            yield "function for its derivative", Access(adjoint, *equation.indices) * forward.lhs.xreplace(at)


def nested(equation: Equation, derivation: Derivation) -> Found:
    """A function of one number applied to its own value: the derivative of tanh(c) at tanh(c), where no name stands for it."""
    for site in sites(equation):
        here = site.expression
        if isinstance(here, Function) and len(here.args) == 1 and here.has(Access):
            yield "derivative at the output", site.put(here.func(here))


def _curved(expression: Expr, access: Access) -> bool:
    """Whether an access stands inside something that is not linear in it."""
    parts = expression.atoms(Function, Pow, Where, Iverson)
    return any(part.has(access) for part in parts)


def _moved(expression: Expr, forward: Equation, inside: Access) -> Expr:
    """Every part that depends on ``a`` and ``z`` only, evaluated one application of ``f`` too late."""
    accesses = expression.atoms(Access)
    if accesses and {access.tensor for access in accesses} <= {forward.target, inside.tensor}:
        later: dict[Expr, Expr] = {}
        for access in accesses:
            if access.tensor == inside.tensor:
                later[access] = Access(forward.target, *access.indices)
            else:
                at = dict(zip(forward.indices, access.indices, strict=True))
                later[access] = forward.rhs.xreplace(at).xreplace({inside.xreplace(at): access})
        return expression.xreplace(later)
    if isinstance(expression, Add | Mul | Reduce):
        parts = [_moved(part, forward, inside) if isinstance(part, Expr) else part for part in expression.args]
        return expression.func(*parts)
    return expression

"""Derivatives of scalar definitions, taken by SymPy and folded back into named functions.

``sigma(z) = 1/(1 + exp(-z))`` gives ``exp(-z)/(1 + exp(-z))**2``; solving the definition for ``exp(z)`` and
putting that in gives ``sigma*(1 - sigma)``.  The same works for every definition that is rational in ``exp(z)``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sympy import (
    Derivative,
    DiracDelta,
    Dummy,
    Expr,
    Heaviside,
    Integer,
    Poly,
    Pow,
    Subs,
    Symbol,
    cancel,
    exp,
    factor,
    fraction,
    together,
)
from sympy.polys.polyerrors import PolynomialError

from derive.errors import DerivationError
from derive.nodes import Iverson, Maximum, Minimum, Node, Where

if TYPE_CHECKING:
    from derive.named import NamedFunction


def cost(expression: Expr) -> int:
    """Length of the printed expression, names counted as one: the measure for *simpler*."""
    return sum(1 if node.is_Symbol else 2 for node in _preorder(expression))


def _preorder(expression: Expr) -> list[Expr]:
    found, stack = [], [expression]
    while stack:
        node = stack.pop()
        found.append(node)
        stack.extend(node.args)
    return found


def raw_derivative(expression: Expr, variable: Symbol) -> Expr:
    """``d expression / d variable`` of an elementwise expression; raises where there is no rule.

    ``where`` differentiates branch by branch; elementwise ``max``/``min`` follow their ties convention; the derivative
    of a sign or a step is 0 away from its jump.
    """
    if variable not in expression.free_symbols:
        return Integer(0)
    if expression == variable:
        return Integer(1)
    if isinstance(expression, Where):
        condition, a, b = expression.args
        return Iverson(condition) * raw_derivative(a, variable) + Iverson(~condition) * raw_derivative(b, variable)
    if isinstance(expression, Iverson):
        return Integer(0)
    if isinstance(expression, Maximum):
        return _extremum(expression, variable)
    if isinstance(expression, Node):
        raise DerivationError(f"no local derivative of {type(expression).__name__}: {expression}")
    # One level of the chain rule; SymPy gives the derivative of the outermost function.
    inner = [Dummy(f"u{k}", real=True) if variable in a.free_symbols else a for k, a in enumerate(expression.args)]
    shell = expression.func(*inner)
    total: Expr = Integer(0)
    for dummy, argument in zip(inner, expression.args, strict=True):
        if variable in argument.free_symbols:
            outer = shell.diff(dummy)
            if outer.has(Derivative, Subs):
                raise DerivationError(
                    f"SymPy knows no derivative of {expression.func.__name__} in {expression}; write it with functions "
                    f"that have one, or take it out of what is differentiated"
                )
            outer = outer.replace(DiracDelta, lambda *_: Integer(0)).replace(Heaviside, lambda x, *_: Iverson(x > 0))
            back = dict(zip(inner, expression.args, strict=True))
            total += outer.xreplace(back) * raw_derivative(argument, variable)
    return total


def _extremum(expression: Maximum, variable: Symbol) -> Expr:
    a, b = expression.args[:2]
    first_wins, second_wins = (a > b, b > a)
    if isinstance(expression, Minimum):
        first_wins, second_wins = second_wins, first_wins
    if expression.ties == "first":
        shares = Iverson(~second_wins), Iverson(second_wins)
    elif expression.ties == "last":
        shares = Iverson(first_wins), Iverson(~first_wins)
    else:
        shares = ((Iverson(first_wins) + Iverson(~second_wins)) / 2, (Iverson(second_wins) + Iverson(~first_wins)) / 2)
    return shares[0] * raw_derivative(a, variable) + shares[1] * raw_derivative(b, variable)


def _in_exponential(expression: Expr, variable: Symbol, base: Symbol) -> Expr | None:
    """The expression as a rational function of ``base = exp(variable)``, or ``None``."""

    def power(argument: Expr) -> Expr:
        ratio = (argument / variable).expand()
        return base**ratio if ratio.is_Integer else exp(argument)

    result = expression.replace(exp, power)
    if variable in result.free_symbols or not result.is_rational_function(base):
        return None
    return result


def in_exponential(expression: Expr, variable: Symbol) -> bool:
    """Whether an expression is a rational function of ``exp(variable)``, and not a constant."""
    base = Dummy("e", positive=True)
    found = _in_exponential(expression, variable, base)
    return found is not None and base in found.free_symbols


def fold(expression: Expr, variable: Symbol, named: Iterable[tuple[Expr, Expr]]) -> Expr:
    """Write an expression of ``exp(variable)`` with the named calls that make it shortest.

    ``named`` holds pairs (call, definition), both expressions of ``variable``.
    """
    base, value = Dummy("e", positive=True), Dummy("s", real=True)
    outside = Dummy("w", real=True)  # the variable where it does not stand in an exponent
    exponentials = {e: Dummy(f"x{k}") for k, e in enumerate(sorted(expression.atoms(exp), key=str))}
    parted = expression.xreplace(exponentials).subs(variable, outside)
    parted = parted.xreplace({dummy: e for e, dummy in exponentials.items()})
    rational = _in_exponential(parted, variable, base)
    best = expression
    if rational is None:
        return best
    for call, definition in named:
        meaning = _in_exponential(definition, variable, base)
        if meaning is None or base not in meaning.free_symbols:
            continue
        numerator, denominator = fraction(together(meaning))
        try:
            polynomial = Poly(numerator - value * denominator, base)
        except PolynomialError:
            continue
        degrees = [monomial[0] for monomial in polynomial.monoms()]
        top = max(degrees)
        if any(d not in (0, top) for d in degrees) or len(degrees) != 2:
            continue
        solution = cancel(-polynomial.coeff_monomial(1) / polynomial.coeff_monomial(base**top))
        lifted = cancel(rational).replace(
            lambda e, top=top, base=base: (
                isinstance(e, Pow) and e.base == base and e.exp.is_Integer and e.exp % top == 0
            ),
            lambda e, top=top, solution=solution: solution ** (e.exp / top),
        )
        lifted = lifted.subs(base, solution) if top == 1 else lifted
        if base in lifted.free_symbols:
            continue
        folded = factor(cancel(lifted))
        back = {value: call, outside: variable}
        candidates = [folded.xreplace(back), cancel(lifted).expand().xreplace(back)]
        best = min([best, *candidates], key=cost)
    return tidy_sign(best)


def tidy_sign(expression: Expr) -> Expr:
    """``-(s - 1)*s`` as ``s*(1 - s)``: a leading sign goes into a difference that begins with a negative term."""
    if not expression.is_Mul:
        return expression
    number, rest = expression.as_coeff_Mul()
    if not number.is_negative:
        return expression
    parts = list(rest.args) if rest.is_Mul else [rest]
    for position, part in enumerate(parts):
        base, exponent = part.as_base_exp()
        if base.is_Add and exponent in (1, -1) and base.as_coeff_Add()[0].is_negative:
            parts[position] = Pow(-base, exponent)
            product: Expr = -number
            for piece in parts:
                product *= piece
            return product
    return expression


def derivative(call: Expr, definition: Expr, variable: Symbol, functions: Iterable[type[NamedFunction]]) -> Expr:
    """The derivative of ``call = definition`` in ``variable``, folded into ``call`` and other named functions."""
    raw = raw_derivative(definition, variable)
    if not raw.has(exp):
        return raw
    named = [(call, definition)]
    for function in functions:
        if len(function.parameters) == 1 and function.body != definition:
            named.append((function(variable), function.body.xreplace({function.parameters[0]: variable})))
    return fold(raw, variable, named)

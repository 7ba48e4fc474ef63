"""A quantity of one number tends to a value: the limit is taken of its closed form, and balls far out are beside it.

``given`` or ``of`` declares scalars, ``what`` is the quantity, ``variable`` the input that moves, ``to`` where it goes (``"oo"``,
``"-oo"``, ``"0"``: from both sides, unless its domain ends there), ``value`` the limit that is claimed.
"""

from __future__ import annotations

import re

from sympy import AccumBounds, Expr, Limit, PoleError, Rational, Symbol, limit, nan, oo, zoo

from derive.analyses.bounds import range_of
from derive.analyses.exponential import closed
from derive.errors import DeclarationError
from derive.program import Tensor
from verify.audit.algebra import read_expression
from verify.audit.claims import Check
from verify.audit.found import Found, fails, holds, undecided
from verify.audit.quantities import Quantities
from verify.audit.settings import setting_of

REQUIRED = {"what": '"dz"', "variable": '"z"', "to": '"oo"', "value": '"0"'}
OPTIONAL = {"given": '"z"', "of": '"z; a = sigmoid(z)"', "wrt": '"z"'}
_FAR = {oo: ("10", "40", "100"), -oo: ("-10", "-40", "-100")}


def said(check: Check) -> str:
    """The claim on one line."""
    return f"{check.text('what')} -> {check.text('value')} as {check.text('variable')} -> {check.text('to')}"


def judge(check: Check) -> Found:
    """The limit of the closed form in one variable."""
    what, variable = check.text("what"), check.text("variable")
    try:
        quantities = Quantities(setting_of(check, what), {"claimed_quantity": what})
    except DeclarationError as problem:
        raise check.error(f"what: {problem}") from None
    program = quantities.program
    inputs = [t for t in program.inputs if t.name == variable]
    if len(inputs) != 1 or inputs[0].rank:
        raise check.error(f"variable: it must be an input that is a number, got {variable!r}")
    equations = program.equations_of("claimed_quantity")
    form = closed(program, equations[0].rhs) if len(equations) == 1 else None
    if form is None:
        return undecided("the quantity has no closed form in exponentials")
    letters = [s for s in form.ranges if s.name == variable and s not in form.arguments]
    x = Symbol(variable, real=True)
    back = {u: _exp(argument).xreplace(dict.fromkeys(letters, x)) for u, argument in form.arguments.items()}
    expression = form.expression.xreplace(back).xreplace(dict.fromkeys(letters, x))
    defaults = {t.name: t.default for t in program.inputs if t.default is not None}
    known = {s: Rational(str(defaults[s.name])) for s in expression.free_symbols if s.name in defaults}
    expression = expression.xreplace(known)
    others = expression.free_symbols - {x}
    if others:
        return undecided(f"the limit depends on {', '.join(sorted(map(str, others)))}")
    end = read_expression(check.text("to"), {}, check, "to")
    claimed = read_expression(check.text("value"), {}, check, "value")
    side = _side(check, inputs[0], end)
    said = "".join(f", with {s} = {value}" for s, value in known.items())
    level = f"the limit of the closed form{said}"
    evidence = _beside(quantities, variable, end)
    try:
        found = limit(expression, x, end, side)
    except ValueError as problem:  # the two sides differ
        return fails(level, correction=f"there is no limit: {_reason(problem)}", evidence=evidence)
    except (NotImplementedError, PoleError):
        return undecided("the limit of the closed form was not found", *evidence)
    if found.has(Limit, nan):
        return undecided("the limit of the closed form was not found", *evidence)
    if found.has(AccumBounds, zoo):
        return fails(level, correction="there is no limit: no single value is approached", evidence=evidence)
    if found == claimed:
        return holds(level, *evidence)
    return fails(level, correction=f"the limit is {found}", evidence=evidence)


def _side(check: Check, moving: Tensor, end: Expr) -> str:
    """From which side the variable comes: from both, unless the domain ends there."""
    within = range_of(moving)
    if not end.is_extended_real or not within.low <= end <= within.high:
        domain = " and ".join(map(str, moving.domain)) or "all numbers"
        raise check.error(f"to: {moving.name} must be able to go there within its domain, {domain}; got {end}")
    if end == within.low or end == within.high:
        return "+" if end == within.low else "-"
    return "+-"


def _reason(problem: ValueError) -> str:
    """What SymPy says of the two sides."""
    match = re.search(r"left hand limit = (.+) and right hand limit = (.+)", str(problem))
    return f"it is {match[1]} from the left and {match[2]} from the right" if match else "the two sides differ"


def _exp(argument: Expr) -> Expr:
    from sympy import exp

    return exp(argument)


def _beside(quantities: Quantities, variable: str, end: Expr) -> tuple[str, ...]:
    from fractions import Fraction

    from numeric.decimals import Rounding

    found = []
    for place in _FAR.get(end, ()):
        value = quantities.at({variable: Fraction(place)}, 512)("claimed_quantity")[()]
        found.append(f"{Rounding(digits=3).text(value)} at {variable} = {place}")
    return (", ".join(found),) if found else ()

"""What is not negative by its form: squares, exponentials, declared domains, and quotients and sums of such.

A factor that does not show it itself is looked at through the equations that define what it reads: ``1 - p`` with
``p = 1/(1 + exp(-z))`` is ``1/(1 + exp(z))``.
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Abs, Add, Expr, Mul, Pow, Symbol, cosh, exp, factor, fraction, together
from sympy.polys.polyerrors import PolynomialError

from derive.fold import pattern, unify
from derive.named import NamedFunction
from derive.naming import rename_bound, substitute
from derive.nodes import Access, Iverson, Reduce
from derive.nonnegative import from_zero
from derive.occurrence import freshen
from derive.program import Program
from derive.terms import Fresh, canonical, flatten
from derive.text import condition_text, expression_text

_DEPTH = 4  # how many definitions deep a factor is looked into


def why_nonnegative(e: Expr, program: Program) -> str | None:
    """Why an expression over a program's tensors is never negative, or ``None`` where its form does not show it.

    >>> from derive.registry import get
    >>> program = get("logistic_regression").program
    >>> p, i = Access("p", Symbol("i", integer=True)), Symbol("i", integer=True)
    >>> why_nonnegative(1 - p, program)
    '1/(1 + exp(z[i]))'
    >>> why_nonnegative(p - Access("y", i), program) is None
    True
    """
    fresh = Fresh("?f")
    if (reason := _plainly(e, program)) is not None:
        return reason
    deeper = e
    for _ in range(_DEPTH):
        before, deeper = deeper, opened(deeper, program, fresh)
        if before == deeper:
            return None
        whole = _one_quotient(deeper)
        if _plainly(whole, program) is not None:
            return expression_text(_with_letters(whole))
    return None


def opened(e: Expr, program: Program, fresh: Fresh, only: Callable[[str], bool] = lambda name: True) -> Expr:
    """The expression with every tensor that one equation defines, and every named function, replaced by what it is."""
    if isinstance(e, Access):
        equations = program.equations_of(e.tensor)
        if len(equations) != 1 or not only(e.tensor) or not all(isinstance(i, Symbol) for i in equations[0].indices):
            return e
        (equation,) = equations
        if e.tensor in equation.reads():
            return e
        return substitute(freshen(equation.rhs, fresh), dict(zip(equation.indices, e.indices, strict=True)))
    if isinstance(e, NamedFunction):
        return e.definition()
    if not e.args:
        return e
    if isinstance(e, Reduce):
        return Reduce(e.op, opened(e.body, program, fresh, only), *e.limits, ties=e.ties)
    return e.func(*(opened(a, program, fresh, only) if isinstance(a, Expr) else a for a in e.args))


def _shares(e: Expr) -> Expr:
    """``exp(u - logsumexp(w, j))`` as ``exp(u)/sum(exp(w), j)``."""
    if isinstance(e, exp):
        for term in Add.make_args(e.args[0]):
            number, rest = term.as_coeff_Mul()
            if number == -1 and isinstance(rest, Reduce) and rest.op == "logsumexp":
                return _shares(exp(e.args[0] - term)) / Reduce("sum", exp(rest.body), *rest.limits)
    if not e.args or isinstance(e, (Access, Reduce)):
        return e
    return e.func(*(_shares(a) if isinstance(a, Expr) else a for a in e.args))


def _with_letters(e: Expr) -> Expr:
    return rename_bound(e, {s.name for s in e.free_symbols}, lambda i, n: [])


def _one_quotient(e: Expr) -> Expr:
    """Over one denominator, with sums and elements taken as symbols."""
    try:
        return factor(together(e))
    except PolynomialError:
        return together(e)


def _plainly(e: Expr, program: Program) -> str | None:
    """Why an expression is not negative by the look of it."""
    if e.is_Number:
        return "a number" if e >= 0 else None
    if isinstance(e, Symbol):
        return "a size" if e.is_nonnegative else None
    if isinstance(e, Access):
        tensor = program.tensors.get(e.tensor)
        found = next((c for c in tensor.domain if from_zero(c)), None) if tensor is not None else None
        return None if found is None else f"declared: {condition_text(found)}"
    if isinstance(e, (exp, cosh, Abs, Iverson)):
        return f"{'a bracket' if isinstance(e, Iverson) else expression_text(e)}"
    if isinstance(e, Pow):
        if e.exp.is_Integer and e.exp.is_even:
            return "a square" if e.exp == 2 else "an even power"
        if e.exp.is_Rational and e.exp.q == 2 and e.exp.p % 2:
            return "a root"
        return _plainly(e.base, program)
    if isinstance(e, Reduce):
        return _plainly(e.body, program) if e.op in ("sum", "prod", "max", "min") else None
    if isinstance(e, Add):
        return None if any(_plainly(a, program) is None for a in e.args) else "a sum of such"
    if isinstance(e, Mul):
        return None if any(_plainly(a, program) is None for a in e.args) else "a product of such"
    return None


def sums_to_one(weight: Expr, i: Symbol, extent: Expr, program: Program) -> bool:
    """Whether ``sum_i weight = 1`` (for an extent of at least 1): by a fact, or because it is a share of its sum.

    >>> from derive.registry import get
    >>> i, j = Symbol("i", integer=True), Symbol("j", integer=True)
    >>> program = get("softmax_regression").program
    >>> k = program.tensors["P"].shape[1]
    >>> sums_to_one(Access("P", i, j), j, k, program), sums_to_one(Access("P", i, j), i, k, program)
    (True, False)
    """
    fresh = Fresh("?s")
    whole = Reduce("sum", weight, (i, extent))
    for left, right in program.facts:
        if right == 1:
            variables = sorted({s for a in left.atoms(Access) for s in a.free_symbols} & left.free_symbols, key=str)
            rule = pattern(left, right, variables, "", "fact")
            if rule is not None and next(unify(rule.whole, whole, rule.variables, {}), None) is not None:
                return True
    deep = _shares(opened(weight, program, fresh))
    upper, lower = fraction(deep)
    above = [canonical(t) for t in flatten(Reduce("sum", upper, (i, extent)), fresh)]
    below = [canonical(t) for t in flatten(lower, fresh)]
    return i not in lower.free_symbols and above == below


__all__ = ["opened", "sums_to_one", "why_nonnegative"]

"""How much arithmetic a program asks for: operation counts as polynomials in the sizes, read off its equations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sympy import Add, Eq, Expr, Integer, Mul, Pow, Symbol, expand, prod

from derive.nodes import Access, IntegerAccess, Iverson, Reduce, Where
from derive.program import Equation, Program


def operations(expression: Expr) -> Expr:
    """Arithmetic operations for one element, reductions left out: each +, *, /, power, function or comparison counts 1.

    A sign costs nothing, nor does a bracket of indices, which only selects.

    >>> from derive.nodes import index
    >>> i = index("i")
    >>> operations(Access("a", i) * (1 - Access("a", i)) * Access("da", i))
    3
    """
    if isinstance(expression, (Access, Reduce)) or not expression.args:
        return Integer(0)
    if not expression.has(Access):
        return Integer(0)  # numbers and sizes: computed once, whatever the data
    if isinstance(expression, Iverson):
        return _condition(expression.condition)
    if isinstance(expression, Where):
        condition, a, b = expression.args
        return _condition(condition) + operations(a) + operations(b)
    if isinstance(expression, (Add, Mul)):
        parts = [a for a in expression.args if a != -1 and not (isinstance(a, Iverson) and not _real(a.condition))]
        return max(len(parts) - 1, 0) + sum((operations(a) for a in expression.args), Integer(0))
    if isinstance(expression, Pow):
        return 1 + operations(expression.base) + operations(expression.exp)
    return 1 + sum((operations(a) for a in expression.args if isinstance(a, Expr)), Integer(0))


def reduction(reduce: Reduce, extents: Mapping[Expr, Expr]) -> Expr:
    """A reduction over ``n`` entries, once for each value of its free indices: ``n`` bodies and ``n - 1`` additions.

    A delta on a free index (a scatter) picks one position for each entry, so that index does not multiply the work.
    """
    body = reduce.body.args if reduce.body.is_Mul else (reduce.body,)
    picked = {
        side for f in body if isinstance(f, Iverson) and isinstance(f.condition, Eq) for side in f.condition.args
    } - set(reduce.bound)
    own = [extents[s] for s in sorted(reduce.free_symbols, key=str) if s in extents and s not in picked]
    count = prod(extent for _, extent in reduce.limits)
    return prod(own) * (count * (operations(reduce.body) + 1) - 1)


def _real(condition: Expr) -> bool:
    return any(not isinstance(a, IntegerAccess) for a in condition.atoms(Access))


def _condition(condition: Expr) -> Expr:
    return Integer(1) if _real(condition) else Integer(0)


def total(equations: Iterable[Equation], program: Program | None = None) -> Expr:
    """The operations of all equations together: per element times the elements, and each reduction once.

    With a program, computed extents (those of a convolution's output) are written as ``y.shape[2]``.

    >>> from derive.registry import get
    >>> total(get("dense").program.equations)
    2*d*k*n
    """
    result: Expr = Integer(0)
    for equation in equations:
        extents: dict[Expr, Expr] = dict(equation.ranges)
        reductions = sorted(equation.rhs.atoms(Reduce), key=str)
        for reduce in reductions:
            extents.update(reduce.limits)
        elements = prod(extent for extent in equation.extents if extent is not None)
        result += elements * operations(equation.rhs)
        result += sum((reduction(r, extents) for r in reductions), Integer(0))
    return expand(result.xreplace(_computed(program)) if program is not None else result)


def _computed(program: Program) -> dict[Expr, Expr]:
    names: dict[Expr, Expr] = {}
    for tensor in program.tensors.values():
        for axis, extent in enumerate(tensor.shape):
            if not extent.is_Atom:
                names.setdefault(extent, Symbol(f"{tensor.name}.shape[{axis}]", integer=True, nonnegative=True))
    return names


def leading(cost: Expr) -> Expr:
    """The terms of highest total degree: what counts when all sizes are large.

    >>> from sympy import symbols
    >>> n, d = symbols("n d")
    >>> leading(2 * n * d + n)
    2*d*n
    """
    cost = expand(cost)
    terms = cost.args if cost.is_Add else (cost,)
    degrees = [_degree(t) for t in terms]
    top = max(degrees)
    return Add(*(t for t, degree in zip(terms, degrees, strict=True) if degree == top))


def _degree(term: Expr) -> int:
    degree = 0
    for factor in term.args if term.is_Mul else (term,):
        base, exponent = factor.as_base_exp()
        if not base.is_Number and base.has(Symbol):
            degree += int(exponent) if exponent.is_Integer else 1
    return degree

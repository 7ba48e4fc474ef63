"""How many operations the equations take, as polynomials in the sizes.

Every node is counted once for each combination of the indices that occur in it: what does not depend on an index is not
computed again for it.  Under a bracket ``[a = f]`` the index ``a`` is given by the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sympy import Add, Eq, Expr, Integer, Mul, Pow, S, Symbol, exp, prod
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from derive.nodes import Access, Iverson, Maximum, Reduce, Where
from derive.program import Equation


@dataclass(frozen=True)
class Cost:
    """Multiplications and divisions, additions and subtractions, evaluations of functions."""

    products: Expr = S.Zero
    sums: Expr = S.Zero
    functions: Expr = S.Zero

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.products + other.products, self.sums + other.sums, self.functions + other.functions)

    def expanded(self) -> Cost:
        """The same as sums of monomials."""
        return Cost(self.products.expand(), self.sums.expand(), self.functions.expand())


def cost(equations: Sequence[Equation], extents: Mapping[Expr, Symbol] | None = None) -> Cost:
    """The operations of some equations; ``extents`` gives letters to long extents.

    >>> from derive.registry import get
    >>> from sympy import symbols
    >>> cost(get("dense").program.equations).products
    d*k*n
    """
    total = Cost()
    for equation in equations:
        total = total + _Counter({**equation.ranges}, extents or {}).count(equation.rhs, frozenset())
    return total.expanded()


class _Counter:
    def __init__(self, ranges: dict[Symbol, Expr], extents: Mapping[Expr, Symbol]) -> None:
        self.ranges, self.extents = ranges, extents

    def times(self, expression: Expr, given: frozenset[Symbol]) -> Expr:
        """How often an expression is evaluated."""
        used = sorted((s for s in expression.free_symbols if s in self.ranges and s not in given), key=str)
        return prod((self.extents.get(self.ranges[s], self.ranges[s]) for s in used), start=Integer(1))

    def count(self, e: Expr, given: frozenset[Symbol]) -> Cost:
        if isinstance(e, Access | Symbol) or e.is_number or (not e.has(Access) and not e.has(Reduce)):
            return Cost()
        if isinstance(e, Reduce):
            inner = _Counter({**self.ranges, **dict(e.limits)}, self.extents)
            fixed = given | _determined(e.body, inner.ranges)
            steps = inner.times(e.body, fixed) - self.times(e, given)
            own = Cost(products=steps) if e.op == "prod" else Cost(sums=steps)
            if e.op == "logsumexp":
                own = own + Cost(functions=inner.times(e.body, fixed) + self.times(e, given))
            return inner.count(e.body, fixed) + own
        inside = sum(
            (self.count(a, given) for a in e.args if isinstance(a, Expr) and not isinstance(a, Boolean)), Cost()
        )
        if isinstance(e, Iverson):
            return Cost()
        return inside + self.own(e, self.times(e, given))

    def own(self, e: Expr, often: Expr) -> Cost:
        if isinstance(e, Add):
            return Cost(sums=often * (len(e.args) - 1))
        if isinstance(e, Mul):
            real = [f for f in e.args if not isinstance(f, Iverson) and f != -1]
            divisors = sum(1 for f in real if isinstance(f, Pow) and not isinstance(f, exp) and f.exp.is_negative)
            extra = divisors == len(real) and divisors > 0  # 1/(a b): nothing above the bar to divide yet
            own = Cost(products=often * (max(len(real) - 1, 0) + int(extra)))
            return own + Cost(products=-often * divisors)  # each divisor has counted its own division
        if isinstance(e, Pow) and not isinstance(e, exp):
            division = int(bool(e.exp.is_negative))
            if e.exp.is_Integer:
                return Cost(products=often * (abs(int(e.exp)) - 1 + division))
            return Cost(products=often * division, functions=often)
        if isinstance(e, Where | Maximum):
            return Cost()
        return Cost(functions=often)


def _determined(body: Expr, ranges: Mapping[Symbol, Expr]) -> frozenset[Symbol]:
    """Indices that a bracket of a product fixes: in ``[a = f]`` the index ``a`` follows from the others."""
    fixed: set[Symbol] = set()
    for factor in Mul.make_args(body):
        if (
            isinstance(factor, Iverson)
            and isinstance(factor.condition, Eq)
            and isinstance(factor.condition, Relational)
        ):
            for side in (factor.condition.lhs, factor.condition.rhs):
                if isinstance(side, Symbol) and side in ranges and side not in fixed:
                    fixed.add(side)
                    break
    return frozenset(fixed)

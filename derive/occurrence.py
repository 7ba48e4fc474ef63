"""The occurrences of a tensor in an expression, and the factor with which each passes a cotangent on.

One walk, one rule for each kind of node; an unknown node raises, so that no term is ever dropped silently.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sympy import Add, Dummy, Eq, Expr, Integer, Ne, Symbol, exp
from sympy.core.symbol import Str

from derive.errors import DerivationError
from derive.naming import substitute
from derive.nodes import Access, Iverson, Partial, Reduce, Where
from derive.scalar import fold, raw_derivative
from derive.terms import Fresh


@dataclass(frozen=True)
class Local:
    """A local derivative, as a claim: ``before`` (a :class:`Partial`) equals ``after``."""

    before: Expr
    after: Expr
    because: str
    indices: tuple[Symbol, ...] = ()


@dataclass(frozen=True)
class Contribution:
    """``d rhs / d access`` is ``factor``, summed over ``bound``."""

    access: Access
    factor: Expr
    bound: tuple[tuple[Symbol, Expr], ...]


def mentions(expression: Expr, tensor: str) -> bool:
    """Whether an expression reads a tensor."""
    return any(a.tensor == tensor for a in expression.atoms(Access))


def freshen(expression: Expr, fresh: Fresh) -> Expr:
    """Give every bound index a name of its own, and write several-index extrema as nested ones."""
    if not expression.has(Reduce):
        return expression
    if isinstance(expression, Reduce):
        mapping = {i: fresh() for i in expression.bound}
        body = freshen(substitute(expression.body, dict(mapping)), fresh)
        limits = [(mapping[i], n) for i, n in expression.limits]
        if expression.op in ("max", "min") and expression.ties != "share":
            for limit in reversed(limits):
                body = Reduce(expression.op, body, limit, ties=expression.ties)
            return body
        return Reduce(expression.op, body, *limits, ties=expression.ties)
    return expression.func(*(freshen(a, fresh) if a.args else a for a in expression.args))


class Occurrences:
    """Walks one right-hand side for one tensor; ``locals`` collects the local derivatives that were taken."""

    def __init__(self, tensor: str, fresh: Fresh) -> None:
        self.tensor, self.fresh = tensor, fresh
        self.locals: list[Local] = []

    def walk(self, expression: Expr, factor: Expr, bound: tuple[tuple[Symbol, Expr], ...]) -> Iterator[Contribution]:
        if not mentions(expression, self.tensor):
            return
        if isinstance(expression, Access):
            if expression.tensor != self.tensor or any(mentions(i, self.tensor) for i in expression.indices):
                raise DerivationError(
                    f"{self.tensor} stands inside an index of {expression}; an index has no derivative"
                )
            yield Contribution(expression, factor, bound)
        elif isinstance(expression, Add):
            for part in expression.args:
                yield from self.walk(part, factor, bound)
        elif isinstance(expression, Reduce):
            yield from self.walk(expression.body, factor * self._reduce_factor(expression), bound + expression.limits)
        elif isinstance(expression, Where):
            condition, a, b = expression.args
            yield from self.walk(a, factor * Iverson(condition), bound)
            yield from self.walk(b, factor * Iverson(~condition), bound)
        elif isinstance(expression, Iverson):
            return  # a bracket is constant wherever it has a derivative
        else:
            yield from self._pointwise(expression, factor, bound)

    def _reduce_factor(self, reduce: Reduce) -> Expr:
        """``d reduce / d body`` at the bound indices."""
        body, op = reduce.body, reduce.op
        others = {i: self.fresh() for i in reduce.bound}
        other_limits = [(others[i], n) for i, n in reduce.limits]
        other_body = freshen(substitute(body, dict(others)), self.fresh)
        if op == "sum":
            return Integer(1)
        if op == "logsumexp":
            return exp(body - Reduce("logsumexp", other_body, *other_limits))
        if op == "prod":
            # The product of the others, without a division: a factor may be 0.
            apart: Expr = Integer(0)
            for i in reduce.bound:
                apart = apart | Ne(i, others[i]) if apart != 0 else Ne(i, others[i])
            return Reduce("prod", Where(apart, other_body, 1), *other_limits)
        if op in ("max", "min"):
            return self._extremum_factor(reduce, other_body, other_limits)
        raise DerivationError(f"{op} takes whole-number values and has no derivative; it stands around {self.tensor}")

    def _extremum_factor(self, reduce: Reduce, other_body: Expr, other_limits: Sequence[tuple[Symbol, Expr]]) -> Expr:
        body, op = reduce.body, reduce.op
        if reduce.ties == "share":
            best = Reduce(op, other_body, *other_limits, ties="share")
            again = {i: self.fresh() for i, _ in reduce.limits}
            count_body = Iverson(Eq(freshen(substitute(body, dict(again)), self.fresh), best))
            count = Reduce("sum", count_body, *((again[i], n) for i, n in reduce.limits))
            return Iverson(Eq(body, best)) / count
        ((i, extent),) = reduce.limits
        ((other, _),) = other_limits
        if reduce.ties == "last":
            flipped = substitute(other_body, {other: extent - 1 - other})
            return Iverson(Eq(i, extent - 1 - Reduce("arg" + op, flipped, (other, extent))))
        return Iverson(Eq(i, Reduce("arg" + op, other_body, (other, extent))))

    def _pointwise(
        self, expression: Expr, factor: Expr, bound: tuple[tuple[Symbol, Expr], ...]
    ) -> Iterator[Contribution]:
        """A region of elementwise functions: SymPy's derivative in each of its leaves, then on into the leaf."""
        leaves: dict[Expr, Symbol] = {}
        region = self._region(expression, leaves)
        back = {dummy: leaf for leaf, dummy in leaves.items()}
        for leaf, dummy in leaves.items():
            slope = local_derivative(region, dummy)
            after = slope.xreplace(back)
            held = {d: inner for d, inner in back.items() if d != dummy}
            if not (expression.is_Mul and slope == expression / leaf):
                reason = "SymPy's derivative of the elementwise expression"
                self.locals.append(Local(Partial(region.xreplace(held), dummy, leaf), after, reason))
            yield from self.walk(leaf, factor * after, bound)

    def _region(self, expression: Expr, leaves: dict[Expr, Symbol]) -> Expr:
        if not mentions(expression, self.tensor):
            return expression
        if isinstance(expression, (Access, Reduce, Where, Iverson)):
            return leaves.setdefault(expression, Symbol(f"u{len(leaves)}", real=True))
        for argument in expression.args:
            if not isinstance(argument, Expr | Str):  # cases, or SymPy's own bound symbols
                raise DerivationError(
                    f"{type(expression).__name__} has no rule of differentiation, and stands around {self.tensor} in "
                    f"{expression}; write it with where, the reductions of derive.nodes and elementwise functions"
                )
        return expression.func(*(self._region(a, leaves) if isinstance(a, Expr) else a for a in expression.args))


def local_derivative(region: Expr, variable: Symbol) -> Expr:
    """The derivative of an elementwise region, folded into the region itself and into named functions."""
    from derive.named import foldable_functions

    raw = raw_derivative(region, variable)
    if not raw.has(exp) or len(region.free_symbols & raw.free_symbols) != 1:
        return raw
    whole = Dummy("whole", real=True)
    named = [(whole, region)]
    named += [
        (f(variable), f.body.xreplace({f.parameters[0]: variable}))
        for f in foldable_functions()
        if f.body.xreplace({f.parameters[0]: variable}) != region
    ]
    return fold(raw, variable, named).xreplace({whole: region})

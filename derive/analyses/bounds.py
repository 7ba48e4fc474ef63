"""Signs over declared domains, and the interval on which inequalities that are affine in one parameter hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sympy import Dummy, Expr, Poly, Symbol, cancel, factor, fraction, nan, oo, together, zoo
from sympy.core.relational import Ge, Gt, Relational
from sympy.logic.boolalg import And

from derive.nodes import Access
from derive.program import Tensor
from derive.scalar import tidy_sign


@dataclass(frozen=True)
class Range:
    """``low < x < high``, with ``low <= x`` and ``x <= high`` where closed."""

    low: Expr = -oo
    high: Expr = oo
    closed_low: bool = False
    closed_high: bool = False


def range_of(tensor: Tensor) -> Range:
    """The numbers that a declared domain allows.

    >>> from derive.registry import get
    >>> range_of(get("heavy_ball").program.tensors["beta"])
    Range(low=0, high=1, closed_low=True, closed_high=False)
    """
    found = Range()
    parts = [p for c in tensor.domain for p in (c.args if isinstance(c, And) else (c,))]
    for part in parts:
        if not isinstance(part, Relational):
            continue
        relation = part if isinstance(part.lhs, Access) else part.reversed
        if not isinstance(relation.lhs, Access) or not relation.rhs.is_number:
            continue
        closed = isinstance(relation, (Ge,)) or relation.rel_op == "<="
        if isinstance(relation, (Gt, Ge)):
            found = Range(relation.rhs, found.high, closed, found.closed_high)
        elif relation.rel_op in ("<", "<="):
            found = Range(found.low, relation.rhs, found.closed_low, closed)
    return found


class Signs:
    """Decides signs of rational expressions whose symbols have ranges.

    Each symbol is replaced by one that runs over all non-negative numbers (``x = (a + b*s)/(1 + s)`` for ``[a, b)``).
    A polynomial in those without a negative coefficient is not negative: the answer *yes* is a proof, *no* is none.
    Of ``[a, b]`` this leaves out ``b``, where strict signs are decided by themselves.
    Source: Polya and Szego, Problems and Theorems in Analysis II, part VI, on positive polynomials.

    >>> from sympy import Integer
    >>> b, a = Symbol("b"), Symbol("a")
    >>> signs = Signs({b: Range(Integer(0), Integer(1), True), a: Range(Integer(0))})
    >>> signs.positive(1 - b + a*b), signs.positive(1 - 2*b), signs.nonnegative(b)
    (True, False, True)
    >>> unit = Signs({b: Range(Integer(0), Integer(1), True, True)})
    >>> unit.positive(1 - b), unit.positive(2 - b), unit.nonnegative(1 - b)
    (False, True, True)
    """

    def __init__(self, ranges: Mapping[Symbol, Range]) -> None:
        self.ranges = dict(ranges)
        self.replaced: dict[Symbol, Expr] = {}
        self.variables: list[Symbol] = []
        self.open: set[Symbol] = set()  # those that are never 0
        for symbol, within in ranges.items():
            s = Dummy(symbol.name, nonnegative=True)
            low, high, closed = within.low, within.high, within.closed_low
            if low == -oo and high != oo:  # mirrored: counted down from above
                self.replaced[symbol] = high - s
                closed = within.closed_high
            elif low == -oo:
                continue
            elif high == oo:
                self.replaced[symbol] = low + s
            elif within.closed_high:
                self.replaced[symbol] = (low * s + high) / (1 + s) if not closed else (low + high * s) / (1 + s)
                closed = True
            else:
                self.replaced[symbol] = (low + high * s) / (1 + s)
            self.variables.append(s)
            if not closed:
                self.open.add(s)

    def positive(self, e: Expr) -> bool:
        """Whether ``e > 0`` is shown for all values."""
        return self._shown(e, strict=True) and all(
            Signs({t: within for t, within in self.ranges.items() if t != s}).positive(e.xreplace({s: end}))
            for s, end in self._left_out()
            if s in e.free_symbols
        )

    def nonnegative(self, e: Expr) -> bool:
        """Whether ``e >= 0`` is shown for all values; where it is defined at an end, by continuity there too."""
        return self._shown(e, strict=False)

    def _left_out(self) -> Iterator[tuple[Symbol, Expr]]:
        """The upper ends that belong to a range and that its replacement does not reach."""
        for symbol, within in self.ranges.items():
            if within.closed_low and within.closed_high and within.low.is_finite and within.high.is_finite:
                yield symbol, within.high

    def _shown(self, e: Expr, strict: bool) -> bool:
        top, bottom = fraction(cancel(together(e.xreplace(self.replaced))))
        if top == 0:
            return not strict
        return any(self._plus(s * top, strict) and self._plus(s * bottom, True) for s in (1, -1))

    def _plus(self, e: Expr, strict: bool) -> bool:
        if e.free_symbols - set(self.variables) or e.has(nan, zoo) or not e.is_polynomial(*self.variables):
            return False
        terms = Poly(e, *self.variables).terms() if self.variables else [((), e)]
        if any(not c.is_nonnegative for _, c in terms):
            return False
        if not strict:
            return True
        return any(
            c.is_positive and all(s in self.open for s, k in zip(self.variables, powers, strict=True) if k)
            for powers, c in terms
        )


@dataclass(frozen=True)
class Interval:
    """``low < x < high``: exactly where all the inequalities hold."""

    low: Expr
    high: Expr

    @property
    def empty(self) -> bool:
        """Whether nothing is inside."""
        return bool(self.low == oo)


def solve_affine(conditions: Sequence[Expr], x: Symbol, signs: Signs, start: Expr) -> Interval | None:
    """The interval of ``x > start`` on which every condition is positive; ``None`` where that is not decided.

    Each condition must be affine in ``x``.  One of them gives an end; all others must be shown to hold between the ends,
    for which it is enough that they are not negative at both and positive at one.

    >>> from sympy import Integer
    >>> a, b = Symbol("a"), Symbol("b")
    >>> signs = Signs({b: Range(Integer(0), Integer(1), True)})
    >>> solve_affine([a, 2 + 2*b - a, 1 - b], a, signs, Integer(0))
    Interval(low=0, high=2*(b + 1))
    """
    lines: list[tuple[Expr, Expr]] = []
    for condition in conditions:
        if not condition.is_polynomial(x) or Poly(condition, x).degree() > 1:
            return None
        poly = Poly(condition, x)
        lines.append((poly.coeff_monomial(1), poly.coeff_monomial(x)))
    if any(signs.nonnegative(-(c0 + c1 * start)) and signs.nonnegative(-c1) for c0, c1 in lines):
        return Interval(oo, oo)
    tops = [tidy_sign(factor(-c0 / c1)) for c0, c1 in lines if signs.positive(-c1)]
    bottoms = [
        start,
        *(factor(-c0 / c1) for c0, c1 in lines if signs.positive(c1) and signs.positive(-c0 - c1 * start)),
    ]
    for high in [*tops, oo]:
        for low in bottoms:
            if high != oo and not signs.positive(high - low):
                continue
            if all(_between(c0, c1, low, high, signs) for c0, c1 in lines):
                return Interval(low, high)
    return None


def _between(c0: Expr, c1: Expr, low: Expr, high: Expr, signs: Signs) -> bool:
    at_low = c0 + c1 * low
    if high == oo:
        return signs.nonnegative(c1) and signs.nonnegative(at_low) and (signs.positive(c1) or signs.positive(at_low))
    at_high = c0 + c1 * high
    ends = signs.nonnegative(at_low) and signs.nonnegative(at_high)
    return ends and (signs.positive(at_low) or signs.positive(at_high))


__all__ = ["Interval", "Range", "Signs", "range_of", "solve_affine"]

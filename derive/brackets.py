"""What a bracket says of the other factors of its term, and simpler conditions that say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sympy import Add, And, Eq, Expr, Integer, Symbol
from sympy.core.relational import GreaterThan, LessThan, Relational, StrictGreaterThan, StrictLessThan

from derive.naming import substitute
from derive.nodes import Access, Iverson, Maximum, Minimum
from derive.terms import Term, make_term

_BELOW = (StrictLessThan, LessThan)
_ABOVE = (StrictGreaterThan, GreaterThan)


def tidied(term: Term, size: Callable[[Term], int]) -> tuple[Term, str] | None:
    """The term with one bracket simplified or used, and why; ``None`` where there is nothing to do."""
    for position, (base, _) in enumerate(term.factors):
        if not isinstance(base, Iverson):
            continue
        rest = [f for k, f in enumerate(term.factors) if k != position]
        parts = base.condition.args if isinstance(base.condition, And) else (base.condition,)
        for part in parts:
            others = [(Iverson(p), Integer(1)) for p in parts if p is not part]
            plainer = plain(part)
            if plainer is not None:
                factors = [*rest, *others, *((Iverson(p), Integer(1)) for p in plainer)]
                return make_term(term.coefficient, term.bound, factors), "the same condition in plainer words"
            if any(_covers(b, e, part) for b, e in rest):
                return make_term(
                    term.coefficient, term.bound, [*rest, *others]
                ), "outside the bracket the extremum is 0 anyway"
            for i, value in _equal(part):
                moved = [(substitute(b, {i: value}), substitute(e, {i: value})) for b, e in rest]
                made = make_term(term.coefficient, term.bound, [*moved, *others, (Iverson(part), Integer(1))])
                if _degree(made) < _degree(term) and size(made) < size(term):  # something cancels
                    return made, f"{i} is {value} under the bracket"
    return None


def _degree(term: Term) -> Expr:
    return sum((abs(e) for _, e in term.factors if e.is_Rational), Integer(0))


def plain(condition: Expr) -> tuple[Expr, ...] | None:
    """Conditions that together say the same: ``max(a, b) < c`` as both, ``x + 3 < 6`` as ``x < 3``."""
    if not isinstance(condition, (*_BELOW, *_ABOVE)):
        return None
    for relation in (condition, condition.reversed):
        left, right = relation.args
        kind = Minimum if isinstance(relation, _ABOVE) else Maximum
        if type(left) is kind:
            return tuple(relation.func(a, right) for a in left.args[:2])
        if right.is_Rational and isinstance(left, Add) and len(left.args) == 2:
            number, access = left.args
            if number.is_Rational and isinstance(access, Access):
                return (relation.func(access, right - number),)
    return None


def _covers(base: Expr, exponent: Expr, condition: Expr) -> bool:
    """Whether ``base`` is ``max(0, a)`` and the condition ``a > 0``: where that fails the maximum is 0; so for min."""
    if not isinstance(base, Maximum) or not exponent.is_positive or not isinstance(condition, (*_BELOW, *_ABOVE)):
        return False
    side = _BELOW if isinstance(base, Minimum) else _ABOVE
    relation = condition if isinstance(condition, side) else condition.reversed
    return relation.args[1] == 0 and set(base.args[:2]) == {relation.args[0], Integer(0)}


def _equal(condition: Expr) -> Iterator[tuple[Symbol, Expr]]:
    """An index and what it equals."""
    if isinstance(condition, Eq) and isinstance(condition, Relational):
        for i, value in (condition.args, condition.args[::-1]):
            if isinstance(i, Symbol) and i.is_integer and not i.is_nonnegative and i not in value.free_symbols:
                yield i, value


__all__ = ["plain", "tidied"]

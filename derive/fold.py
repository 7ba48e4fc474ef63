"""Folding: what a named equation or a fact says, read from right to left.

``exp(z[i, j])/sum(exp(z[i, k]), k)`` becomes ``P[i, j]`` where ``P`` is defined so; ``sum(Y[i, j], j)`` becomes 1 where
that is a fact.  A pattern is the product under a sum on one side of the equation; its free indices match anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import permutations

from sympy import Add, Expr, Function, Integer, Mul, Pow, Rational, Symbol

from derive.affine import coefficient
from derive.naming import substitute
from derive.nodes import Access, Reduce, index
from derive.terms import Fresh, Term, flatten, make_term

Match = dict[Symbol, Expr]


@dataclass(frozen=True)
class Pattern:
    """``sum_{bound} prod factors`` equals ``replacement``, for all values of ``variables``.

    ``whole`` is its expression.
    """

    variables: frozenset[Symbol]
    bound: tuple[tuple[Symbol, Expr], ...]
    factors: tuple[tuple[Expr, Expr], ...]
    replacement: Expr
    whole: Expr
    because: str
    rule: str

    @cached_property
    def tensors(self) -> frozenset[str]:
        """Tensors that an expression must mention to match at all."""
        return tensor_names(self.whole)

    @cached_property
    def wanted(self) -> list[tuple[Expr, Expr]]:
        """The factors, the most particular first."""
        return sorted(self.factors, key=lambda f: (-len(str(f[0])), str(f)))


@lru_cache(maxsize=1 << 15)
def tensor_names(expression: Expr) -> frozenset[str]:
    """Names of the tensors that an expression mentions."""
    return frozenset(access.tensor for access in expression.atoms(Access))


def pattern(left: Expr, right: Expr, variables: Sequence[Symbol], because: str, rule: str) -> Pattern | None:
    """A pattern that turns ``left`` into ``right``; ``None`` for trivial ones (a single access, a number)."""
    fresh = Fresh("?b")
    names = {v: index(f"?{v.name}") for v in variables}
    left, right = substitute(left, dict(names)), substitute(right, dict(names))
    terms = flatten(left, fresh)
    if len(terms) != 1:
        if not left.has(Access):
            return None
        return Pattern(frozenset(names.values()), (), ((left, Integer(1)),), right, left, because, rule)
    (term,) = terms
    if not term.bound and len(term.factors) == 1 and isinstance(term.factors[0][0], Access):
        return None
    if not term.factors:
        return None
    return Pattern(frozenset(names.values()), term.bound, term.factors, right / term.coefficient, left, because, rule)


# -- unification ------------------------------------------------------------------------------------------------------


def unify(left: Expr, right: Expr, free: frozenset[Symbol], match: Match) -> Iterator[Match]:
    """All ways to choose the free symbols of ``left`` so that it becomes ``right``."""
    if isinstance(left, Symbol):
        if left in match:
            if match[left] == right:
                yield match
        elif left in free:
            if right.is_integer:
                yield {**match, left: right}
        elif left == right:
            yield match
        return
    if left.is_integer and right.is_integer and not left.has(Access, Reduce):
        solved = _solve_position(left, right, free, match)
        if solved is not None:
            yield solved
        return
    if not left.args or not right.args:
        if left == right:
            yield match
        return
    if isinstance(left, Reduce):
        if isinstance(right, Reduce) and left.op == right.op and len(left.limits) == len(right.limits):
            for order in permutations(right.limits):
                if all(n == m for (_, n), (_, m) in zip(left.limits, order, strict=True)):
                    inner = {**match, **{i: j for (i, _), (j, _) in zip(left.limits, order, strict=True)}}
                    for found in unify(left.body, right.body, free, inner):
                        yield {k: v for k, v in found.items() if k not in left.bound}
        return
    if left.func != right.func or len(left.args) != len(right.args):
        return
    if isinstance(left, (Add, Mul)):
        yield from _unify_commutative(list(left.args), list(right.args), free, match)
        return
    yield from _unify_all(list(left.args), list(right.args), free, match)


def _solve_position(left: Expr, right: Expr, free: frozenset[Symbol], match: Match) -> Match | None:
    """An affine position with at most one open symbol: ``t - 1`` meets ``s`` at ``t = s + 1``."""
    known = substitute(left, match)
    open_symbols = [s for s in known.free_symbols if s in free and s not in match]
    if not open_symbols:
        return match if (known - right).expand() == 0 else None
    if len(open_symbols) > 1:
        return None
    (variable,) = open_symbols
    slope = coefficient(known, variable)
    if slope not in (1, -1):
        return None
    return {**match, variable: ((right - (known - slope * variable)) / slope).expand()}


def _unify_all(left: list[Expr], right: list[Expr], free: frozenset[Symbol], match: Match) -> Iterator[Match]:
    if not left:
        yield match
        return
    for found in unify(left[0], right[0], free, match):
        yield from _unify_all(left[1:], right[1:], free, found)


def _unify_commutative(left: list[Expr], right: list[Expr], free: frozenset[Symbol], match: Match) -> Iterator[Match]:
    if not left:
        yield match
        return
    # The most particular part first: it leaves the fewest choices.
    left = sorted(left, key=lambda e: (-len(e.args), str(e.func)))
    for position, candidate in enumerate(right):
        for found in unify(left[0], candidate, free, match):
            yield from _unify_commutative(left[1:], right[:position] + right[position + 1 :], free, found)


# -- multiplicative match ---------------------------------------------------------------------------------------------


def _fits(wanted: Expr, given: Expr) -> bool:
    """Whether base**wanted can be split off base**given."""
    if isinstance(wanted, Rational) and isinstance(given, Rational):
        return bool((wanted > 0) == (given > 0) and abs(given) >= abs(wanted))
    return bool(wanted == given)


def _match_factors(
    wanted: list[tuple[Expr, Expr]], term: Term, used: dict[Expr, Expr], free: frozenset[Symbol], match: Match
) -> Iterator[tuple[Match, dict[Expr, Expr]]]:
    if not wanted:
        yield match, used
        return
    base, exponent = wanted[0]
    for candidate, given in term.factors:
        left = given - used.get(candidate, Integer(0))
        if left == 0 or not _fits(exponent, left):
            continue
        for found in unify(base, candidate, free, match):
            yield from _match_factors(
                wanted[1:], term, {**used, candidate: used.get(candidate, Integer(0)) + exponent}, free, found
            )


def apply_to_term(rule: Pattern, term: Term) -> Iterator[Term]:
    """The term with the pattern's product replaced, for every way in which it matches."""
    wanted = rule.wanted
    free = rule.variables | {i for i, _ in rule.bound}
    extents = dict(term.bound)
    for match, used in _match_factors(wanted, term, {}, free, {}):
        rest = [(b, e - used.get(b, Integer(0))) for b, e in term.factors]
        rest = [(b, e) for b, e in rest if e != 0]
        gone: list[Symbol] = []
        for i, extent in rule.bound:
            j = match.get(i)
            if not isinstance(j, Symbol) or j in gone or extents.get(j) != extent:
                break
            if any(j in b.free_symbols or j in e.free_symbols for b, e in rest):
                break
            if any(j in value.free_symbols for v, value in match.items() if v in rule.variables):
                break
            gone.append(j)
        else:
            new = substitute(rule.replacement, {v: match[v] for v in rule.variables if v in match})
            if new.free_symbols & rule.variables:
                continue
            bound = tuple(pair for pair in term.bound if pair[0] not in gone)
            factors = new.args if new.is_Mul else (new,)
            powers = [f.as_base_exp() if isinstance(f, Pow) else (f, Integer(1)) for f in factors]
            yield make_term(term.coefficient, bound, [*rest, *powers])


# -- deep match -------------------------------------------------------------------------------------------------------


def apply_deep(rule: Pattern, expression: Expr) -> Expr:
    """Replace every sub-expression that is the pattern as a whole."""
    if not expression.args or isinstance(expression, Access):
        return expression
    for match in unify(rule.whole, expression, rule.variables, {}):
        if all(v in match or v not in rule.replacement.free_symbols for v in rule.variables):
            coefficient_free = substitute(rule.replacement, _only(match, rule.variables))
            scale = _scale(rule)
            return coefficient_free * scale
    if isinstance(expression, Reduce):
        body = apply_deep(rule, expression.body)
        return (
            expression
            if body == expression.body
            else Reduce(expression.op, body, *expression.limits, ties=expression.ties)
        )
    arguments = [apply_deep(rule, a) if isinstance(a, Expr) else a for a in expression.args]
    if all(a is b or a == b for a, b in zip(arguments, expression.args, strict=True)):
        return expression
    return expression.func(*arguments)


def _only(match: Mapping[Symbol, Expr], variables: frozenset[Symbol]) -> dict[Symbol, Expr]:
    return {v: e for v, e in match.items() if v in variables}


def _scale(rule: Pattern) -> Expr:
    """``replacement`` stands for the product without its number; the whole has it."""
    terms = flatten(rule.whole, Fresh("?c"))
    return terms[0].coefficient if len(terms) == 1 else Integer(1)


def fold_term(rule: Pattern, term: Term) -> Term:
    """The pattern applied inside each base (under functions and in nested sums)."""
    factors = [(apply_deep(rule, b) if isinstance(b, (Add, Function, Reduce)) else b, e) for b, e in term.factors]
    if all(new == old for (new, _), (old, _) in zip(factors, term.factors, strict=True)):
        return term
    return make_term(term.coefficient, term.bound, factors)

"""Flat terms: an expression as a sum of  coefficient * sum over bound indices * product of powers.

All index calculus happens here: sums are pulled out of products, equal terms merged, bound indices named
canonically, independent sums separated again when an expression is rebuilt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import permutations, product

from sympy import Abs, Add, Expr, Integer, Pow, Rational, Symbol, sign
from sympy.core.numbers import Number

from derive.naming import substitute
from derive.nodes import Access, Iverson, Reduce, index

Bound = tuple[tuple[Symbol, Expr], ...]
MAX_PERMUTATIONS = 720


@dataclass(frozen=True)
class Term:
    """``coefficient * sum_{bound} prod base**exponent``; the factors' order means nothing."""

    coefficient: Expr
    bound: Bound
    factors: tuple[tuple[Expr, Expr], ...]

    @property
    def powers(self) -> dict[Expr, Expr]:
        return dict(self.factors)

    def free_symbols(self) -> set[Symbol]:
        found = {s for base, exponent in self.factors for s in base.free_symbols | exponent.free_symbols}
        return found - {i for i, _ in self.bound}

    def map(self, mapping: Mapping[Symbol, Expr]) -> Term:
        """Substitute free or bound symbols in the factors (the bound list is left to the caller)."""
        factors = [(substitute(b, dict(mapping)), substitute(e, dict(mapping))) for b, e in self.factors]
        return make_term(self.coefficient, self.bound, factors)


class Fresh:
    """A source of index symbols that stand nowhere else."""

    def __init__(self, prefix: str = "_") -> None:
        self.prefix, self.count = prefix, 0

    def __call__(self) -> Symbol:
        self.count += 1
        return index(f"{self.prefix}{self.count}")


def _split(base: Expr, exponent: Expr) -> Iterable[tuple[Expr, Expr]]:
    """A power as simple powers: products and nested powers are taken apart where that is exact."""
    if base.is_Mul and exponent.is_Integer:
        for factor in base.args:
            yield from _split(factor, exponent)
    elif isinstance(base, Pow) and exponent.is_Integer:
        yield from _split(base.base, base.exp * exponent)
    else:
        yield base, exponent


def make_term(coefficient: Expr, bound: Bound, factors: Iterable[tuple[Expr, Expr]]) -> Term:
    """Collect equal bases, move numbers into the coefficient, drop what is 1."""
    powers: dict[Expr, Expr] = {}
    for whole, whole_exponent in factors:
        for base, exponent in _split(whole, whole_exponent):
            if isinstance(base, Number) and exponent.is_Integer:
                coefficient *= base**exponent
                continue
            if isinstance(base, Iverson):
                if exponent != 0:  # a bracket is its own square
                    powers[base] = Integer(1)
                continue
            # A number or a sign common to a sum goes outside, so that 2*a - 2*b and b - a are one base.
            if base.is_Add and exponent.is_Integer:
                content, base = base.primitive()
                if base.could_extract_minus_sign():
                    content, base = -content, -base
                coefficient *= content**exponent
            powers[base] = powers.get(base, Integer(0)) + exponent
    coefficient *= _use_signs(powers)
    kept = [(b, e) for b, e in powers.items() if e != 0]
    if any(b == 0 and e.is_positive for b, e in kept):
        coefficient = Integer(0)
    return Term(coefficient, bound, tuple(kept))


def _use_signs(powers: dict[Expr, Expr]) -> int:
    """Write ``sign(u)*u`` as ``|u|``, and ``sign(u)*|u|`` as ``u``, in place; the sign that is left over."""
    left = 1
    for factor in [b for b in powers if isinstance(b, sign)]:
        (u,) = factor.args
        for other, whole in ((u, Abs(u)), (-u, -Abs(u)), (Abs(u), u)):
            if powers[factor] == 1 and powers.get(other, Integer(0)).is_positive and powers[other].is_Integer:
                number, base = whole.as_coeff_Mul()
                left *= int(number)
                powers[other] -= 1
                powers[base] = powers.get(base, Integer(0)) + 1
                powers[factor] = Integer(0)
    return left


def flatten(expression: Expr, fresh: Fresh) -> list[Term]:
    """The terms of an expression; composite factors (sums inside products) stay whole."""
    if expression.is_Add:
        return [t for part in expression.args for t in flatten(part, fresh)]
    if isinstance(expression, Reduce) and expression.op == "sum":
        mapping = {i: fresh() for i in expression.bound}
        bound = tuple((mapping[i], extent) for i, extent in expression.limits)
        body = substitute(expression.body, dict(mapping))
        return [replace(t, bound=bound + t.bound) for t in flatten(body, fresh)]
    if expression.is_Mul:
        coefficient: Expr = Integer(1)
        factors: list[tuple[Expr, Expr]] = []
        sums: list[list[Term]] = []
        for part in expression.args:
            if isinstance(part, Reduce) and part.op == "sum":
                sums.append(flatten(part, fresh))
            elif isinstance(part, Number):
                coefficient *= part
            else:
                factors.append(part.as_base_exp() if isinstance(part, Pow) else (part, Integer(1)))
        if not sums:
            return [make_term(coefficient, (), factors)]
        result = []
        for choice in product(*sums):
            inner = [f for t in choice for f in t.factors]
            number = coefficient
            for t in choice:
                number *= t.coefficient
            result.append(make_term(number, tuple(b for t in choice for b in t.bound), factors + inner))
        return result
    if isinstance(expression, Number):
        return [Term(expression, (), ())] if expression != 0 else []
    base, exponent = expression.as_base_exp() if isinstance(expression, Pow) else (expression, Integer(1))
    return [make_term(Integer(1), (), [(base, exponent)])]


@lru_cache(maxsize=1 << 16)
def text(expression: Expr) -> str:
    """The text that expressions are ordered by; printing them anew for each comparison would take most of the time."""
    return str(expression)


def _factors_text(factors: Sequence[tuple[Expr, Expr]]) -> str:
    return ", ".join(f"({text(base)}, {text(exponent)})" for base, exponent in factors)


# -- canonical names --------------------------------------------------------------------------------------------------


def _mentions(term: Term, i: Symbol) -> str:
    """What a bound index does in a term, written without any bound names: its signature."""
    masked = {j: index("?self" if j == i else "?other") for j, _ in term.bound}
    parts = sorted(f"{text(substitute(b, dict(masked)))}^{text(e)}" for b, e in term.factors if i in b.free_symbols)
    return " ".join(parts)


def canonical(term: Term) -> Term:
    """Name the bound indices ``_a``, ``_b``, ... in an order that depends only on what they do."""
    bound = [(i, n) for i, n in term.bound]
    signatures = {i: (_mentions(term, i), str(n)) for i, n in bound}
    bound.sort(key=lambda pair: signatures[pair[0]])
    groups: list[list[tuple[Symbol, Expr]]] = []
    for pair in bound:
        if groups and signatures[groups[-1][0][0]] == signatures[pair[0]]:
            groups[-1].append(pair)
        else:
            groups.append([pair])
    best: tuple[str, Term] | None = None
    for count, choice in enumerate(product(*(permutations(g) for g in groups))):
        if count >= MAX_PERMUTATIONS:
            break
        ordered = [pair for group in choice for pair in group]
        names = {i: index(f"_{chr(97 + k)}") for k, (i, _) in enumerate(ordered)}
        factors = tuple(
            sorted(
                ((substitute(b, dict(names)), substitute(e, dict(names))) for b, e in term.factors),
                key=lambda f: (text(f[0]), text(f[1])),
            )
        )
        renamed = Term(term.coefficient, tuple((names[i], n) for i, n in ordered), factors)
        order = _factors_text(factors)
        if best is None or order < best[0]:
            best = (order, renamed)
    return best[1] if best is not None else term


def merge(terms: Iterable[Term]) -> list[Term]:
    """Canonical terms with equal ones added; the order is that of their text."""
    totals: dict[tuple[Bound, tuple[tuple[Expr, Expr], ...]], Expr] = {}
    for term in map(canonical, terms):
        key = (term.bound, term.factors)
        totals[key] = totals.get(key, Integer(0)) + term.coefficient
    kept = [Term(c, bound, factors) for (bound, factors), c in totals.items() if c != 0]
    return sorted(kept, key=lambda t: (_factors_text(t.factors), str(t.bound)))


# -- rebuilding -------------------------------------------------------------------------------------------------------


def _components(term: Term) -> list[tuple[list[tuple[Symbol, Expr]], list[tuple[Expr, Expr]]]]:
    """Factors grouped by the bound indices that tie them together; the first group holds the free ones."""
    bound = [i for i, _ in term.bound]
    parent = {i: i for i in bound}

    def root(i: Symbol) -> Symbol:
        while parent[i] != i:
            i = parent[i]
        return i

    for base, exponent in term.factors:
        inside = [i for i in bound if i in base.free_symbols or i in exponent.free_symbols]
        for i in inside[1:]:
            parent[root(i)] = root(inside[0])
    result: list[tuple[list[tuple[Symbol, Expr]], list[tuple[Expr, Expr]]]] = [([], [])]
    position: dict[Symbol, int] = {}
    for i, extent in term.bound:
        r = root(i)
        if r not in position:
            position[r] = len(result)
            result.append(([], []))
        result[position[r]][0].append((i, extent))
    for base, exponent in term.factors:
        inside = [i for i in bound if i in base.free_symbols or i in exponent.free_symbols]
        result[position[root(inside[0])] if inside else 0][1].append((base, exponent))
    return result


def power(base: Expr, exponent: Expr) -> Expr:
    """``base**exponent``."""
    return base if exponent == 1 else Pow(base, exponent)


def _positive(term: Term) -> Term:
    """A negative number in front goes into a difference, where there is one: ``-(a - 1)*b`` is ``(1 - a)*b``."""
    if not term.coefficient.is_negative:
        return _paired(term)
    for position, (base, exponent) in enumerate(term.factors):
        if not (base.is_Add and exponent.is_Integer and exponent.is_odd) or base.as_coeff_Add()[0].is_positive:
            continue
        # A denominator without a difference stays as it is: nobody writes 1/(-a - b).
        if exponent.is_positive or any(part.as_coeff_Mul()[0].is_negative for part in base.args):
            factors = (*term.factors[:position], (-base, exponent), *term.factors[position + 1 :])
            return Term(-term.coefficient, term.bound, factors)
    return term


def _paired(term: Term) -> Term:
    """Two differences that end in a number turned round together: ``(y - 1)/(p - 1)`` is ``(1 - y)/(1 - p)``.

    What is left over stays, but for a geometric weight, which is written ``1 - beta**t`` whatever its sign.
    """
    turned = [k for k, (base, exponent) in enumerate(term.factors) if exponent in (1, -1) and _ends_in_number(base)]
    coefficient = term.coefficient
    if len(turned) % 2:
        single = next((k for k in turned if _is_geometric(term.factors[k][0])), None)
        if single is None:
            turned.pop()
        else:
            coefficient = -coefficient
    factors = tuple((-b, e) if k in turned else (b, e) for k, (b, e) in enumerate(term.factors))
    return Term(coefficient, term.bound, factors)


def _ends_in_number(base: Expr) -> bool:
    return bool(base.is_Add and len(base.args) == 2 and base.as_coeff_Add()[0].is_negative and base.has(Access))


def _is_geometric(base: Expr) -> bool:
    rest = base.as_coeff_Add()[1]
    return isinstance(rest, Pow) and not rest.exp.is_number


def rebuild_term(term: Term) -> Expr:
    """The expression of a term; a sum whose body does not mention its index becomes a factor."""
    term = _positive(term)
    result: Expr = term.coefficient
    for bound, factors in _components(term):
        body: Expr = Integer(1)
        for base, exponent in factors:
            body *= power(base, exponent)
        if bound and factors:
            result *= Reduce("sum", body, *bound)
        else:
            for _, extent in bound:
                result *= extent
            result *= body
    return result


def rebuild(terms: Sequence[Term]) -> Expr:
    """The sum of the terms, with the factors common to all taken out."""
    if not terms:
        return Integer(0)
    if len(terms) == 1:
        return rebuild_term(terms[0])
    common = _common(terms)
    left = []
    for term in terms:
        rest = [(b, e - common.get(b, Integer(0))) for b, e in term.factors]
        missing = [(b, -e) for b, e in common.items() if b not in term.powers]
        left.append(make_term(term.coefficient, term.bound, rest + missing))
    inner: Expr = Integer(0)
    for group in _by_brackets(left):
        inner += rebuild(group) if 1 < len(group) < len(left) else sum(map(rebuild_term, group), Integer(0))
    outside: Expr = Integer(1)
    for base, exponent in common.items():
        if exponent.is_odd and _ends_in_number(base) and all(_is_negative(part) for part in Add.make_args(inner)):
            base, inner = -base, -inner  # (h**2 - 1)*(-a - b) is (1 - h**2)*(a + b)
        outside *= power(base, exponent)
    number, inner = _content(inner)
    return number * outside * inner


def _is_negative(part: Expr) -> bool:
    return bool(part.as_coeff_Mul()[0].is_negative)


def _by_brackets(terms: Sequence[Term]) -> list[list[Term]]:
    """Terms under the same brackets together, so that a bracket is written once."""
    groups: dict[frozenset[Expr], list[Term]] = {}
    for term in terms:
        inside = {i for i, _ in term.bound}
        brackets = frozenset(b for b, _ in term.factors if isinstance(b, Iverson) and not b.free_symbols & inside)
        groups.setdefault(brackets, []).append(term)
    # Terms without a bracket share nothing by being without one.
    return [g for brackets, group in groups.items() for g in ([group] if brackets else [[t] for t in group])]


def _content(expression: Expr) -> tuple[Expr, Expr]:
    """A number common to all terms of a sum, taken out where it makes every term simpler."""
    if not expression.is_Add:
        return Integer(1), expression
    numbers = [abs(part.as_coeff_Mul()[0]) for part in expression.args]
    if all(n == numbers[0] for n in numbers) and numbers[0] != 1:
        return numbers[0], expression / numbers[0]
    return Integer(1), expression


def _common(terms: Sequence[Term]) -> dict[Expr, Expr]:
    """Bases free of bound indices that every term has, with the exponent that all share (numeric ones only)."""
    shared: dict[Expr, Expr] = {}
    first = terms[0]
    for base, exponent in first.factors:
        if isinstance(base, Iverson) and any(i in base.free_symbols for i, _ in first.bound):
            continue
        exponents = [t.powers.get(base) for t in terms]
        if any(e is None for e in exponents):
            continue
        if any(i in base.free_symbols for t in terms for i, _ in t.bound):
            continue
        numbers = [e for e in exponents if isinstance(e, Rational)]
        if len(numbers) == len(exponents):
            lowest = min(numbers) if min(numbers) > 0 else max(numbers)
            if lowest > 0 or max(numbers) < 0:
                shared[base] = lowest
        elif all(e == exponent for e in exponents):
            shared[base] = exponent
    return shared

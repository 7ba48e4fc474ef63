"""Simplification of a right-hand side: folds, facts, merging, expansion where that shrinks; each change is a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sympy import Add, Dummy, Expr, Integer, Pow, Rational, Symbol, factor, fraction, together
from sympy.polys.polyerrors import PolynomialError

from derive.brackets import tidied
from derive.delta import collapse, simplify_guards
from derive.fold import Pattern, apply_to_term, fold_term, pattern, tensor_names
from derive.nodes import Access, Iverson, Reduce, Where
from derive.program import Program
from derive.scalar import tidy_sign
from derive.terms import Fresh, Term, flatten, make_term, merge, rebuild, rebuild_term, text

MAX_EXPANDED = 24

Record = Callable[[str, Expr, Expr, str], None]


def size(expression: Expr) -> int:
    """How long an expression is when printed."""
    return len(text(expression))


def patterns_of(program: Program) -> list[Pattern]:
    """The folds that a program's equations and facts allow, named results before facts."""
    found: list[Pattern] = []
    for equation in program.equations:
        if any(not isinstance(i, Symbol) for i in equation.indices) or not equation.rhs.has(Access):
            continue
        variables = [i for i in equation.indices if isinstance(i, Symbol)]
        sides: list[tuple[Expr, Expr]] = [(equation.rhs, equation.lhs)]
        if isinstance(equation.rhs, Pow) and equation.rhs.exp == Rational(1, 2):
            sides.append((1 / equation.rhs, 1 / equation.lhs))  # a root's derivative divides by it
        for left, right in sides:
            rule = pattern(left, right, variables, f"{equation.target} is defined so", "fold")
            if rule is not None:
                found.append(rule)
    for left, right in program.facts:
        variables = sorted((s for s in left.free_symbols if s in _indices(left)), key=str)
        rule = pattern(left, right, variables, "a fact about the inputs", "fact")
        if rule is not None:
            found.append(rule)
    return found


def _indices(expression: Expr) -> set[Symbol]:
    return {s for a in expression.atoms(Access) for i in a.indices for s in i.free_symbols}


@dataclass
class Simplifier:
    """Simplifies within one program: ``patterns`` are its folds and facts; ``record`` is told of each change."""

    patterns: Sequence[Pattern]
    free: Mapping[Symbol, Expr]
    fresh: Fresh
    record: Record | None = None

    # -- single rules -------------------------------------------------------------------------------------------------

    def use_deltas(self, term: Term) -> Term:
        """Eliminate every delta that determines a summation index, then the guards that are always true."""
        while True:
            used = collapse(term, self.free)
            if used is None:
                break
            self._note("delta collapse", [used.before], [used.after], used.because)
            term = used.after
        clean = simplify_guards(term, self.free)
        if clean != term:
            self._note("guard", [term], [clean], "the ranges of the indices decide this condition")
        while (used_bracket := tidied(clean, lambda t: size(rebuild_term(t)))) is not None:
            self._note("bracket", [clean], [used_bracket[0]], used_bracket[1])
            clean = used_bracket[0]
        return clean

    def fold(self, terms: Sequence[Term]) -> list[Term]:
        """Folds and facts, each accepted where the printed expression does not grow."""
        current = list(terms)
        for rule in self.patterns:
            changed = True
            while changed:
                changed = False
                for position, term in enumerate(current):
                    new = self._fold_one(rule, term)
                    if new is not None:
                        replacement = [t for t in new if t.coefficient != 0]
                        self._note(rule.rule, [term], replacement, rule.because)
                        current[position : position + 1] = replacement
                        changed = True
                        break
        return current

    def _fold_one(self, rule: Pattern, term: Term) -> list[Term] | None:
        if not rule.tensors <= frozenset[str]().union(
            *(tensor_names(part) for factor in term.factors for part in factor)
        ):
            return None
        deep = fold_term(rule, term)
        if deep != term:
            return [deep]
        before = size(rebuild_term(term))
        best: tuple[int, Term] | None = None
        for candidate in apply_to_term(rule, term):
            length = size(rebuild_term(candidate))
            if length <= before and (best is None or length < best[0]):
                best = (length, candidate)
        return None if best is None else [best[1]]

    def merge(self, terms: Sequence[Term]) -> list[Term]:
        merged = merge(terms)
        if len(merged) < len(terms):
            self._note("merge", list(terms), merged, "equal terms are added")
        return merged

    # -- expansion ----------------------------------------------------------------------------------------------------

    def _expanded(self, term: Term, which: int) -> list[Term] | None:
        """The term with one composite factor multiplied out."""
        base, exponent = term.factors[which]
        if not (isinstance(base, Add) and exponent == 1):
            return None
        rest = [f for k, f in enumerate(term.factors) if k != which]
        result = []
        for part in flatten(base, self.fresh):
            result.append(
                make_term(term.coefficient * part.coefficient, term.bound + part.bound, [*rest, *part.factors])
            )
        return [simplify_guards(t, self.free) for t in result]

    def expand(self, terms: list[Term]) -> list[Term]:
        """Multiply sums out where what follows is shorter; tried for all of them together, then for each."""
        quiet = Simplifier(self.patterns, self.free, self.fresh)
        while True:
            here = size(rebuild(terms))
            attempts: list[list[Term]] = []
            everywhere = self._expand_all(terms)
            if everywhere is not None:
                attempts.append(everywhere)
            for position, term in enumerate(terms):
                for which in range(len(term.factors)):
                    parts = self._expanded(term, which)
                    if parts is not None:
                        attempts.append([*terms[:position], *parts, *terms[position + 1 :]])
            best = min(((size(rebuild(quiet.settle(a))), k) for k, a in enumerate(attempts)), default=None)
            if best is None or best[0] >= here:
                return terms
            chosen = attempts[best[1]]
            self._note("expand", terms, chosen, "multiplied out, because terms cancel")
            terms = self.settle(chosen)

    def _expand_all(self, terms: list[Term]) -> list[Term] | None:
        current, changed = list(terms), False
        while len(current) <= MAX_EXPANDED:
            for position, term in enumerate(current):
                parts = next((p for k in range(len(term.factors)) if (p := self._expanded(term, k)) is not None), None)
                if parts is not None:
                    current[position : position + 1] = parts
                    changed = True
                    break
            else:
                return current if changed else None
        return None

    def multiplied_out(self, terms: Sequence[Term]) -> list[Term]:
        """The terms with every sum multiplied out, equal ones added: nothing is left of a difference of equal formulas."""
        settled = self.settle(terms)
        expanded = self._expand_all(settled)
        return settled if expanded is None else self.settle(expanded)

    # -- everything ---------------------------------------------------------------------------------------------------

    def settle(self, terms: Sequence[Term]) -> list[Term]:
        """Deltas, folds, facts and merging, without expansion."""
        used = [t for t in (self.use_deltas(t) for t in terms) if t.coefficient != 0]
        return self.merge(self.fold(self.merge(used)))

    def run(self, terms: Sequence[Term]) -> Expr:
        """The simplest form found."""
        final = self.expand(self.settle(terms))
        result = rebuild(final)
        rational = min(filter(None, (common_denominator(result), _quotients_apart(result))), key=size, default=result)
        if size(rational) < size(result):
            if self.record is not None:
                self.record("collect", result, rational, "over a common denominator")
            result = rational
        return result

    def _note(self, rule: str, before: Sequence[Term], after: Sequence[Term], because: str) -> None:
        if self.record is None:
            return
        old, new = plain_sum(before), plain_sum(after)
        if old != new:
            self.record(rule, old, new, because)


def plain_sum(terms: Sequence[Term]) -> Expr:
    """The terms added up, nothing rewritten."""
    total: Expr = Integer(0)
    for term in terms:
        total += rebuild_term(term)
    return total


def _quotients_apart(expression: Expr) -> Expr | None:
    """As :func:`common_denominator`, but for the terms that divide by nothing: what passes by a layer stays by itself."""
    plain = [t for t in Add.make_args(expression) if fraction(t)[1].is_Number]
    quotients = expression - Add(*plain)
    together = common_denominator(quotients) if plain and quotients != 0 else None
    return None if together is None else Add(*plain) + together


def common_denominator(expression: Expr) -> Expr | None:
    """A sum of quotients as one factored quotient, sums and calls taken as symbols; ``None`` without a quotient."""
    names: dict[Expr, Symbol] = {}

    def hide(e: Expr) -> Expr:
        if isinstance(e, (Access, Reduce, Iverson, Where)) or (e.args and e.is_Function):
            return names.setdefault(e, Dummy(f"a{len(names)}", real=True))
        if not e.args:
            return e
        return e.func(*(hide(a) for a in e.args))

    hidden = hide(expression)
    if not any(p.exp.is_negative for p in hidden.atoms(Pow)) or not hidden.has(Add) or len(names) > 8:
        return None
    if any(not isinstance(p.exp, Rational) for p in hidden.atoms(Pow)):
        return None
    try:
        result = factor(together(hidden))
    except PolynomialError:
        return None
    return tidy_sign(result).xreplace({dummy: e for e, dummy in names.items()})

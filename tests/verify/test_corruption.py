"""Corrupt one transformation rule of the engine at a time: the checks of its steps must notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sympy import Add, Expr, Integer, Mul

from derive import inline, occurrence, simplify
from derive.delta import Collapse, collapse, deltas
from derive.nodes import Access, Iverson
from derive.occurrence import Contribution, Occurrences
from derive.registry import get
from derive.reverse import derive, forget
from derive.terms import Term, make_term, merge
from tests.verify.support import derived
from verify.steps import check_steps
from verify.verdicts import Verdict

Corruption = Callable[[pytest.MonkeyPatch], None]


def drop_a_delta(patch: pytest.MonkeyPatch) -> None:
    def forgetful(term: Term, free: Any) -> Collapse | None:
        found = collapse(term, free)
        if found is None:
            return None
        equation = deltas(term)[0]
        rest = [(b, e) for b, e in term.factors if not (isinstance(b, Iverson) and b.condition == equation)]
        return Collapse(term, make_term(term.coefficient, term.bound, rest), "a delta was dropped")

    patch.setattr(simplify, "collapse", forgetful)


def collapse_to_a_neighbour(patch: pytest.MonkeyPatch) -> None:
    def shifted(term: Term, free: Any) -> Collapse | None:
        found = collapse(term, free)
        if found is None:
            return None
        moved = found.after.map({i: n - 1 - i for i, n in free.items()})
        return Collapse(term, moved, "the wrong element was picked")

    patch.setattr(simplify, "collapse", shifted)


def swap_two_indices(patch: pytest.MonkeyPatch) -> None:
    walk = Occurrences.walk

    def swapped(self: Occurrences, expression: Expr, factor: Expr, bound: Any) -> Iterator[Contribution]:
        for part in walk(self, expression, factor, bound):
            if isinstance(expression, Access) and len(part.access.indices) == 2:
                a, b = part.access.indices
                yield replace(part, access=Access(part.access.tensor, b, a))
            else:
                yield part

    patch.setattr(Occurrences, "walk", swapped)


def flip_a_sign(patch: pytest.MonkeyPatch) -> None:
    right = occurrence.local_derivative
    patch.setattr(occurrence, "local_derivative", lambda region, variable: -right(region, variable))


def forget_a_product_rule_term(patch: pytest.MonkeyPatch) -> None:
    pointwise = Occurrences._pointwise

    def first_only(self: Occurrences, *arguments: Any) -> Iterator[Contribution]:
        yield from list(pointwise(self, *arguments))[:1]

    patch.setattr(Occurrences, "_pointwise", first_only)


def forget_a_term_of_a_local_derivative(patch: pytest.MonkeyPatch) -> None:
    right = occurrence.local_derivative

    def shorter(region: Expr, variable: Any) -> Expr:
        found = right(region, variable)
        return found.func(*found.args[1:]) if isinstance(found, (Add, Mul)) and len(found.args) > 1 else found

    patch.setattr(occurrence, "local_derivative", shorter)


def forget_a_summand(patch: pytest.MonkeyPatch) -> None:
    def loses(terms: Any) -> list[Term]:
        merged: list[Term] = merge(terms)
        return merged[:-1] if len(merged) > 1 else merged

    patch.setattr(simplify, "merge", loses)


def drop_the_guards(patch: pytest.MonkeyPatch) -> None:
    def unguarded(term: Term, free: Any) -> Term:
        return make_term(term.coefficient, term.bound, [(b, e) for b, e in term.factors if not isinstance(b, Iverson)])

    patch.setattr(simplify, "simplify_guards", unguarded)


def fold_into_the_wrong_name(patch: pytest.MonkeyPatch) -> None:
    right = simplify.patterns_of

    def doubled(program: Any) -> Any:
        return [replace(rule, replacement=2 * rule.replacement) for rule in right(program)]

    patch.setattr("derive.reverse.patterns_of", doubled)


def put_in_the_wrong_definition(patch: pytest.MonkeyPatch) -> None:
    right = inline.put_in

    def negated(expression: Expr, definition: Any, run: Any) -> Expr:
        return right(expression, replace(definition, rhs=-definition.rhs), run)

    patch.setattr(inline, "put_in", negated)


def lose_a_coefficient(patch: pytest.MonkeyPatch) -> None:
    from derive.terms import flatten as right

    def ones(expression: Expr, fresh: Any) -> list[Term]:
        return [replace(term, coefficient=Integer(1)) for term in right(expression, fresh)]

    patch.setattr(simplify, "flatten", ones)


# each with operations whose derivation uses the rule
CASES = [
    (drop_a_delta, "dense"),
    (drop_a_delta, "conv2d"),
    (drop_a_delta, "softmax"),
    (collapse_to_a_neighbour, "dense"),
    (collapse_to_a_neighbour, "least_squares"),
    (swap_two_indices, "dense"),
    (swap_two_indices, "scaled_dot_product_attention"),
    (swap_two_indices, "mlp"),
    (flip_a_sign, "sigmoid"),
    (flip_a_sign, "layer_norm"),
    (flip_a_sign, "bce"),
    (forget_a_product_rule_term, "softmax"),
    (forget_a_term_of_a_local_derivative, "tanh"),
    (forget_a_term_of_a_local_derivative, "layer_norm"),
    (forget_a_term_of_a_local_derivative, "adam"),
    (lose_a_coefficient, "scaled_dot_product_attention"),
    (lose_a_coefficient, "layer_norm"),
    (forget_a_summand, "layer_norm"),
    (forget_a_summand, "rnn"),
    (forget_a_summand, "softmax"),
    (drop_the_guards, "rnn"),
    (drop_the_guards, "conv2d"),
    (drop_the_guards, "momentum"),
    (fold_into_the_wrong_name, "softmax"),
    (fold_into_the_wrong_name, "bce_with_logits"),
    (fold_into_the_wrong_name, "softmax_cross_entropy"),
    (put_in_the_wrong_definition, "layer_norm"),
    (put_in_the_wrong_definition, "adam"),
]


@pytest.mark.parametrize(("corrupt", "name"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_a_corrupted_rule_is_reported_as_wrong_formula(
    corrupt: Corruption, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = derived(name)
    corrupt(monkeypatch)
    forget()
    corrupted = derive(get(name))
    assert (corrupted.equations, corrupted.steps) != (clean.equations, clean.steps), (
        "the corruption changes nothing, so it shows nothing"
    )
    checks = check_steps(corrupted, seed=1)  # without corruption they agree: tests/verify/test_steps.py
    wrong = [check for check in checks if check.verdict is Verdict.WRONG_FORMULA]
    # the line that went wrong is named, not only the result
    assert any(check.step.rule != "total derivative" for check in wrong), [str(c.verdict) for c in checks]

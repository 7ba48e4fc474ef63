"""Steps follow one another: each begins with terms that the ones before left, and the last leaves the result."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pytest
from sympy import Expr, Integer

from derive.derivation import Derivation, Step
from derive.nodes import Reduce
from derive.registry import declare, get
from derive.reverse import derive
from derive.second import hessian, jacobian
from derive.terms import Fresh, Term, flatten, make_term, merge
from tests.derive.support import derived
from tests.shares import share

Terms = dict[Term, Expr]


@cache
def terms(expression: Expr, expand: bool = True) -> Terms:
    """Everything multiplied out, bound indices by canonical names: term without its number -> the number.

    Not multiplied out, terms that cancel against a part of another one are still there.
    """
    fresh = Fresh("_n")
    work, done = flatten(expression, fresh), []
    while work:
        term = work.pop()
        found = next(((b, e) for b, e in term.factors if is_sum(b) and e.is_Integer and e.is_positive), None)
        if found is None or not expand:
            done.append(term)
            continue
        rest = [(b, e - 1 if b == found[0] else e) for b, e in term.factors]
        work += [
            make_term(term.coefficient * t.coefficient, term.bound + t.bound, [*rest, *t.factors])
            for t in flatten(found[0], fresh)
        ]
    return {Term(Integer(1), t.bound, tuple(sorted(t.factors, key=str))): t.coefficient for t in merge(done)}


def is_sum(base: Expr) -> bool:
    return bool(base.is_Add or (isinstance(base, Reduce) and base.op == "sum"))


def breaks(steps: Iterable[Step]) -> list[Step]:
    """The steps that do not begin with what is there, and the results that are not what is left, in either form."""
    steps = list(steps)
    plain = _breaks(steps, False)
    return [step for step in _breaks(steps, True) if step in plain]


def _breaks(steps: Iterable[Step], expand: bool) -> list[Step]:
    found: list[Step] = []
    left: Terms = {}
    for step in steps:
        if step.rule in ("local derivative", "matrix form"):
            continue  # beside the chain: about one factor, and about the result in another notation
        before, after = terms(step.before, expand), terms(step.after, expand)
        if step.rule == "chain rule":
            left = after
        elif step.rule == "result":
            if after != left:
                found.append(step)
        else:
            if any(left.get(term) != number for term, number in before.items()):
                found.append(step)
            sums = {t: left.get(t, 0) - before.get(t, 0) + after.get(t, 0) for t in {**left, **before, **after}}
            left = {term: number for term, number in sums.items() if number != 0}
    return found


OTHERS = {
    "where": lambda: derive(declare("x[n]\ny[i] = where(x[i] > 0, x[i]**3, -2*x[i])")),
    "products": lambda: derive(declare("x[n]\nL = prod(x) + logsumexp(x)")),
    "window": lambda: derive(declare("x[n], k[m]\ny[i] = sum(x[2*i + p]*k[p], p)")),
    "pad": lambda: derive(declare("x[n]\ny[i] = x[i] - pad(x[i - 1])*pad(x[i + 2])")),
    "a fact": lambda: derive(
        declare("Z[n, k]\nY[n, k]: data\nP = softmax(Z)\nL = -sum(Y*log(P))\nsum(Y[i, j], j) == 1")
    ),
    "jacobian of softmax": lambda: jacobian(get("softmax")),
    "jacobian of layer norm": lambda: jacobian(get("layer_norm"), wrt="x"),
    "hessian": lambda: hessian(get("softmax_cross_entropy"), wrt="Z"),
}


@pytest.mark.parametrize("name", [*share("chaining"), *OTHERS])
def test_each_step_begins_where_the_ones_before_ended(name: str) -> None:
    derivation: Derivation = OTHERS[name]() if name in OTHERS else derived(name)
    assert [(s.rule, s.target) for s in breaks(derivation.steps)] == []
    assert sum(s.rule == "result" for s in derivation.steps) >= len(derivation.equations)


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "layer_norm", "rnn", "hessian"])
def test_a_step_that_is_left_out_is_missed(name: str) -> None:
    steps = (OTHERS[name]() if name in OTHERS else derived(name)).steps
    for k, step in enumerate(steps):
        beside = step.rule in ("local derivative", "matrix form", "result")
        if not beside and (step.rule == "chain rule" or terms(step.before) != terms(step.after)):
            assert breaks([*steps[:k], *steps[k + 1 :]]), step

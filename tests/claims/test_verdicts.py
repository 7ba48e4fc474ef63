"""The audit that comes with the project, against what the tests beside this file found out independently.

The verdicts expected here are written down by hand; a corrupted claim must get another verdict.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.claims import CLAIMS
from verify.audit import Audit, Outcome, audit, load, read
from verify.audit.claims import Check, Claims
from verify.audit.judging import judge

pytestmark = pytest.mark.xdist_group("audit")

IF, NOT = Outcome.CONDITIONAL, Outcome.FAILS
# What does not simply hold: the verdict, and words that its conditions, or its corrections, must have.
EXPECTED: dict[str, tuple[Outcome, tuple[str, ...]]] = {
    "b1": (IF, ("b is a column",)),
    "b3": (IF, ("at a kink", "first argument takes the whole cotangent")),
    "b6": (IF, ("A_prev is transposed", "m = 1 or delta is summed over the samples")),
    "b9": (IF, ("between 1/lambda and 2/lambda", "above 2/lambda")),
    "b10": (NOT, ("0.250, not 0.249", "0.248 at [1], not 0.247")),
    "b11": (NOT, ("sum_m sum_n f[i - m, j - n] g[m, n]",)),
    "b12": (IF, ("the largest singular value",)),
    "b13": (IF, ("n = 1", "c = 1 and n = 1 and o = 1")),
    "b14": (IF, ("singular values",)),
    "c4": (IF, ("n = 1 or the product is summed over the samples",)),
    "c6": (IF, ("below 2/lambda",)),
    "d5": (NOT, ("k*n times L",)),
    "d8": (IF, ("no bias correction and eps is inside the root",)),
    "d9": (IF, ("the derivative of abs(W[i, j]) at 0 is 0",)),
}


@pytest.fixture(scope="module")
def claims() -> Claims:
    return load("articles")


@pytest.fixture(scope="module")
def found(claims: Claims) -> Audit:
    return audit(claims)


@pytest.mark.slow
def test_every_claim_of_the_articles_has_the_verdict_that_was_found_independently(found: Audit) -> None:
    assert [each.claim.id for each in found.judged] == list(CLAIMS)
    verdicts = {each.claim.id: each.outcome for each in found.judged}
    assert verdicts == {name: EXPECTED.get(name, (Outcome.HOLDS,))[0] for name in CLAIMS}
    for name, (_, words) in EXPECTED.items():
        said = found[name].words + " ".join(f.correction for f in found[name].found)
        assert [each for each in words if each not in said] == [], (name, said)
    # nothing is a bare assertion: every part says how sure it is, and what fails has a counterexample or a correction
    assert all(f.level for each in found.judged for f in each.found)
    assert all(
        f.counterexample or f.correction for each in found.judged for f in each.found if f.outcome is not Outcome.HOLDS
        and not f.conditions
    )  # fmt: skip


@pytest.mark.slow
def test_only_two_numbers_of_the_worked_example_are_wrong(found: Audit) -> None:
    example = found["b10"]
    wrong = [check.text("what") for check, f in zip(example.claim.checks, example.found, strict=True) if f.correction]
    assert wrong == ["a2*(1 - a2)", "a1*(1 - a1)"]
    assert all(f.level == "cut off, not rounded" for f in example.found if f.correction)


def changed(claims: Claims, name: str, place: int, **values: Any) -> Check:
    (claim,) = (each for each in claims.claims if each.id == name)
    return claim.checks[place].with_(**values)


CORRUPTED = [
    ("a4", 0, {"right": "1/(1 + exp(z))"}),
    ("a5", 0, {"formula": "X.T @ (y - p)"}),
    ("a8", 0, {"right": "w + alpha*dw"}),
    ("b2", 1, {"value": 0.51}),
    ("b2", 2, {"right": "a*(1 + a)"}),
    ("b4", 2, {"relation": "-1 < tanh(z) < 3/4"}),
    ("b6", 1, {"formula": "dZ.T @ A"}),
    ("b9", 2, {"factor": "1 + alpha*lambda"}),
    ("b13", 0, {"order": "N"}),
    ("c6", 0, {"below": "1/lambda"}),
    ("d1", 0, {"shape": ["d"]}),
    ("d2", 0, {"value": "1"}),
    ("d2", 2, {"relation": "0 < dz <= 1/5"}),
    ("d4", 0, {"right": "2"}),
    ("d7", 0, {"path": "X -> Z1 -> Z2 -> L"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "place", "values"), CORRUPTED, ids=[f"{n}-{p}" for n, p, _ in CORRUPTED])
def test_a_corrupted_claim_gets_another_verdict(claims: Claims, name: str, place: int, values: dict[str, Any]) -> None:
    """A digit, a sign, a transpose, a bound, an arrow."""
    if "value" in values and isinstance(values["value"], float):
        values = {"value": Decimal(str(values["value"]))}
    assert judge(changed(claims, name, place, **values)).outcome is Outcome.FAILS


def test_a_transposed_gradient_holds_for_one_unit_only(claims: Claims) -> None:
    turned = judge(changed(claims, "b12", 1, left="q[i, j] = sum(dz[t, j]*h[t - 1, i], t)"))
    assert (turned.outcome, turned.conditions) == (Outcome.CONDITIONAL, ("m = 1",))


def test_the_last_digit_decides(claims: Claims) -> None:
    """One more or one less in the last printed place of any number of the example is not its rounding."""
    (claim,) = (each for each in claims.claims if each.id == "b10")
    for check in (claim.checks[k] for k in (0, 4, 6, 8)):
        value = check.values["value"]
        scalar = isinstance(value, Decimal)
        first = value if scalar else value[0]
        for step in (-1, 1):
            other = first + step * Decimal(1).scaleb(first.as_tuple().exponent)
            moved = other if scalar else [other, *value[1:]]
            outcome = judge(check.with_(value=moved)).outcome
            # the only digit that may be moved is the one that was cut off
            right = check.text("what") == "a2*(1 - a2)" and step == 1
            assert outcome is (Outcome.HOLDS if right else Outcome.FAILS), (check.text("what"), other)


def test_an_audit_of_nothing_else() -> None:
    with pytest.raises(Exception, match="there is no claim in the file"):
        read("title = 'x'")

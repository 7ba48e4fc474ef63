"""The checker of steps: it accepts every step of every derivation, and none that was tampered with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sympy import Integer, Rational, Symbol

from derive.derivation import Derivation, Step
from derive.nodes import Access, Iverson, Partial, Reduce, Sensitivity, dimension, index
from derive.registry import declare, get
from derive.reverse import derive
from tests.shares import share
from tests.verify.support import derived
from verify.sampling import sample
from verify.steps import StepContext, check_steps, differences
from verify.verdicts import Verdict

i, j, k = index("i"), index("j"), index("k")
n, d = dimension("n"), dimension("d")


@pytest.mark.parametrize("name", share("step checks"))
def test_every_step_of_the_catalog_agrees(name: str) -> None:
    checks = check_steps(derived(name), seed=5)
    assert [(c.step.rule, c.step.target, c.detail) for c in checks if not c.ok] == []
    assert all(check.points > 0 for check in checks)
    assert len(checks) > len(get(name).wrt)


@pytest.mark.parametrize("activation", ["identity", "tanh", "relu"])
def test_every_step_of_an_mlp_with_any_activation_agrees(activation: str) -> None:
    checks = check_steps(derive(get("mlp", activation=activation)), seed=6)
    assert [(c.step.rule, c.detail) for c in checks if not c.ok] == []


TAMPERINGS = {
    "factor": lambda step: replace(step, after=step.after * 2),
    "sign": lambda step: replace(step, after=-step.after),
    "small": lambda step: replace(step, after=step.after * (1 + Rational(1, 10**15))),
    "offset": lambda step: replace(step, after=step.after + Rational(1, 10**12)),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
@pytest.mark.parametrize("name", ["dense", "softmax", "layer_norm"])
def test_no_tampered_step_is_accepted(name: str, tampering: str) -> None:
    derivation = derived(name)
    context = StepContext(derivation, sample(derivation.program, 2, derivation=derivation, budget=400))
    # 0 = 0 (in layer norm, the sum of x - mu) stays true under a factor, and only that does.
    chosen = [s for s in derivation.steps if tampering == "offset" or not vanishes(s, context)]
    assert len(chosen) > 0.8 * len(derivation.steps)
    steps = tuple(TAMPERINGS[tampering](step) for step in chosen)
    checks = check_steps(replace(derivation, steps=steps), seed=2)
    assert {check.verdict for check in checks[: len(steps)]} == {Verdict.WRONG_FORMULA}
    assert all(check.detail.startswith("at ") for check in checks[: len(steps)])


def vanishes(step: Step, context: StepContext) -> bool:
    """Whether a step's value is 0 at its first element, of random inputs."""
    return bool(abs(context.side(step.after, {i: 0 for i in step.indices if isinstance(i, Symbol)})) < 1e-30)


def test_a_wrong_adjoint_equation_is_noticed_without_its_steps() -> None:
    derivation = derived("dense")
    wrong = tuple(replace(e, rhs=e.rhs + 1) if e.target == "db" else e for e in derivation.adjoint.equations)
    tampered = replace(derivation, adjoint=derivation.adjoint.with_(equations=wrong), steps=())
    verdicts = {check.step.target: check.verdict for check in check_steps(tampered)}
    assert verdicts == {"dX": Verdict.AGREES, "dW": Verdict.AGREES, "db": Verdict.WRONG_FORMULA}


def test_a_step_about_unknown_things_is_not_decided() -> None:
    derivation = derived("dense")
    strange = Step("odd", "dX", (i,), (n,), Access("nothing", i), Access("nothing", i), "nobody knows")
    loose = Step("odd", "dX", (), (), Access("b", k), Access("b", k), "a free index without a range")
    checks = check_steps(replace(derivation, steps=(strange, loose)))
    assert [check.verdict for check in checks[:2]] == [Verdict.CANNOT_DECIDE, Verdict.CANNOT_DECIDE]


def test_reading_out_of_bounds_is_a_wrong_formula() -> None:
    derivation = derived("dense")
    outside = Step(
        "odd", "dX", (i,), (Symbol("k", integer=True, nonnegative=True),), Access("b", i + 1), Integer(0), ""
    )
    (check, *_) = check_steps(replace(derivation, steps=(outside,)))
    assert check.verdict is Verdict.WRONG_FORMULA
    assert "outside" in check.detail


def context(derivation: Derivation) -> StepContext:
    return StepContext(derivation, sample(derivation.program, 1, derivation=derivation))


def test_partial_is_the_derivative_in_one_occurrence() -> None:
    derivation = derive(declare("x[n]\nL = sum(x**3)", name="cubes"))
    here = context(derivation)
    u = Symbol("u", real=True)
    x = Access("x", i)
    before, after = here.side(Partial(u**3 + x * u, u, x), {i: 1}), here.side(3 * x**2 + x, {i: 1})
    assert abs(float(before - after)) < 1e-60


def test_partial_does_not_capture_indices() -> None:
    # the value's own index i must not fall under the sum over another i
    u = Symbol("u", real=True)
    body = Reduce("sum", u * Access("x", i), (i, n))
    (summed, *_) = differences(Partial(body, u, Access("x", i))).atoms(Reduce)
    assert all(bound != i for bound in summed.bound)


def test_sensitivity_counts_every_path() -> None:
    derivation = derive(declare("x[n]\ny = x**2\nL = sum(x*y)", name="paths"))
    here = context(derivation)
    x = Access("x", i)
    assert abs(float(here.side(Sensitivity(x), {i: 0}) - here.side(3 * x**2, {i: 0}))) < 1e-60
    y = Sensitivity(Access("y", i))
    assert abs(float(here.side(y, {i: 0}) - here.side(x, {i: 0}))) < 1e-60


def test_strong_zero_guards_the_other_factors() -> None:
    derivation = derived("dense")
    guarded = Iverson(i + 1 < 0) * Access("b", i + 100)
    assert context(derivation).side(guarded + 1, {i: 0}) == 1

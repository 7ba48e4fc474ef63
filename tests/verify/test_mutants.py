"""The generator of wrong gradients, and the table of who notices them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import nan, zoo

import verify.mutants.judging
from derive.derivation import Derivation
from derive.registry import declare
from tests.verify.support import derivation_of, derived
from verify.judge import judge
from verify.mutants import ALIVE, EQUIVALENT, KILLED, Equality, Trial, installed, kill_table, mutants
from verify.sampling import sample
from verify.verdicts import Verdict

BEHAVIOUR = {
    "one entry wrong",
    "float32 accumulation",
    "state of the previous call",
    "cotangent of the previous call",
    "cotangent ignored",
    "cotangent mutated",
}

SYMMETRIC = declare("X[n, d]\nG[i, j] = sum(X[k, i]*X[k, j], k)\nL = sum(G[i, j]**2, i, j)", name="symmetric")
CAUSAL = declare(
    "s[n, n]\nm[i, j] = where(j <= i, s[i, j], -inf)\np[i, j] = exp(m[i, j] - logsumexp(m[i, k], k))", name="causal"
)
INSIDE = declare("x[n], eps = 0.125\ny = x/(sqrt(x**2 + 1) + eps)", name="inside")


def kinds(name: str) -> Counter[str]:
    return Counter(mutant.kind for mutant in mutants(derived(name)))


# Operation -> what must be made of its equations, beside the mistakes that fit every operation.
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dense", {"sign", "factor 2", "factor 1/2", "extra 1/N", "transpose"}),
        ("layer_norm", {"drop a term", "missing 1/N", "N-1 for N", "eps outside the root", "diagonal only"}),
        ("softmax", {"drop a term", "index swapped", "diagonal only"}),
        ("relu", {"mask inverted", "other side of the kink", "derivative at the output"}),
        ("sigmoid", {"drop a term", "derivative at the output"}),
        ("rnn", {"transpose", "one time step short", "drop a term", "derivative at the output"}),
        ("adam", {"bias correction missing", "eps inside the root", "one time step short"}),
        ("scaled_dot_product_attention", {"missing 1/N", "N-1 for N"}),
        ("mse", {"missing 1/N", "drop a term", "sign"}),
    ],
)
def test_every_kind_of_mistake_is_made_where_there_is_room_for_it(name: str, expected: set[str]) -> None:
    found = kinds(name)
    assert expected <= found.keys()
    behaviour = BEHAVIOUR if derived(name).cotangents else {kind for kind in BEHAVIOUR if "cotangent" not in kind}
    assert behaviour <= found.keys()


def test_every_kind_of_mistake_is_made_somewhere_in_own_declarations() -> None:
    causal = Counter(mutant.kind for mutant in mutants(derivation_of(CAUSAL)))
    assert causal["mask inverted"], "a causal mask is a condition between two indices"
    inside = [mutant for mutant in mutants(derivation_of(INSIDE)) if mutant.kind == "eps inside the root"]
    assert any("sqrt(1 + x[i]**2 + eps)" in mutant.description for mutant in inside), inside[0]


def test_nothing_is_made_of_a_gradient_that_is_zero() -> None:
    assert kinds("binary_step") == {"one entry wrong": 1, "cotangent mutated": 1}


def test_names_are_unique_and_always_the_same() -> None:
    for name in ("layer_norm", "rnn"):
        found = mutants(derived(name))
        assert len({mutant.name for mutant in found}) == len(found)
        assert [str(mutant) for mutant in found] == [str(mutant) for mutant in mutants(derived(name))]
        assert all("->" in mutant.description for mutant in found if mutant.derivation is not None)


def test_a_symbolic_mutant_changes_one_equation() -> None:
    right = derived("layer_norm")
    for mutant in mutants(right):
        if mutant.derivation is not None:
            before, after = right.combined.equations, mutant.derivation.combined.equations
            assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


@pytest.mark.parametrize("name", ["dense", "sigmoid", "relu", "layer_norm", "mse", "momentum", "perceptron"])
def test_every_mutant_is_killed_or_proven_equivalent(name: str) -> None:
    table = kill_table(name, derivation=derived(name), beside=())
    assert table.ok, [str(outcome.mutant) for outcome in table.alive]
    assert len(table.of(KILLED)) > len(table.of(EQUIVALENT))
    # a mutant that only crashes is no test of the verdicts
    assert not [outcome.mutant.name for outcome in table.of(KILLED) if outcome.kill and "raised" in outcome.kill.note]
    for outcome in table.of(KILLED):
        assert outcome.kill is not None
        assert outcome.kill.verdict.faulty


@pytest.mark.slow
def test_mutants_of_a_declaration_of_ones_own_are_killed() -> None:
    table = kill_table(CAUSAL, derivation=derivation_of(CAUSAL), beside=())
    assert table.ok, [str(outcome.mutant) for outcome in table.alive]


def test_where_a_mutant_is_killed() -> None:
    table = kill_table("relu", seed=4, derivation=derived("relu"), beside=())
    kink = next(outcome for outcome in table.outcomes if outcome.mutant.kind == "other side of the kink")
    assert kink.kill is not None
    assert kink.kill.place in ("zeros", "size ones", "ties")
    assert kink.kill.verdict is Verdict.WRONG_CONVENTION
    again = kill_table("relu", seed=4, derivation=derived("relu"), beside=())
    assert [str(outcome) for outcome in again.outcomes] == [str(outcome) for outcome in table.outcomes]


def test_a_blind_judge_leaves_mutants_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(*arguments: Any) -> list[Any]:
        """Says of every bias gradient that it agrees."""
        return [replace(row, verdict=Verdict.AGREES) if row.argument == "b" else row for row in judge(*arguments)]

    monkeypatch.setattr(verify.mutants.judging._judge, "judge", blind)
    table = kill_table("dense", seed=1, derivation=derived("dense"), beside=())
    alive = {outcome.mutant.name for outcome in table.alive}
    assert not table.ok
    assert {"sign (db)", "factor 2 (db)", "extra 1/N (db)"} <= alive
    assert not any("(dW)" in name for name in alive), "what the judge still sees is still killed"


def test_without_the_strata_that_show_it_a_mutant_stays_alive() -> None:
    table = kill_table("relu", seed=1, derivation=derived("relu"), strata=["ordinary"], beside=())
    assert [outcome.mutant.kind for outcome in table.of(ALIVE)] == ["other side of the kink"]


def test_indices_of_a_symmetric_product_may_be_swapped() -> None:
    derivation = derivation_of(SYMMETRIC)
    table = kill_table(SYMMETRIC, seed=2, derivation=derivation, beside=())
    assert table.ok
    equivalent = [outcome.mutant for outcome in table.of(EQUIVALENT)]
    assert any(mutant.kind == "transpose" and "G[" in mutant.description for mutant in equivalent)
    assert {mutant.kind for mutant in equivalent} == {"transpose"}


def scaled(derivation: Derivation, share: float) -> Derivation:
    """A derivation whose first gradient is off by this relative share."""
    equations = [replace(e, rhs=e.rhs * (1 + share)) if k == 0 else e for k, e in enumerate(derivation.equations)]
    return replace(derivation, adjoint=derivation.adjoint.with_(equations=tuple(equations)))


def test_equivalence_is_proven_and_not_guessed() -> None:
    from sympy import Rational

    derivation = derived("sigmoid")
    cases = [sample(derivation.program, seed, derivation=derivation) for seed in range(6)]
    equality = Equality(derivation, cases)
    assert equality.proven(scaled(derivation, 0)) == 6
    # far below what any float could show
    assert equality.proven(scaled(derivation, Rational(1, 2**90))) == 0
    assert Equality(derivation, cases[:4]).proven(derivation) == 0, "four points prove nothing"


def test_the_right_gradient_survives_every_place() -> None:
    for name in ("layer_norm", "mse", "relu"):
        trial = Trial(derived(name), seed=3)
        assert trial.kill(trial.right()) is None
        assert "called again" in trial.places


def test_state_is_kept_by_one_mutant_only_and_not_between_judgements() -> None:
    derivation = derived("dense")
    stale = next(mutant for mutant in mutants(derivation) if mutant.kind == "state of the previous call")
    first, second = (
        sample(derivation.program, seed, sizes=sample(derivation.program, 1).sizes, derivation=derivation)
        for seed in (1, 2)
    )
    vjp = stale.make()
    right = Trial(derivation, seed=1).right()

    def same(got: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
        return all(np.array_equal(got[name], expected[name]) for name in expected)

    assert same(vjp(first.arguments(), first.seeds()), right(first.arguments(), first.seeds()))
    assert not same(vjp(second.arguments(), second.seeds()), right(second.arguments(), second.seeds()))
    fresh = stale.make()
    assert same(fresh(second.arguments(), second.seeds()), right(second.arguments(), second.seeds()))


def test_check_grads_is_asked_about_the_same_mutants() -> None:
    table = kill_table("dense", seed=1, derivation=derived("dense"), beside=["check_grads"])
    assert table.false_alarms == ()
    said = {outcome.mutant.kind: outcome.rejected["check_grads"] for outcome in table.outcomes}
    assert said["sign"]
    assert said["factor 2"]
    assert not said["state of the previous call"], "it calls once"
    assert 0 < table.rejected("check_grads") < len(table.of(KILLED))
    values = table.to_dict()
    assert values["beside"] == {"check_grads": table.rejected("check_grads")}
    assert len(values["mutants"]) == values["killed"] + values["equivalent"] + values["alive"]


@pytest.mark.skipif("gradcheck" not in installed(), reason="needs the extra 'torch'")
def test_gradcheck_is_asked_about_the_same_mutants() -> None:
    for name in ("dense", "mse"):
        table = kill_table(name, seed=1, derivation=derived(name), beside=["gradcheck"])
        assert table.false_alarms == ()
        assert 0 < table.rejected("gradcheck") < len(table.of(KILLED))


def test_an_order_that_changes_nothing_is_proven_equivalent() -> None:
    """The gradient of a mean over both axes is the same everywhere; that of one axis is not."""
    for text, proven in (("x[n, k]\nL = mean(x)", True), ("x[n, k]\nm[i] = mean(x[i, j], j)", False)):
        operation = declare(text)
        table = kill_table(operation, seed=3, beside=())
        (found,) = [o for o in table.outcomes if o.mutant.name == "memory order (x)"]
        assert found.status == (EQUIVALENT if proven else KILLED), text
        assert table.ok


def test_a_mutation_to_no_number_is_left_out() -> None:
    # without its only argument z, log(z) would be log(0)
    assert mutants(derivation_of(declare("z[n]\n0 < z[n]\ny = z*log(z)")))
    for operation in ("mish", "log_sigmoid"):
        for mutant in mutants(derived(operation)):
            if mutant.derivation is not None:
                assert not any(e.rhs.has(nan, zoo) for e in mutant.derivation.combined.equations)
            mutant.make()

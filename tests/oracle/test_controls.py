"""Right gradients that somebody accused: cleared, with the reason; and readings under which a wrong one would be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from backproof.cli.app import app
from derive.identities import identities
from derive.registry import get
from derive.reverse import derive
from tests.oracle.corpus.controls import CONTROLS, Control
from tests.oracle.test_check import ORDINARY
from verify.oracle import check


def sigmoid_derivative(x: Any) -> Any:
    """Of an activation that has happened already."""
    return x * (1 - x)


def slope(z: Any) -> Any:
    return np.exp(-z) / (1 + np.exp(-z)) ** 2


@pytest.mark.parametrize("control", CONTROLS, ids=[control.name for control in CONTROLS])
def test_the_accused_gradient_is_cleared(control: Control) -> None:
    found = check(
        control.accused, control.operation, claim=control.claimed, wrt=control.wrt, **ORDINARY, **control.options
    )
    assert found.ok, str(found)
    assert found.equivalent
    assert (
        f"equivalent to the derived gradient, {'and so is' if control.both else 'unlike'} " in str(found).split("\n")[0]
    )
    assert control.reason in str(found)
    # the other way round the claim is what is judged
    turned = check(
        control.claimed,
        control.operation,
        claim=control.accused,
        wrt=control.wrt,
        seconds=0,
        **ORDINARY,
        **control.options,
    )
    assert turned.ok is control.both
    assert f"{turned.implementation} against" in str(turned)
    if not control.both:
        assert f", and {control.accused.__name__} agrees" in str(turned).split("\n")[0]


def test_a_wrong_gradient_and_a_wrong_claim_are_both_told() -> None:
    found = check(lambda z: 2 * slope(z), "sigmoid", kind="gradient", claim=lambda z: 3 * slope(z), **ORDINARY)
    assert not found.ok
    assert not found.equivalent
    assert found.claim is not None
    assert [found.causes[0].words, found.claim.causes[0].words] == [
        "it is 2 times what is due",
        "it is 3 times what is due",
    ]
    assert found.to_dict()["claim"]["causes"] != found.to_dict()["causes"]


def test_a_claim_is_read_as_the_accused_one_is() -> None:
    """Of a loss that is a multiple, as stated: a gradient alone could not tell."""

    def accused_gradient(yhat: Any, y: Any) -> Any:
        return {"yhat": 2 * (yhat - y)}

    def claimed_gradient(yhat: Any, y: Any) -> Any:
        return {"yhat": (yhat - y) + (yhat - y)}

    found = check(accused_gradient, "mse", scale="n*k", claim=claimed_gradient, **ORDINARY)
    assert found.equivalent, str(found)
    assert found.claim is not None
    assert found.claim.ok, str(found.claim)
    assert found.claim.conventions == found.conventions == ("its loss is n*k times the declared one",)


def test_an_identity_is_only_told_where_something_vanished_or_shrank() -> None:
    assert [str(found) for found in identities(derive(get("layer_norm")))] == ["sum(mu[b] - x[b, j], j) = 0"]
    assert [str(found) for found in identities(derive(get("bce_with_logits")))] == [
        "dp[i]*p[i]*(1 - p[i]) = (p[i] - y[i])/n"
    ]
    assert not identities(derive(get("rms_norm")))
    assert not identities(derive(get("mlp")))


def test_what_it_would_be_right_as_is_told() -> None:
    found = check(sigmoid_derivative, "sigmoid", seconds=0, **ORDINARY)
    assert not found.ok
    assert "if what it is given as z is meant to be a, its gradients are right: arguments={'x': 'a'}" in str(found)
    assert check(sigmoid_derivative, "sigmoid", arguments={"x": "a"}, **ORDINARY).ok
    found = check(slope, "sigmoid", seconds=0, **ORDINARY)
    assert not found.ok
    assert "what it returns is the gradient of z: kind='gradient'" in str(found)
    assert check(slope, "sigmoid", kind="gradient", **ORDINARY).ok


def test_nothing_is_suggested_that_would_be_wrong() -> None:
    for wrong in (lambda z: 2 * z * (1 - z), lambda z: 1.001 * slope(z)):
        for kind in ("gradient", "forward"):
            found = check(wrong, "sigmoid", kind=kind, seconds=0, **ORDINARY)
            assert not found.ok
            assert "meant to be" not in str(found)
            assert "kind=" not in str(found)


@pytest.mark.parametrize("more", [[], ["--in-process"]], ids=["in a child", "in process"])
def test_a_claim_on_the_command_line(tmp_path: Path, more: list[str]) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def doubled(z, da):\n    return 2*da*(z > 0)\ndef right(z, da):\n    return da*(z > 0)\n")
    options = ["--against", "relu", "--stratum", "ordinary", "--seed", "1", *more]
    run = CliRunner().invoke(app, ["check", f"{file}:right", "--claim", f"{file}:doubled", *options])
    assert run.exit_code == 0, run.output
    assert "right against relu: agrees, equivalent to the derived gradient, unlike doubled" in run.output
    assert "it is 2 times what is due" in run.output
    run = CliRunner().invoke(app, ["check", f"{file}:doubled", "--claim", f"{file}:right", *options])
    assert run.exit_code == 1
    assert "doubled against relu: wrong formula, and right agrees" in run.output

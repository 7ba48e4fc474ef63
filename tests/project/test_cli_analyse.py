"""``backproof analyse``: each analysis for a person and for a program, and what is refused."""

from __future__ import annotations

import json

import pytest

import backproof as bp
from tests.project.cli import in_process

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["least_squares", "hessian", "--wrt", "W"], "positive semi-definite (convex)"),
        (["heavy_ball", "stability"], "0 < alpha < 2*(1 + beta)/lambda"),
        (["nesterov_lookahead", "stability", "--at", "phi"], "0 < alpha < 2*(1 + beta)/(lambda*(1 + 2*beta))"),
        (["gradient_descent", "hypergradient"], "closed form: theta_dot[t, j] = sum(-g[s, j], s)"),
        (["rnn", "recurrence"], "W_hh[k, q]*(1 - h[r, q]**2)*[i == r]"),
        (["relu", "saturation"], "exactly 0: -inf < x < 0"),
    ],
)
def test_each_analysis(arguments: list[str], said: str, capsys: Capture) -> None:
    result = in_process(capsys, "analyse", *arguments)
    assert result.status == 0, result.err
    assert said in result.out
    data = json.loads(in_process(capsys, "analyse", *arguments, "--json").out)
    assert data["operation"] == arguments[0]
    assert data[arguments[1]]["agrees"] is True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["adam", "stability"], "adam is not linear in its states and its gradient"),
        (["softmax", "hessian"], "needs one scalar output"),
        (["rnn", "saturation"], "no function of one number"),
        (["dense", "recurrence"], "dense is no recurrence"),
        (["dense", "cost", "--wrt", "W"], "leave out --wrt"),
        (["relu", "saturation", "--wrt", "z"], "takes no setting 'wrt'"),
        (["momentum", "stability", "--rate", "gamma"], "--rate: beta, alpha; 'gamma' is none"),
    ],
)
def test_bad_input_ends_with_2(arguments: list[str], message: str, capsys: Capture) -> None:
    result = in_process(capsys, "analyse", *arguments)
    assert result.status == 2
    assert message in result.err


def test_a_check_that_fails_ends_with_1(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    from sympy import Rational

    from verify.analyses import saturation

    monkeypatch.setattr(saturation, "supremum", lambda pieces: (Rational(1, 5), Rational(0)))
    result = in_process(capsys, "analyse", "sigmoid", "saturation")
    assert result.status == 1
    assert "confirmed in ball arithmetic: NO" in result.out


def test_the_front() -> None:
    assert bp.analyse("logistic_regression", "hessian", wrt="w, b").blocks[0].wrt == ("w", "b")
    assert str(bp.analyse("dense", "cost").forward.leading()) == "2*d*k*n"
    with pytest.raises(bp.BackproofError, match="no analysis 'price'"):
        bp.analyse("dense", "price")

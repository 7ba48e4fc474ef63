"""The command line about the catalog: families, search, costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import backproof as bp
from tests.project.cli import in_process

Capture = pytest.CaptureFixture[str]


def listed(capsys: Capture, *options: str) -> set[str]:
    result = in_process(capsys, "list", *options, "--json")
    assert result.status == 0
    return {entry["name"] for entry in json.loads(result.out)}


def test_list_by_family_in_singular_or_plural(capsys: Capture) -> None:
    losses = {o.name for o in bp.operations() if o.category == "loss"}
    assert losses
    assert listed(capsys, "--family", "losses") == listed(capsys, "--family", "loss") == losses
    result = in_process(capsys, "list", "--family", "loses")
    assert result.status == 2
    assert "there is no such family; there are activation, layer, loss" in result.err


def test_list_searches_names_titles_and_sources(capsys: Capture) -> None:
    assert {"layer_norm"} <= listed(capsys, "--search", "Norm") < listed(capsys)
    assert "sigmoid" in listed(capsys, "--search", "Logistic")  # its title
    assert "adam" in listed(capsys, "--search", "Kingma")  # its source
    assert listed(capsys, "--search", "norm", "--family", "loss") < listed(capsys, "--search", "norm")
    assert listed(capsys, "--search", "no such thing") == set()


def test_analyse_prints_the_cost_of_both_passes(capsys: Capture) -> None:
    result = in_process(capsys, "analyse", "dense", "cost")
    assert result.status == 0
    forward, backward = result.out.split("backward")
    assert "2*d*k*n" in forward
    assert "4*d*k*n" in backward
    table = json.loads(in_process(capsys, "analyse", "dense", "cost", "--json").out)["cost"]
    assert table["forward"]["flops"] == "k*n + 2*d*k*n"
    assert table["backward"]["transcendentals"] == "0"


def test_show_ends_with_the_cost(capsys: Capture) -> None:
    assert "cost: forward 2*d*k*n, backward 4*d*k*n flops (leading terms)" in in_process(capsys, "show", "dense").out


def test_a_cost_that_is_no_polynomial_is_said(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "strided.eqs"
    file.write_text("x[h], K[k]\nstride = 2\ny[i < (h - k)//stride + 1] = sum(x[stride*i + p]*K[p], p)\n")
    result = in_process(capsys, "analyse", str(file), "cost")
    assert result.status == 2
    assert "the cost is no polynomial in h" in result.err
    shown = in_process(capsys, "show", str(file))
    assert shown.status == 0
    assert "cost: strided: the cost is no polynomial in h" in shown.out

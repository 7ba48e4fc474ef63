"""What the oracle says of an implementation, on paper: the verdict, the cause, the element and the derived gradient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import backproof as bp
from backproof.cli.app import app
from reports.errors import ReportError

ORDINARY: dict[str, Any] = {"seed": 1, "strata": ["ordinary", "zeros"]}


def layer_norm_backward(dout: Any, x: Any, gamma: Any, eps: Any) -> Any:
    """Without the gradient through the variance."""
    xc = x - x.mean(-1, keepdims=True)
    rstd = 1 / np.sqrt(xc.var(-1, keepdims=True) + eps)
    xhat, g = xc * rstd, dout * gamma
    return rstd * (g - g.mean(-1, keepdims=True)), (dout * xhat).sum(0), dout.sum(0)


def test_the_page_has_the_verdict_beside_what_is_due(tmp_path: Path) -> None:
    found = bp.check(layer_norm_backward, "layer_norm", **ORDINARY)
    (file,) = bp.answer(found, "layer_norm", tmp_path, ["md"])
    assert file.name == "layer_norm_backward-layer_norm.md"
    text = file.read_text()
    assert "cause (x): var is taken for a constant: the gradient through it is missing" in text
    assert "In agreement in all of 2 strata: beta, gamma." in text
    worst = next(row for row in found.evidence.rows if row.argument == "x")
    assert worst.element.partition(" (")[0].partition(" got ")[2].partition(",")[0] in text
    # the formula is the derivation's, of the wrong argument alone
    due, rest = text.split("What is due")[1].split("What was asked")
    assert "mathrm{diag}" in due
    assert "bar{x} &=" in due
    assert "bar{\\gamma} &=" not in due
    assert "bp.check(layer_norm_backward" in rest


def test_what_agrees_says_so_and_shows_all_that_is_judged(tmp_path: Path) -> None:
    right = bp.check(lambda z, da: da * (z > 0), "relu", **ORDINARY)
    (file,) = bp.answer(right, "relu", tmp_path, ["html"])
    page = file.read_text()
    assert "Verdict: <strong>agrees</strong>" in page
    assert "Repeat it" not in page


def test_every_format_from_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def doubled(z, da):\n    return 2*da*(z > 0)\n")
    options = [
        "--against",
        "relu",
        "--stratum",
        "ordinary",
        "--seed",
        "1",
        "--in-process",
        "--report",
        str(tmp_path / "out"),
    ]
    run = CliRunner().invoke(app, ["check", f"{file}:doubled", *options])
    assert run.exit_code == 1, run.output
    written = {each.name: each.read_bytes() for each in (tmp_path / "out").iterdir()}
    assert sorted(written) == [f"doubled-relu.{suffix}" for suffix in ("html", "md", "pdf", "tex")]
    assert written["doubled-relu.pdf"].startswith(b"%PDF")
    assert b"it is 2 times what is due" in written["doubled-relu.html"]
    assert b"it is 2 times what is due" in written["doubled-relu.tex"]


def test_bad_input_writes_nothing(tmp_path: Path) -> None:
    found = bp.check(lambda z, da: da * (z > 0), "relu", **ORDINARY)
    with pytest.raises(ReportError, match="the answer is for relu, and the operation given is sigmoid"):
        bp.answer(found, "sigmoid", tmp_path / "out")
    with pytest.raises(ReportError, match="there is no format 'doc'; formats: pdf, html, tex, md"):
        bp.answer(found, "relu", tmp_path / "out", ["doc"])
    assert not (tmp_path / "out").exists()

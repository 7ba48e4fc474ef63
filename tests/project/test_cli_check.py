"""``backproof check``: a file with somebody's function, and the answer; bad input is explained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.project.cli import in_process

LAYER = """
import numpy as np

def forward(X, W, b):
    return X @ W + b

def backward(dZ, X, W):
    return dZ @ W.T, X.T @ dZ, dZ.sum(axis=0)

def unsummed(dZ, X, W):
    return dZ @ W.T, X.T @ dZ, dZ

def outputs_first(dZ, X, W):
    return dZ @ W, dZ.T @ X, dZ.sum(axis=0)

def sse_grad(yhat, y):
    return {"yhat": yhat - y}

def renamed(foo, bar, baz):
    return foo @ baz.T, bar.T @ foo, foo.sum(axis=0)
"""


@pytest.fixture
def layer(tmp_path: Path) -> str:
    path = tmp_path / "layer.py"
    path.write_text(LAYER)
    return str(path)


def test_a_right_function_agrees(layer: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = in_process(
        capsys, "check", f"{layer}:backward", "--against", "dense", "--forward", "forward", "--seed", "1"
    )
    assert result.status == 0, result.err
    assert result.out.startswith("backward against dense: agrees (seed 1")


def test_a_wrong_one_is_explained(layer: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = in_process(capsys, "check", f"{layer}:unsummed", "--against", "dense", "--seed", "1", "--json")
    assert result.status == 1
    found = json.loads(result.out)
    assert [(cause["names"], cause["kinds"]) for cause in found["causes"]] == [(["b"], ["not summed"])]


def test_parameters_can_be_named(layer: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"--argument={pair}" for pair in ("foo=dZ", "bar=X", "baz=W")]
    result = in_process(capsys, "check", f"{layer}:renamed", "--against", "dense", "--stratum", "ordinary", *names)
    assert result.status == 0, result.err


def test_layouts_are_recognised_in_the_child_and_can_be_said(layer: str, capsys: pytest.CaptureFixture[str]) -> None:
    ask = ("check", f"{layer}:outputs_first", "--against", "dense", "--stratum", "ordinary", "--json")
    for more in ((), ("--layout", "W=k d")):
        result = in_process(capsys, *ask, *more)
        assert result.status == 0, result.err
        assert json.loads(result.out)["conventions"] == ["W is (k, d), and (d, k) in the declaration"]
    assert in_process(capsys, *ask, "--layout", "X=d n").status == 1


def test_the_multiple_of_a_loss_can_be_said(layer: str, capsys: pytest.CaptureFixture[str]) -> None:
    ask = ("check", f"{layer}:sse_grad", "--against", "mse", "--stratum", "ordinary", "--seed", "1")
    assert in_process(capsys, *ask).status == 1
    result = in_process(capsys, *ask, "--scale", "n*k/2")
    assert result.status == 0, result.err
    assert "convention: its loss is n*k/2 times the declared one" in result.out


@pytest.mark.parametrize(
    ("what", "more", "words"),
    [
        ("{layer}", [], "an implementation is written path/to/module.py:name"),
        ("nowhere.py:f", [], "there is no file nowhere.py"),
        ("{layer}:backwards", [], "layer.py has no backwards; there is backward"),
        (
            "{layer}:renamed",
            ["--kind", "gradient"],
            "renamed is read as a backward pass, and takes no upstream gradient (dZ)",
        ),
        ("{layer}:backward", ["--argument", "X"], "--argument is written --argument weights=W, got 'X'"),
        ("{layer}:backward", ["--layout", "W"], "--layout is written --layout 'W=k d', got 'W'"),
        ("{layer}:backward", ["--layout", "W=k n"], "'W' is declared as 'd k'; say these in your order"),
        ("{layer}:backward", ["--scale", "n"], "dense is no loss: its output Z is no scalar"),
        ("{layer}:backward", ["--dtype", "float8"], "--dtype takes float64, float32, float16, bfloat16, got 'float8'"),
        ("{layer}:backward", ["--stratum", "odd"], "odd"),
    ],
)
def test_bad_input_is_explained(
    layer: str, what: str, more: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = in_process(capsys, "check", what.format(layer=layer), "--against", "dense", *more)
    assert result.status == 2
    assert words in result.err


def test_a_module_that_cannot_be_imported_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.py").write_text("import no_such_package_at_all")
    result = in_process(capsys, "check", f"{tmp_path}/broken.py:f", "--against", "dense")
    assert result.status == 2
    assert "raised ModuleNotFoundError: No module named 'no_such_package_at_all'" in result.err


def test_a_formula_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    right = in_process(capsys, "check-formula", "X.T @ dZ", "--is", "dL/dW", "--of", "dense")
    assert (right.status, right.out) == (0, "dW = X.T @ dZ: agrees (identity proven)\n")
    wrong = in_process(capsys, "check-formula", "dZ.T @ X", "--is", "dW", "--of", "dense", "--json")
    assert wrong.status == 1
    assert json.loads(wrong.out)["rearranged"] == "X.T @ dZ"
    bad = in_process(capsys, "check-formula", "X.T @ dY", "--is", "dW", "--of", "dense")
    assert bad.status == 2
    assert "dY is not declared" in bad.err


def test_golden_values_are_written_and_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "relu")
    made = in_process(
        capsys, "vectors", "relu", "--out", out, "--formats", "npz,json", "--dtypes", "float32", "--seed", "1"
    )
    assert (made.status, made.out.split(" files;")[0]) == (0, f"{out}: 26")
    right = in_process(capsys, "check", out, "--against", "relu")
    assert right.status == 0, right.out
    wrong = in_process(capsys, "check", out, "--against", "leaky_relu")
    assert wrong.status == 1
    assert "ordinary.0.float32.json: z: wrong formula: [" in wrong.out
    (tmp_path / "relu" / "zeros.0.float32.json").write_text("{}")
    damaged = in_process(capsys, "check", out, "--against", "relu")
    assert damaged.status == 2
    assert "zeros.0.float32.json is damaged" in damaged.err
    again = in_process(capsys, "vectors", "relu", "--out", out)
    assert again.status == 2
    assert "is there already" in again.err

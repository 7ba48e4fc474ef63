"""PyTorch's functions and modules, and people's ``autograd.Function``; needs the extra ``torch``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.test_check import ORDINARY
from verify.errors import MappingError
from verify.oracle import check
from verify.verdicts import Verdict

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
F = torch.nn.functional


def relu_with(backward: Callable[[Any, Any], Any]) -> Any:
    """An ``autograd.Function`` whose backward pass gets the cotangent and z."""

    def forward(ctx: Any, z: Any) -> Any:
        ctx.save_for_backward(z)
        return torch.relu(z)

    methods = {"forward": forward, "backward": lambda ctx, g: backward(g, *ctx.saved_tensors)}
    return type("Relu", (torch.autograd.Function,), {name: staticmethod(method) for name, method in methods.items()})


def test_a_function_of_c_is_given_the_inputs_in_their_order() -> None:
    found = check(F.gelu, "gelu", seed=1)
    assert found.ok, str(found)
    assert {row.argument for row in found.evidence.rows if row.witness == "balls"} == {"a", "z"}


def test_a_module_has_its_sizes_and_its_layout() -> None:
    found = check(torch.nn.Linear(5, 3), "dense", seed=1)
    assert found.ok, str(found)
    assert found.conventions == ("W is (k, d), and (d, k) in the declaration",)
    assert any("the implementation has d = 5" in reason for reason in found.evidence.not_checked)
    more = check(torch.nn.LayerNorm(4), "layer_norm", cases=20, **ORDINARY)
    assert more.ok, str(more)
    assert any("20 cases" in reason and "LayerNorm has d = 4" in reason for reason in more.evidence.not_checked)
    square = check(torch.nn.Linear(4, 4), "dense", **ORDINARY)  # only the numbers tell
    assert square.ok, str(square)
    assert square.conventions == found.conventions


def test_numbers_of_a_module_are_set_for_the_call() -> None:
    norm = torch.nn.LayerNorm(4, eps=0.5)
    found = check(norm, "layer_norm", **ORDINARY)
    assert found.ok, str(found)
    assert norm.eps == 0.5


def test_windows_of_a_convolution() -> None:
    found = check(torch.nn.Conv2d(2, 3, (2, 3)), "conv2d", **ORDINARY)
    assert found.ok, str(found)
    assert not found.conventions


def test_a_backward_pass_of_its_own_is_judged() -> None:
    found = check(relu_with(lambda g, z: g * (z >= 0)), "relu", seed=1)
    assert [(row.argument, row.finding) for row in found.evidence.faults] == [("z", "wrong convention in zeros")]


def test_a_backward_pass_that_overwrites_what_it_is_given_is_noticed() -> None:
    found = check(relu_with(lambda g, z: g.mul_(z > 0)), "relu", **ORDINARY)
    assert found.verdict is Verdict.PROTOCOL
    assert "changed the cotangent of a in place" in str(found)


def test_a_loss_that_sums_is_a_convention() -> None:
    def loss(Z: Any, Y: Any) -> Any:
        return F.cross_entropy(Z, Y, reduction="sum")

    found = check(loss, "softmax_cross_entropy", **ORDINARY)
    assert found.ok, str(found)
    assert found.conventions == ("its loss is n times the declared one",)


def test_a_detached_value_is_named() -> None:
    def norm(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
        centered = x - x.mean(-1, keepdim=True)
        var = (centered**2).mean(-1, keepdim=True).detach()
        return gamma * centered / torch.sqrt(var + eps) + beta

    found = check(norm, "layer_norm", **ORDINARY)
    assert [(cause.names, cause.words) for cause in found.causes] == [
        (("x",), "var is taken for a constant: the gradient through it is missing")
    ]


def test_parameters_that_stand_for_nothing_are_asked_for() -> None:
    with pytest.raises(MappingError, match=r"it cannot be told what query, .* of MultiheadAttention stand for"):
        check(torch.nn.MultiheadAttention(4, 2), "dense", **ORDINARY)


def test_a_module_in_a_child(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.project.cli import in_process

    path = tmp_path / "net.py"
    path.write_text("import torch\nlayer = torch.nn.Linear(5, 3)\n")
    result = in_process(capsys, "check", f"{path}:layer", "--against", "dense", "--stratum", "ordinary")
    assert result.status == 0, result.err
    assert "convention: W is (k, d), and (d, k) in the declaration" in result.out


def test_single_precision_inside_is_told() -> None:
    """``F.celu`` keeps its parameter in single precision, whatever the dtype of the input (PyTorch 2.15)."""
    found = check(lambda z, alpha: F.celu(z, float(alpha)), "celu", wrt=["z"], **ORDINARY)
    assert found.verdict is Verdict.WRONG_FORMULA
    assert [cause.kinds for cause in found.causes] == [("float32 accumulation",)]


def test_a_threshold_is_an_inaccuracy_with_its_input() -> None:
    """From beta z = 20 on PyTorch takes softplus for z."""
    given = {"inputs": {"z": [20.0001], "beta": 1.0}, "cotangents": {"a": [1.0]}}
    found = check(lambda z, beta: F.softplus(z, float(beta)), "softplus", wrt=["z"], seed=1, **given)
    assert [str(row.verdict) for row in found.evidence.rows if row.witness == "balls"] == ["inaccurate", "inaccurate"]
    assert "at z[0] = 20.0001" in str(found)

"""The catalog as a whole: the operations that are promised are there, and the engine knows none of them by name."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from derive.registry import names
from derive.vocabulary import REDUCING
from tests.project.cli import in_process

# What a user of the articles' and of daily practice looks for, by family.
PROMISED = {
    "activation": """identity binary_step sigmoid hard_sigmoid log_sigmoid tanh hard_tanh tanhshrink relu relu6
        leaky_relu prelu elu celu selu gelu gelu_tanh silu swish mish softplus softsign hard_swish squareplus gaussian
        sine softmax log_softmax softmin sparsemax logsumexp maxout glu reglu geglu swiglu""",
    "loss": """squared_error mse half_mse mae huber smooth_l1 log_cosh quantile poisson_nll gaussian_nll bce
        bce_with_logits bce_with_logits_weighted cross_entropy softmax_cross_entropy softmax_cross_entropy_labels
        softmax_cross_entropy_smoothed softmax_cross_entropy_weighted softmax_cross_entropy_ignore nll hinge
        squared_hinge multiclass_hinge perceptron_loss exponential kl_divergence js_divergence focal dice
        cosine_embedding triplet_margin contrastive info_nce gaussian_kl ctc""",
    "layer": """neuron dense bilinear embedding conv1d conv2d conv3d grouped_conv2d depthwise_conv2d conv_transpose2d
        conv2d_toeplitz conv2d_im2col avg_pool2d max_pool2d global_avg_pool dropout flatten concatenate residual_add
        batch_norm batch_norm_inference layer_norm rms_norm group_norm instance_norm weight_norm
        scaled_dot_product_attention causal_attention multi_head_attention additive_attention rotary_embedding rnn
        rnn_relu rnn_last lstm gru bidirectional_rnn state_space diagonal_state_space""",
    "network": """perceptron logistic_regression softmax_regression mlp deep_mlp lenet residual_block resnet_block
        rnn_classifier lstm_classifier autoencoder vae transformer_block vision_transformer least_squares""",
    "regulariser": "l1 l2 elastic_net weight_decay max_norm clip_by_value clip_by_global_norm label_smoothing",
    "optimizer": """gradient_descent sgd momentum heavy_ball nesterov nesterov_lookahead adagrad rmsprop
        rmsprop_centred adadelta adam adamax nadam amsgrad adamw lion lamb adafactor""",
    "schedule": "step_decay exponential_decay cosine_decay linear_warmup",
}


def test_every_promised_operation_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    listed = {entry["name"]: entry["category"] for entry in json.loads(in_process(capsys, "list", "--json").out)}
    for family, text in PROMISED.items():
        assert {name: listed.get(name) for name in text.split()} == dict.fromkeys(text.split(), family)


def test_every_listed_operation_is_promised() -> None:
    assert set(names()) == {name for text in PROMISED.values() for name in text.split()}


def test_the_readme_names_them_all(root: Path) -> None:
    text = (root / "README.md").read_text("utf-8").partition("## The catalog")[2].partition("\n## ")[0]
    assert set(re.findall(r"\w+", text)) >= set(names())
    listed = re.findall(r"^\| (\w+) \| (.*) \|$", text, re.MULTILINE)
    assert {name for family, row in listed if family != "family" for name in row.split()} == set(names())


def named(source: str, known: set[str]) -> Iterator[str]:
    """Words of a module's texts that are names of operations; documentation is left out."""
    tree = ast.parse(source)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield from (word for word in re.findall(r"\w+", node.value) if word in known)


def test_the_engine_knows_no_operation_by_name(root: Path) -> None:
    known = set(names()) - set(REDUCING)  # logsumexp is a reduction of the language too
    engine = [path for path in (root / "derive").rglob("*.py") if "catalog" not in path.parts]
    assert len(engine) > 40
    found = {str(path.relative_to(root)): sorted(set(named(path.read_text("utf-8"), known))) for path in engine}
    # LaTeX has a command of that name
    assert {path: words for path, words in found.items() if words} == {"derive/latex.py": ["tanh"]}
    assert list(named('"""sigmoid"""\nif name == "sigmoid": pass', known)) == ["sigmoid"]

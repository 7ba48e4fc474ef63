"""The command line on good input: what each command answers, for a person and for a program."""

from __future__ import annotations

import ast
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import backproof as bp
from backproof.cli.arguments import FORMATS, Engine, operation
from backproof.cli.console import emit
from tests.project.cli import in_a_fresh_process, in_process

ACTIVATIONS = ["identity", "sigmoid", "tanh", "relu", "softmax", "log_softmax"]
LAYERS = ["dense", "neuron", "conv2d", "rnn", "layer_norm", "scaled_dot_product_attention"]
LOSSES = ["mse", "bce", "bce_with_logits", "softmax_cross_entropy"]
NETWORKS = ["logistic_regression", "mlp", "l2", "gradient_descent", "momentum", "adam"]
CORE = [*ACTIVATIONS, *LAYERS, *LOSSES, *NETWORKS]
FORMS = ["matrix", "index", "steps", "latex"]

Capture = pytest.CaptureFixture[str]


def test_list_names_every_core_operation(capsys: Capture) -> None:
    result = in_process(capsys, "list")
    assert result.status == 0
    listed = {line.split()[0] for line in result.out.splitlines() if line.startswith("  ")}
    assert set(CORE) <= listed
    entries = json.loads(in_process(capsys, "list", "--json").out)
    assert {entry["name"] for entry in entries} == listed
    assert all(entry["title"] and entry["category"] for entry in entries)


@pytest.mark.parametrize("name", CORE)
def test_show_tells_what_an_operation_is(name: str, capsys: Capture) -> None:
    result = in_process(capsys, "show", name)
    assert result.status == 0
    assert f"source: {bp.get(name).source}" in result.out
    details = json.loads(in_process(capsys, "show", name, "--json").out)
    assert details["name"] == name
    assert details["equations"]
    for tensor in bp.get(name).inputs:
        assert tensor.name in result.out
        assert tensor.name in {each["name"] for each in details["tensors"]}


@pytest.mark.parametrize("form", FORMS)
def test_derive_prints_each_form(form: str, capsys: Capture) -> None:
    result = in_process(capsys, "derive", "dense", "--form", form)
    assert result.status == 0
    assert "dW" in result.out or r"\bar{W}" in result.out or "W" in result.out
    others = {in_process(capsys, "derive", "dense", "--form", other).out for other in FORMS}
    assert len(others) == 4
    if form == "steps":
        assert result.out.startswith("1. ")
        assert result.out.count("because ") == len(bp.derive("dense").steps)


def test_derive_by_some_inputs_only(capsys: Capture) -> None:
    both = in_process(capsys, "derive", "dense", "--wrt", "W", "--wrt", "b")
    assert both.out == in_process(capsys, "derive", "dense", "--wrt", "W,b").out
    described = json.loads(in_process(capsys, "derive", "dense", "--wrt", "W,b", "--json").out)
    assert described["gradients"] == {"W": "dW", "b": "db"}
    assert "dX" not in both.out


def test_derive_of_an_intermediate(capsys: Capture) -> None:
    result = in_process(capsys, "derive", "logistic_regression", "--of", "L", "--wrt", "w", "--json")
    assert json.loads(result.out)["of"] == ["L"]


def test_derive_json_says_everything(capsys: Capture) -> None:
    result = json.loads(in_process(capsys, "derive", "dense", "--json").out)
    derivation = bp.derive("dense")
    assert result["cotangents"] == {"Z": "dZ"}
    assert [each["target"] for each in result["equations"]] == [equation.target for equation in derivation.equations]
    assert len(result["steps"]) == len(derivation.steps) > 0
    assert result["latex"] == derivation.latex()
    assert set(result["matrix"]) == set(derivation.matrix)


def test_the_hessian_of_a_scalar(capsys: Capture) -> None:
    result = in_process(capsys, "derive", "logistic_regression", "--wrt", "w", "--hessian")
    assert result.status == 0, result.err
    assert "J_dw_w = " in result.out
    assert "X.T" in result.out
    block = in_process(capsys, "derive", "logistic_regression", "--wrt", "w,b", "--hessian")
    assert block.status == 0, block.err
    assert block.out != result.out


def test_a_file_and_standard_input_are_read_alike(tmp_path: Path, capsys: Capture) -> None:
    text = "X[n, d], W[d, k], b[k]\nZ = X @ W + b\n"
    (tmp_path / "mine.eqs").write_text(text)
    from_file = in_process(capsys, "derive", str(tmp_path / "mine.eqs"))
    from_stdin = in_a_fresh_process("derive", "-", cwd=tmp_path, input=text)
    assert from_file.status == from_stdin.status == 0
    assert from_file.out == from_stdin.out == in_process(capsys, "derive", "dense").out


def test_an_operation_is_called_as_its_file_is(tmp_path: Path) -> None:
    names = {}
    for stem in ("my-a", "my-b", "été", "2"):
        (tmp_path / f"{stem}.eqs").write_text("x[n]\ny[i] = x[i]**2\n", encoding="utf-8")
        names[stem] = operation(str(tmp_path / f"{stem}.eqs")).name
    assert names == {"my-a": "my_a", "my-b": "my_b", "été": "été", "2": "operation"}


def test_options_choose_the_activation(capsys: Capture) -> None:
    relu, tanh = (in_process(capsys, "derive", f"mlp:activation={name}").out for name in ("relu", "tanh"))
    assert relu != tanh
    assert "[Z1 > 0]" in relu
    assert "(1 - A1**2)" in tanh


@pytest.mark.parametrize("name", CORE)
def test_code_is_python(name: str, capsys: Capture) -> None:
    result = in_process(capsys, "code", name)
    assert result.status == 0
    functions = [node.name for node in ast.parse(result.out).body if isinstance(node, ast.FunctionDef)]
    assert len(functions) >= 2
    assert json.loads(in_process(capsys, "code", name, "--json").out)["source"].rstrip() == result.out.rstrip()


def test_verify_answers_with_a_verdict(capsys: Capture) -> None:
    result = in_process(capsys, "verify", "sigmoid", "dense", "--seed", "5")
    assert result.status == 0, result.out
    assert "2 of 2 operations agree" in result.out
    first, second = json.loads(in_process(capsys, "verify", "sigmoid", "dense", "--seed", "5", "--json").out)
    assert (first["operation"], second["operation"]) == ("sigmoid", "dense")
    again = json.loads(in_process(capsys, "verify", "sigmoid", "--seed", "5", "--json").out)[0]
    assert [row["error"] for row in again["rows"]] == [row["error"] for row in first["rows"]]


def test_verify_ends_with_1_when_a_verdict_is_not_agrees(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """A reference that states something else must change the exit status, with --json too."""
    from verify import references

    references.scan()
    monkeypatch.setitem(references._references, "sigmoid", lambda z: {"a": 2 * z})
    for arguments in (["verify", "sigmoid"], ["verify", "sigmoid", "--json"]):
        result = in_process(capsys, *arguments)
        assert result.status == 1, result.out
        assert "wrong formula" in result.out


def test_report_ends_with_1_when_a_verdict_is_not_agrees(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    from verify import references

    references.scan()
    monkeypatch.setitem(references._references, "sigmoid", lambda z: {"a": 2 * z})
    result = in_process(capsys, "report", "sigmoid", "--out", str(tmp_path), "--formats", "md")
    assert result.status == 1
    assert "sigmoid: wrong formula" in result.err
    assert "wrong formula" in (tmp_path / "sigmoid.md").read_text()


def test_report_and_book_say_what_they_wrote(tmp_path: Path, capsys: Capture) -> None:
    result = in_process(capsys, "report", "sigmoid", "relu", "--out", str(tmp_path / "pages"), "--formats", "html,md")
    assert result.status == 0, result.err
    files = [Path(line) for line in result.out.splitlines()]
    assert files
    assert all(file.is_file() and file.is_relative_to(tmp_path / "pages") for file in files)
    assert {".html", ".md"} <= {file.suffix for file in files} <= {".html", ".md", ".svg"}
    book = in_process(capsys, "book", "sigmoid", "--out", str(tmp_path / "new" / "book.pdf"), "--json")
    assert json.loads(book.out) == [str(tmp_path / "new" / "book.pdf")]
    assert (tmp_path / "new" / "book.pdf").read_bytes().startswith(b"%PDF")


def test_the_command_line_offers_what_reports_can_write() -> None:
    from reports import writing

    assert sorted(FORMATS) == sorted(writing.FORMATS)
    assert list(Engine) == list(writing.ENGINES)


def test_mutants_shows_who_notices_each_wrong_gradient(capsys: Capture) -> None:
    result = in_process(capsys, "mutants", "relu", "--seed", "1", "--no-beside")
    assert result.status == 0, result.err
    for text in ("other side of the kink (dz)", "wrong convention", "equivalent (proven at", "[z[i] >= 0]"):
        assert text in result.out
    assert "of 12 wrong gradients notice: backproof 12" in result.out
    assert "check_grads" not in result.out
    beside = in_process(capsys, "mutants", "relu", "--seed", "1")
    assert "check_grads" in beside.out
    (table,) = json.loads(in_process(capsys, "mutants", "relu", "--seed", "1", "--json").out)
    assert (table["operation"], table["seed"], table["alive"], table["killed"]) == ("relu", 1, 0, 12)
    assert 0 < table["beside"]["check_grads"] < 12
    assert {each["status"] for each in table["mutants"]} == {"killed", "equivalent"}


def test_mutants_of_the_whole_catalog_are_counted(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    import derive.registry

    monkeypatch.setattr(derive.registry, "operations", lambda: (bp.get("relu"), bp.get("identity")))
    result = in_process(capsys, "mutants", "--all", "--no-beside")
    assert result.status == 0
    rows = {line.split()[0]: line.split()[1:4] for line in result.out.splitlines() if line.strip()}
    assert rows["relu"] == ["13", "1", "0"]
    assert rows["identity"] == ["9", "0", "0"]
    assert rows["all"] == ["22", "1", "0"]
    assert "[z[i] > 0]" not in result.out
    assert "[z[i] > 0]" in in_process(capsys, "mutants", "--all", "--no-beside", "--details").out


def test_mutants_ends_with_1_when_one_is_alive(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    from verify.mutants import judging

    monkeypatch.setattr(judging._judge, "judge", lambda *arguments: [])
    result = in_process(capsys, "mutants", "identity", "--no-beside")
    assert result.status == 1
    assert result.out.count("ALIVE") == 9
    assert in_process(capsys, "mutants", "identity", "--no-beside", "--json").status == 1


def test_version_and_help(capsys: Capture) -> None:
    assert in_process(capsys, "--version").out == f"backproof {bp.__version__}\n"
    for command in ("list", "show", "derive", "code", "verify", "mutants", "report", "site", "book"):
        result = in_process(capsys, command, "--help")
        assert result.status == 0
        assert "--json" in result.out


def test_json_has_no_infinity(capsys: Capture) -> None:
    emit({"error": float("inf"), "points": [1.5, float("nan")]})
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == {"error": "inf", "points": [1.5, "nan"]}


def test_list_loads_neither_jax_nor_matplotlib(tmp_path: Path) -> None:
    code = (
        "import sys; from backproof.cli import run; run(['list']); "
        "print(sorted({'jax', 'matplotlib', 'scipy', 'numpy', 'hypothesis'} & set(sys.modules)), file=sys.stderr)"
    )
    result = in_a_fresh_process(cwd=tmp_path, code=code)
    assert result.err.strip() == "[]"


def test_a_reader_that_goes_away_is_no_fault(root: Path) -> None:
    command = f"{sys.executable} -m backproof derive rnn --json | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=root, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    assert done.returncode in (0, 128 + signal.SIGPIPE)


def test_accuracy_measures_and_draws(tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "errors.svg"
    arguments = ["accuracy", "relu", "--dtype", "float32", "--seed", "1"]
    result = in_process(capsys, *arguments, "--plot", str(picture))
    assert result.status == 0
    assert result.out.startswith("relu, float32, seed 1:")
    assert "jax" in result.out.splitlines()[1]
    assert picture.read_bytes().startswith(b"<?xml")
    (measured,) = json.loads(in_process(capsys, *arguments, "--json").out)
    assert measured["bands"][0]["errors"]["backproof"]["false_zeros"] == 0


@pytest.mark.parametrize("plot", ["errors.gif", "nowhere/errors.svg"])
def test_accuracy_refuses_a_picture_that_it_cannot_draw(plot: str, tmp_path: Path, capsys: Capture) -> None:
    result = in_process(capsys, "accuracy", "relu", "--plot", str(tmp_path / plot))
    assert result.status == 2
    assert "--plot" in result.err
    assert not list(tmp_path.iterdir())

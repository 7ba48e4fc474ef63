"""The benchmarks run, and race functions that compute the same gradient."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.bench import checkers, libraries
from tests.bench.__main__ import SECTIONS, main
from tests.bench.cases import CASES, Case
from tests.bench.speed import contenders, drawn, traced
from tests.bench.tables import Section
from tests.bench.timing import interleaved
from tests.verify.rows import RIGHT, WRONG


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_handwritten_gradient_is_what_autograd_says(case: Case) -> None:
    """Both opponents were written apart; neither comes from this project."""
    inputs, g = drawn(case, case.small)
    by_hand, by_trace = case.by_hand(inputs, g), traced(case, inputs, g)()
    assert set(by_hand) == set(case.wrt)
    for name in case.wrt:
        np.testing.assert_allclose(by_hand[name], by_trace[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_all_contenders_agree(case: Case) -> None:
    assert set(contenders(case, case.small)) == {"generated", "unchecked", "handwritten", "jax.jit", "autograd"}


def test_a_wrong_contender_is_not_raced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.speed.jitted", lambda case, inputs, g: lambda: {"z": inputs["z"]})
    with pytest.raises(AssertionError, match=r"jax\.jit and handwritten differ"):
        contenders(CASES[0], (2, 3))


def test_every_section_runs_and_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "growth", "import", "verify", "oracle", "--quick", "--out", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "bench.json").read_text())
    assert len(record["sections"]) == len(
        set(SECTIONS) - {"speed", "campaign", "checkers", "accuracy", "libraries", "mistakes"}
    )
    assert all(section["rows"] and section["summary"] for section in record["sections"])
    assert "| rnn" in (tmp_path / "bench.md").read_text()
    assert "Import time" in capsys.readouterr().out


def test_libraries_and_mistakes_become_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {function.name: function for function in libraries.FUNCTIONS}
    monkeypatch.setattr(libraries, "FUNCTIONS", (known["jax.nn.relu"], known["jax.nn.sigmoid"]))
    monkeypatch.setattr(libraries, "torch_functions", lambda: ())
    monkeypatch.setattr(libraries, "BUGS", libraries.BUGS[:2])
    (table,) = libraries.table()
    assert [row[:4] for row in table.rows] == [["jax.nn.sigmoid", "sigmoid", "inaccurate", "z: saturated40"]]
    assert table.summary == {"agree": "`jax.nn.relu`", "judged": 2}
    (mistakes,) = libraries.mistakes()
    assert mistakes.summary == {"named": "2 of 2"}
    assert mistakes.rows[0][-1] == "the derivative is taken at a and not at z"


@pytest.mark.slow
def test_campaigns_are_raced_on_the_same_inputs(tmp_path: Path) -> None:
    """On any machine a batch judges more cases a second than a check that evaluates each element apart."""
    assert main(["campaign", "--quick", "--out", str(tmp_path)]) == 0
    rates, catalog = json.loads((tmp_path / "bench.json").read_text())["sections"]
    assert [row[0] for row in rates["rows"]] == ["sigmoid", "dense"]
    assert all(ratio > 1 for ratio in rates["summary"].values())
    assert catalog["summary"]["cases in all"] == 2000


# What tells a checker that is wired rightly from one that is not: row -> who rejects it at the first seeds.
OTHERS = {"gradcheck", "check_grads (JAX)", "check_grads (autograd)"}
REJECTED_BY: dict[str, set[str]] = {
    "bias with the wrong sign": OTHERS,
    "cotangent ignored": OTHERS,
    # they differentiate its own forward, which is wrong alike
    "Adam without bias correction in both passes": set(),
    # the others hand out copies of it
    "cotangent changed in place": {"check_grads (autograd)"},
    "gradients add up over calls": {"gradcheck"},
    "sigma(z) - 1 at z = 40": set(),
    "zero gradient of a loss times 1e-6": set(),
    "ReLU'(0) = 1/2": set(),
    # PyTorch and autograd take steps that float32 cannot resolve
    "dense, float32": {"gradcheck", "check_grads (autograd)"},
    "x^2 at 1e9 and larger": OTHERS,
    **{name: set() for name in ("dense", "size 0", "softmax", "BCE of logits")},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", checkers.CHECKERS)
def test_other_checkers_are_asked_as_their_users_ask_them(name: str) -> None:
    if name not in checkers.installed():
        pytest.skip("needs the extra 'torch'")
    rows = {row.name: row for row in (*WRONG, *RIGHT)}
    for row, who in REJECTED_BY.items():
        if (name, row) == ("check_grads (autograd)", "zero gradient of a loss times 1e-6"):
            continue  # its direction decides: an error near its absolute tolerance of 1e-6
        for seed in range(2):
            assert any(checkers.rejected(name, rows[row], seed)) is (name in who), (row, seed)


def test_the_readme_shows_every_row_of_the_table(root: Path) -> None:
    text = (root / "README.md").read_text().partition("| gradient (seeds) |")[2].partition("\n\n")[0]
    lines = [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in text.splitlines()[2:]]
    shown = [re.sub(r" \(\d+\)$", "", line[0]).replace("\\|", "|") for line in lines]
    assert [name for name in shown if not name.startswith("**")] == [row.name for row in (*WRONG, *RIGHT)]
    seeds = [int((re.search(r"\((\d+)\)$", line[0]) or [0, "20"])[1]) for line in lines if line[0][:2] != "**"]
    assert seeds == [row.seeds for row in (*WRONG, *RIGHT)]


def test_interleaved_times_tell_slow_from_fast() -> None:
    times = interleaved({"fast": lambda: sum(range(10)), "slow": lambda: sum(range(100_000))}, rounds=3)
    assert times["slow"].least > 20 * times["fast"].least


def test_a_table_has_one_width() -> None:
    text = Section("T", ["name", "value"], [["a", "1"], ["longer", "22"]]).markdown()
    assert len({len(line) for line in text.splitlines() if line.startswith("|")}) == 1


def test_a_bar_in_a_cell_is_no_border() -> None:
    assert "| x\\|x\\| |" in Section("T", ["name"], [["x|x|"]]).markdown()


@pytest.mark.slow
def test_errors_are_measured_beside_each_other(tmp_path: Path) -> None:
    assert main(["accuracy", "--quick", "--out", str(tmp_path)]) == 0
    worst, off = json.loads((tmp_path / "bench.json").read_text())["sections"]
    assert [row[:2] for row in worst["rows"]] == [[n, d] for n in ("sigmoid", "relu") for d in ("float64", "float32")]
    # 1 - sigma(z) has no digits left from z = 37 on in float64, from 17 on in float32: JAX's slope is 0 there.
    first = next(row for row in off["rows"] if row[2] == "jax" and row[1] == "float64")
    assert first[5] == "-0"
    assert float(first[4]) > 1e10
    assert off["summary"]["operations off somewhere, backproof"] == 0

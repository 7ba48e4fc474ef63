"""Campaigns: wrong gradients found in batches, the same result however it is run, and nothing lost on the way."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from derive.registry import declare, get
from tests.verify.support import derived
from verify import strata
from verify.campaign import campaign
from verify.campaign.batches import run_batch
from verify.campaign.comparing import compare_stacked
from verify.campaign.drawing import single, sizes_of, stack
from verify.campaign.log import key_of
from verify.campaign.plan import SETS, Batch, Subject, cells, plan
from verify.domains import bounds_of
from verify.errors import CampaignError
from verify.sampling import draw
from verify.verdicts import Verdict

Arrays = Mapping[str, Any]
SMALL = ("sigmoid", "relu", "dense")


def half_at_zero(x: Arrays, d: Arrays) -> Arrays:
    return {"z": d["a"] * np.where(x["z"] == 0, 0.5, x["z"] > 0)}


def false_zeros(x: Arrays, d: Arrays) -> Arrays:
    a = 1 / (1 + np.exp(-x["z"]))
    return {"z": d["a"] * a * (1 - a)}


def without_bias(x: Arrays, d: Arrays) -> Arrays:
    return {"X": d["Z"] @ x["W"].T, "W": x["X"].T @ d["Z"], "b": d["Z"].mean(axis=0)}


def not_a_number(x: Arrays, d: Arrays) -> Arrays:
    return {"z": d["a"] * (x["z"] > 0) * np.nan}


def fails(x: Arrays, d: Arrays) -> Arrays:
    raise RuntimeError("out of order")


@pytest.mark.parametrize(
    ("name", "vjp", "stratum", "verdict"),
    [
        ("dense", without_bias, "ordinary", Verdict.WRONG_FORMULA),
        ("relu", half_at_zero, "zeros", Verdict.WRONG_CONVENTION),
        ("relu", half_at_zero, "ordinary", Verdict.AGREES),
        ("sigmoid", false_zeros, "saturated40", Verdict.INACCURATE),
        ("relu", not_a_number, "ordinary", Verdict.WRONG_FORMULA),
        ("relu", fails, "ordinary", Verdict.WRONG_FORMULA),
        ("relu", lambda x, d: {}, "ordinary", Verdict.WRONG_FORMULA),
        ("relu", lambda x, d: {"z": d["a"][..., None]}, "ordinary", Verdict.WRONG_FORMULA),
    ],
)
def test_a_wrong_gradient_gets_the_verdict_it_deserves(name: str, vjp: Any, stratum: str, verdict: Verdict) -> None:
    result = campaign([name], 60, strata=[stratum], gradients={name: vjp})
    assert result.verdict is verdict, str(result)
    assert bool(result.rows[0].faults) == verdict.faulty


def test_one_wrong_case_of_a_batch_is_found() -> None:
    def rarely(x: Arrays, d: Arrays) -> Arrays:
        return {"z": d["a"] * (x["z"] > 0) * (1 + 1e-6 * (np.max(x["z"]) > 2))}

    line = run_batch(Subject.of(get("relu")), Batch("relu", "ordinary", 0, 11, 0, 200, 200), rarely)
    counts = line["arguments"]["z"]
    assert line["verdict"] == "wrong formula"
    assert 0 < counts["elements"] - counts["agree"] < 0.2 * counts["elements"]


@pytest.mark.parametrize(
    "batch",
    [
        # few of the roundings take a pre-activation over its kink; three random ones did not show it
        Batch("rnn_relu", "huge", 2, 9931, 2, 256, 256),
        # JAX computes 1 - (1 - tanh(z)**2), which at z = 1e-4 leaves nine digits of tanh(z)**2
        Batch("tanhshrink", "ordinary", 0, 9931, 0, 256, 256),
    ],
    ids=lambda batch: batch.operation,
)
def test_what_rounding_does_is_not_taken_for_a_fault(batch: Batch) -> None:
    line = run_batch(Subject.of(get(batch.operation)), batch)
    assert line["verdict"] == "agrees", line["faults"]


def test_every_element_is_counted_once() -> None:
    result = campaign(["sigmoid", "softmax_cross_entropy"], 400)
    assert result.ok, str(result)
    assert result.cases == 400
    for row in result.rows:
        counts = row.counts
        parts = ("agree", "conditioned", "settled", "undecided")
        assert sum(counts[part] for part in parts) == counts["elements"] > 0
    (saturated,) = (row for row in result.rows if (row.operation, row.stratum) == ("sigmoid", "saturated40"))
    assert saturated.counts["settled"] > 0, "JAX's false zeros have to be settled by balls"
    assert set(saturated.balls) == {"agrees"}


def test_nan_agrees_with_nothing_and_infinity_not_with_itself_unseen() -> None:
    odd = np.array([[np.nan, np.inf, 1.0], [0.0, 2.0, -np.inf]])
    found = compare_stacked(odd, odd)
    assert found.disputed.tolist() == [[True, True, False], [False, False, True]]
    assert found.large.tolist() == found.disputed.tolist()
    infinite = compare_stacked(np.array([[1.0, -np.inf, 1.0]]), np.array([[np.inf, np.inf, -np.inf]]))
    assert infinite.disputed.all()
    assert infinite.large.all()
    assert not compare_stacked(np.array([[np.nan]]), np.array([[1.0]]), np.array([[np.nan]])).conditioned.any()


def test_the_spread_of_the_reference_never_accepts_what_is_seen_against_its_array() -> None:
    got, expected, moved = np.array([[1.0, 1e-13]]), np.array([[1.1, 1e-12]]), np.array([[1.0, 1e-13]])
    found = compare_stacked(got, expected, moved)
    assert found.conditioned.tolist() == [[False, True]]
    assert found.disputed.tolist() == [[True, False]]


# -- the draw -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sigmoid", "bce", "softmax_cross_entropy", "rnn", "adam", "conv2d"])
def test_a_stacked_draw_is_what_a_stratum_says(name: str) -> None:
    derivation = derived(name)
    program = derivation.program
    for number in range(SETS):
        sizes = sizes_of(program, name, 5, number)
        for stratum in strata.applicable(program):
            batch = Batch(name, stratum.name, number, 5, number, 7, 7)
            stacked = stack(derivation, batch, sizes)
            again = stack(derivation, batch, sizes)
            for key, value in stacked.inputs.items():
                assert np.array_equal(value, again.inputs[key])
                assert value.shape[0] == 7
                assert np.all(bounds_of(program.tensors[key], sizes).holds(value))
            lone, _ = draw(program, np.random.default_rng(0), stratum, sizes)
            for k in range(7):
                case = single(stacked, k)
                assert {key: value.shape for key, value in case.inputs.items()} == {
                    key: value.shape for key, value in lone.items()
                }
                if "Y" in case.inputs and program.facts:
                    assert np.all(case.inputs["Y"].sum(axis=1) == 1)


def test_strata_keep_their_definition_in_a_stack() -> None:
    derivation = derived("relu")
    sizes = {derivation.program.dimensions[0]: 5}

    def values(stratum: str) -> Any:
        return stack(derivation, Batch("relu", stratum, 0, 3, 0, 400, 400), sizes).inputs["z"]

    assert set(np.unique(values("ties"))) == {-1.0, 0.5, 1.0}
    assert 0.3 < np.mean(values("zeros") == 0) < 0.5
    far = np.abs(values("saturated40")) > 30
    assert 0.65 < np.mean(far) < 0.85
    assert abs(np.mean(values("saturated40")[far] > 0) - 0.5) < 0.1
    assert np.std(values("offset")) < 0.1
    assert abs(np.mean(values("offset")) - 1e6) < 1
    assert abs(np.std(values("ordinary")) - 1) < 0.1


# -- the same result however it is run ------------------------------------------------------------------------------------


def test_the_cases_are_shared_out_exactly() -> None:
    found = cells([get(name) for name in SMALL], None)
    for cases in (1, 10, 999, 12_345):
        batches = [batch for mine in plan(found, cases, 0).values() for batch in mine]
        assert sum(batch.count for batch in batches) == cases
        assert len({batch.key for batch in batches}) == len(batches)
        assert len({tuple(batch.entropy) for batch in batches}) == len(batches)


@pytest.mark.slow
def test_workers_change_nothing(tmp_path: Path) -> None:
    one = campaign(SMALL, 3000, seed=3, jobs=1, log=tmp_path / "one")
    two = campaign(SMALL, 3000, seed=3, jobs=2, log=tmp_path / "two")
    assert one.ok, str(one)
    assert one.to_dict() == two.to_dict()
    assert _lines(tmp_path / "one") == _lines(tmp_path / "two")
    assert campaign(SMALL, 3000, seed=4).to_dict() != one.to_dict()


def _lines(path: Path) -> list[dict[str, Any]]:
    lines = [json.loads(text) for text in path.read_text().splitlines()[1:]]
    for line in lines:
        assert line.pop("seconds") > 0
    return sorted(lines, key=key_of)


def test_an_interrupted_run_goes_on_from_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    whole = campaign(["relu", "binary_step"], 2000, seed=9, log=log)
    text = log.read_text().splitlines(keepends=True)
    log.write_text("".join(text[:4]) + text[4][:25])
    seen: list[tuple[int, int]] = []
    # the seed is the log's own
    again = campaign(
        ["relu", "binary_step"], 2000, log=log, progress=lambda name, done, total: seen.append((done, total))
    )
    assert again.to_dict() == whole.to_dict()
    assert sorted(log.read_text().splitlines()[0:4]) == sorted(line.rstrip("\n") for line in text[:4])
    assert len(log.read_text().splitlines()) == len(text)
    assert seen[-1] == (2000, 2000)
    before = log.read_bytes()
    campaign(["relu", "binary_step"], 2000, log=log)
    assert log.read_bytes() == before, "a finished campaign has nothing left to do"


def test_an_exception_leaves_a_log_that_goes_on(tmp_path: Path) -> None:
    def stop(name: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    log = tmp_path / "log.jsonl"
    with pytest.raises(KeyboardInterrupt):
        campaign(["relu", "binary_step"], 500, seed=9, log=log, progress=stop)
    assert len(log.read_text().splitlines()) > 1
    assert (
        campaign(["relu", "binary_step"], 500, log=log).to_dict()
        == campaign(["relu", "binary_step"], 500, seed=9).to_dict()
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"campaign": {"cases": 5}}\n', "its .* is .*, asked for was"),
        ('{"other": 1}\n', "must begin with its campaign"),
        ("something else\n", "one JSON object a line"),
        ("something else", "must begin with its campaign"),
    ],
)
def test_the_log_of_something_else_is_refused_and_kept(text: str, says: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(text)
    with pytest.raises(CampaignError, match=says):
        campaign(["relu"], 50, seed=1, log=log)
    assert log.read_text() == text


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"cases": 0}, "at least 1 case; got 0"),
        ({"jobs": 0}, "jobs must be at least 1"),
        ({"seed": -1}, "a seed must be 0 or larger"),
        ({"strata": ["tie"]}, "did you mean ties"),
        ({"operations": ["relu", "relu"]}, "relu is there twice"),
        ({"operations": []}, "must have an operation"),
    ],
)
def test_bad_values_are_refused(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(CampaignError, match=says):
        campaign(**{"operations": ["relu"], "cases": 10, **asked})


def test_nothing_is_decided_without_a_reference() -> None:
    result = campaign([declare("x[n]; L = sum(x**2)", name="nobody_states_this")], 50, strata=["ordinary"])
    assert result.verdict is Verdict.CANNOT_DECIDE
    assert result.cases == 0
    assert "has no reference" in result.rows[0].notes[0]


def test_few_cases_say_what_they_did_not_reach() -> None:
    result = campaign(["relu"], 1)
    assert result.cases == 1
    assert result.verdict is Verdict.CANNOT_DECIDE
    assert sum("not reached" in note for row in result.rows for note in row.notes) == len(result.rows) - 1


# -- Dask ---------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_killed_dask_worker_loses_no_result(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    log = tmp_path / "log.jsonl"
    cases = 20_000
    killed: list[int] = []
    with distributed.LocalCluster(
        processes=True, n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        victim = next(iter(cluster.workers.values())).pid

        def kill(name: str, done: int, total: int) -> None:
            if not killed and 0 < done < total:
                killed.append(victim)
                os.kill(victim, signal.SIGKILL)

        spread = campaign(SMALL, cases, seed=3, log=log, dask=cluster.scheduler_address, progress=kill)
    assert killed
    assert spread.cases == cases
    assert spread.ok, str(spread)
    assert spread.to_dict() == campaign(SMALL, cases, seed=3).to_dict()
    keys = [key_of(line) for line in _lines(log)]
    assert len(keys) == len(set(keys))


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("verify.campaign.running._PATIENCE", 1)
    with pytest.raises(CampaignError, match=r"address must be that of a running scheduler.*dask scheduler"):
        campaign(["relu"], 10, dask="tcp://127.0.0.1:9")
    with pytest.raises(CampaignError, match="address must be that of a running scheduler"):
        campaign(["relu"], 10, dask="nonsense://x")

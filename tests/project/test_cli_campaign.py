"""``backproof verify --cases``: a campaign from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.project.cli import in_a_fresh_process, in_process

Capture = pytest.CaptureFixture[str]


def test_a_campaign_says_what_agreed_and_what_was_not_decided(capsys: Capture) -> None:
    result = in_process(capsys, "verify", "sigmoid", "relu", "--cases", "4e2", "--seed", "5")
    assert result.status == 0, result
    head, *rows, total = result.out.splitlines()
    assert head.split()[:3] == ["operation", "stratum", "cases"]
    assert "undecided" in head
    assert {row.split()[0] for row in rows} == {"sigmoid", "relu"}
    assert total.startswith("400 cases")
    assert total.endswith("agrees (seed 5)")


def test_a_campaign_in_json_is_the_same_from_its_log(tmp_path: Path, capsys: Capture) -> None:
    log = str(tmp_path / "log.jsonl")
    command = ["verify", "binary_step", "--cases", "100", "--stratum", "ordinary,ties", "--log", log, "--json"]
    first = in_process(capsys, *command)
    assert first.status == 0, first
    found = json.loads(first.out)
    assert found["cases"] == 100
    assert [row["stratum"] for row in found["rows"]] == ["ordinary", "ties"]
    assert in_process(capsys, *command).out == first.out
    other = in_process(capsys, *command[:3], "200", *command[4:])
    assert other.status == 2
    assert "must be of the campaign that it continues; its cases is 100, asked for was 200" in other.err


def test_strata_of_single_checks(capsys: Capture) -> None:
    result = in_process(capsys, "verify", "relu", "--stratum", "ties", "--json")
    assert result.status == 0
    (evidence,) = json.loads(result.out)
    assert "ties" in {row["stratum"] for row in evidence["rows"]}
    assert "zeros" not in {row["stratum"] for row in evidence["rows"]}


def test_an_operation_without_a_reference_ends_with_status_1(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "mine.eqs"
    file.write_text("x[n]; L = sum(x**2)")
    result = in_process(capsys, "verify", str(file), "--cases", "10")
    assert result.status == 1
    assert "has no reference" in result.out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--cases", "0"], "--cases takes a whole number from 1 up; got '0'"),
        (["--cases", "nan"], "--cases takes a whole number from 1 up"),
        (["--cases", "inf"], "--cases takes a whole number from 1 up"),
        (["--cases", "2.5"], "--cases takes a whole number from 1 up"),
        (["--cases", "many"], "--cases takes a whole number from 1 up"),
        (["--cases", "10", "--stratum", "tie"], "did you mean ties"),
        (["--stratum", "tie"], "did you mean ties"),
        (["--cases", "10", "--jobs", "0"], "jobs must be at least 1"),
        (["--cases", "10", "--log", "no/such/folder/log"], "no/such/folder/log"),
        (["--cases", "10", "--dask", "nonsense://x"], "address must be that of a running scheduler"),
        (["--cases", "10", "--details"], "leave it out"),
        (["--jobs", "0"], "jobs must be at least 1"),
        (["--all"], "--all is the whole catalog; got relu beside it"),
    ],
)
def test_bad_values_end_with_status_2(options: list[str], says: str, capsys: Capture) -> None:
    result = in_process(capsys, "verify", "relu", *options)
    assert result.status == 2, result
    assert says in result.err
    assert "Traceback" not in result.err


@pytest.mark.slow
def test_a_campaign_with_two_jobs_in_a_fresh_process(tmp_path: Path) -> None:
    result = in_a_fresh_process(
        "verify", "relu", "binary_step", "--cases", "200", "--jobs", "2", "--seed", "1", cwd=tmp_path
    )
    assert result.status == 0, result
    assert result.out.splitlines()[-1].startswith("200 cases")
    assert result.err == ""


def test_two_jobs_say_what_one_says(capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for jobs in ("1", "2"):
        result = in_process(
            capsys, "verify", "sigmoid", "l2", "--seed", "1", "--stratum", "ordinary", "--jobs", jobs, "--json"
        )
        assert result.status == 0, result.err
        told.append([{**each, "seconds": 0} for each in json.loads(result.out)])
    assert told[0] == told[1]

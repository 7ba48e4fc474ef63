"""Work on several processes: its order, and that each process lives until all is done."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path

import pytest

from derive.registry import get
from verify.errors import CampaignError
from verify.many import kill_tables
from verify.mutants import kill_table
from verify.processes import ordered, unordered

GROWTH = 400  # megabytes; of 300 the executor makes a leak
_kept: list[bytes] = []


def _mark(file: Path) -> str:
    """Makes the file; ``0`` only when ``1`` is there."""
    until = time.monotonic() + 60
    while file.name == "0" and not file.with_name("1").exists() and time.monotonic() < until:
        time.sleep(0.01)
    file.touch()
    return file.name


def _grow(_: int) -> int:
    if not _kept:
        _kept.append(b"")
    elif len(_kept) == 1:
        _kept.append(b"\1" * (GROWTH << 20))
    time.sleep(1.05)  # the executor looks once a second
    return os.getpid()


def test_results_come_in_order_whoever_is_first(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("0", "1", "2")]
    assert sorted(found := list(unordered(_mark, files, 2))) == ["0", "1", "2"]
    assert found[0] != "0"
    (tmp_path / "1").unlink()
    assert list(ordered(_mark, files, 2)) == ["0", "1", "2"]


def test_a_process_that_keeps_what_it_made_is_not_replaced() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an error of the executor's own thread would hang it
        assert len(set(unordered(_grow, range(6), 2))) <= 2


def test_kill_tables_of_several_processes_are_those_of_one() -> None:
    operations = [get("l2"), get("relu"), get("l1")]
    found = list(kill_tables(operations, jobs=2, seed=3, beside=()))
    for operation, table in zip(operations, found, strict=True):
        alone = kill_table(operation, seed=3, beside=())
        assert {**table.to_dict(), "seconds": 0} == {**alone.to_dict(), "seconds": 0}
    with pytest.raises(CampaignError, match="made in another process"):
        found[0].outcomes[0].mutant.make()
    with pytest.raises(CampaignError, match="jobs must be at least 1"):
        next(kill_tables(operations, jobs=0))

"""Each test whose verdict must not depend on the draw, at many seeds in one process: ``make seeds REPEAT=30``.

What a test derives and compiles is made once, so that thirty seeds take about five times as long as one run; what fails at
one seed in a thousand is found before ``make soak`` stops at it.  The seeds are ``SEED``, ``SEED + STEP`` and so on; a
failure names them, and ``BACKPROOF_TEST_SEED=N`` repeats each.  Tests that change something (``monkeypatch``) or write
files (``tmp_path``) run once: a second time they would find what the first one left.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import pytest

from tests.seeds import SEED as FIRST

REPEAT = int(os.environ.get("BACKPROOF_TEST_REPEAT", "30"))
STEP = 1_000_003
SECONDS = 45  # for one test: the dear ones see fewer seeds
NEAR = 10_000  # what a test adds to the seed stays below
ONCE = {"monkeypatch", "tmp_path", "tmp_path_factory"}


def draws(item: pytest.Item) -> bool:
    """Whether a test takes a seed: from its module, as a parameter, or by drawing examples."""
    function = getattr(item, "function", None)
    taken = vars(getattr(item, "module", None) or object).get("SEED") == FIRST
    return taken or bool(seeds(item)) or hasattr(function, "hypothesis")


def seeds(item: pytest.Item) -> dict[str, int]:
    """The parameters that are seeds."""
    call = getattr(item, "callspec", None)
    given = call.params.items() if call else ()
    return {name: value for name, value in given if "seed" in name and type(value) is int and 0 <= value - FIRST < NEAR}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    others = [item for item in items if not draws(item)]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if draws(item)]


@contextmanager
def seed_of_all_tests(seed: int) -> Iterator[None]:
    changed = [m for m in list(sys.modules.values()) if vars(m).get("SEED") == FIRST]
    for module in changed:
        vars(module)["SEED"] = seed
    try:
        yield
    finally:
        for module in changed:
            vars(module)["SEED"] = FIRST


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    names = pyfuncitem._fixtureinfo.argnames
    if ONCE & set(names):
        return None
    arguments: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in names}
    given, start = seeds(pyfuncitem), monotonic()
    failed: list[int] = []
    first: BaseException | None = None
    done = 0
    while done < REPEAT and (not done or monotonic() - start < SECONDS):
        moved = done * STEP
        with seed_of_all_tests(FIRST + moved):
            try:
                pyfuncitem.obj(**arguments | {name: seed + moved for name, seed in given.items()})
            except (Exception, pytest.fail.Exception) as problem:  # whatever it is, it is told with its seed
                failed.append(FIRST + moved)
                first = first or problem
        done += 1
    if failed:
        raise AssertionError(f"fails at {len(failed)} of {done} seeds: {failed}") from first
    return True

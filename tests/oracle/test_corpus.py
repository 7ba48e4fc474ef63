"""Mistakes of public projects: the right version passes, the wrong one is found, and the diagnosis names the cause."""

from __future__ import annotations

import pytest

from tests.oracle.corpus import BUGS
from tests.seeds import SEED
from tests.shares import turn
from verify.oracle import check

KNOWN = {bug.name: bug for bug in BUGS}
SECONDS = 60  # a slow machine must not change the answer


@pytest.mark.parametrize("name", turn("mistakes of public projects", list(KNOWN), 4))
def test_the_right_version_passes(name: str) -> None:
    bug = KNOWN[name]
    found = check(bug.right, bug.operation, seed=SEED, strata=bug.strata, **bug.options)
    assert found.ok, str(found)
    assert not found.causes


@pytest.mark.parametrize("name", turn("mistakes of public projects", list(KNOWN), 8))
def test_the_wrong_version_is_found_and_explained(name: str) -> None:
    bug = KNOWN[name]
    seconds = SECONDS if bug.kinds else 3
    found = check(bug.wrong, bug.operation, seed=SEED, strata=bug.strata, seconds=seconds, **bug.options)
    assert not found.ok
    told = [set(cause.kinds) for cause in found.causes]
    if bug.kinds:
        assert any(kinds & bug.kinds for kinds in told), str(found)
    else:
        assert not told
        assert "none of the known mistakes reproduces what was returned" in str(found)

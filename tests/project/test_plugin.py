"""The pytest plugin, in test files of somebody else."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

from verify.oracle import check

LAYER_NORM = """
import numpy as np
import pytest

def backward(dout, x, gamma, eps):
    xc = x - x.mean(-1, keepdims=True)
    rstd = 1/np.sqrt(xc.var(-1, keepdims=True) + eps)
    xhat, g = xc*rstd, dout*gamma
    dx = rstd*(g - g.mean(-1, keepdims=True){TERM})
    return dx, (dout*xhat).sum(0), dout.sum(0)

@pytest.mark.gradient_oracle(strata=["ordinary"], wrt=["x", "gamma", "beta"])
def test_mine(gradient_oracle):
    found = gradient_oracle.check(backward, "layer_norm")
    print("seed", found.evidence.seed, "elements", sum(row.points for row in found.evidence.rows))
"""
RIGHT = LAYER_NORM.replace("{TERM}", " - xhat*(g*xhat).mean(-1, keepdims=True)")
WRONG = LAYER_NORM.replace("{TERM}", "")


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """Every library of a run is loaded here: what a run inside of this process loads first would be dropped after it."""
    np.fft.fft([1.0])
    for strata in (["ordinary"], None):
        assert not check(lambda z: 1.5 * np.maximum(z, 0), "relu", kind="forward", strata=strata, seed=1).ok


def ran(pytester: pytest.Pytester, text: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(text)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", *options)


@contextmanager
def database(chosen: ExampleDatabase | None) -> Iterator[None]:
    """What hypothesis keeps its examples in meanwhile; none is what it has by itself where the variable CI is set."""
    before = os.environ.get("HYPOTHESIS_PROFILE", "default")  # as tests/conftest.py loads it
    settings.register_profile("gradient seeds", parent=settings.get_profile(before), database=chosen)
    settings.load_profile("gradient seeds")
    try:
        yield
    finally:
        settings.load_profile(before)


def test_a_right_gradient_passes_at_the_seed_that_was_asked_for(pytester: pytest.Pytester) -> None:
    result = ran(pytester, RIGHT, "--gradient-seed=5", "-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*seed 5 elements *"])


def test_more_cases_judge_more_elements(pytester: pytest.Pytester) -> None:
    def elements(cases: int) -> int:
        result = ran(pytester, RIGHT, "--gradient-seed=5", f"--gradient-cases={cases}", "-s")
        found = re.search(r"elements (\d+)", result.stdout.str())
        assert found is not None
        return int(found[1])

    assert elements(6) > elements(2)


def test_the_failure_says_what_is_wrong_and_how_to_see_it_again_in_25_lines(pytester: pytest.Pytester) -> None:
    result = ran(pytester, WRONG, "--gradient-seed=5")
    result.assert_outcomes(failed=1)
    lines = result.stdout.lines
    start = next(at for at, line in enumerate(lines) if line.startswith("backward against layer_norm"))
    end = next(at for at, line in enumerate(lines) if line.startswith("again:"))
    told = "\n".join(lines[start : end + 1])
    assert end - start < 25
    assert "x: wrong formula" in told  # the argument
    assert re.search(r"x\[\d+, \d+\] got", told)  # the worst element
    assert "var is taken for a constant" in told  # the cause
    assert "import numpy as np" in told  # to paste
    assert told.endswith("--gradient-seed=5")


def seeds(pytester: pytest.Pytester, text: str) -> list[str]:
    return re.findall(r"seed (\d+)", ran(pytester, text, "-s").stdout.str())


def test_the_next_run_begins_with_the_seed_that_failed(pytester: pytest.Pytester) -> None:
    place = pytester.path / "kept"
    with database(DirectoryBasedExampleDatabase(place)):
        first, *_ = seeds(pytester, WRONG)
        assert list(place.rglob("*"))
        again, *_ = seeds(pytester, WRONG)
        assert again == first
        mended = seeds(pytester, RIGHT)
        assert mended[0] != first  # what is printed is of the fresh seed, after the kept one passed
        fresh, *_ = seeds(pytester, WRONG)
        assert fresh != first


def test_without_a_database_no_seed_is_kept(pytester: pytest.Pytester) -> None:
    with database(None):
        first, *_ = seeds(pytester, WRONG)
        again, *_ = seeds(pytester, WRONG)
    assert again != first


def test_settings_of_a_check_go_before_those_of_the_marker(pytester: pytest.Pytester) -> None:
    text = RIGHT.replace('"layer_norm")', '"layer_norm", seed=9)')
    ran(pytester, text, "--gradient-seed=5", "-s").stdout.fnmatch_lines(["*seed 9 elements *"])


def test_a_marker_with_settings_without_names_is_refused(pytester: pytest.Pytester) -> None:
    result = ran(pytester, RIGHT.replace('strata=["ordinary"], ', '"ordinary", '))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*gradient_oracle takes settings by name (cases=8, strata=[[]...[]]); got 'ordinary'*"]
    )


def test_a_number_of_cases_below_1_is_refused(pytester: pytest.Pytester) -> None:
    result = ran(pytester, RIGHT, "--gradient-cases=0")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--gradient-cases: invalid * value: '0'*"])


def test_the_plugin_is_listed_and_loads_no_heavy_library(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import sys\ndef test_it():\n    assert not {'sympy', 'jax', 'scipy'} & set(sys.modules)")
    result = pytester.runpytest_subprocess("--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.gradient_oracle(*settings): settings of every *"])
    pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-p", "no:jaxtyping").assert_outcomes(passed=1)

"""What every test run shares: quiet libraries, one hypothesis profile, and the place of the tree."""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from derive.registry import names
from derive.reverse import forgetting
from tests.seeds import SEED, VARIABLE

# Two workers share two cores, so each library gets one thread; reports never open a window.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

# Examples are fresh in every run, wherever it is (hypothesis has other settings of its own where the variable CI is set), and
# printed when a test fails.  The deadline is for what hangs, not for what is slow.
settings.register_profile(
    "default",
    parent=settings.get_profile("default"),
    deadline=timedelta(minutes=1),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# Expressions live long and form no cycles: to look through all of them again and again finds nothing.
gc.set_threshold(100_000, 50, 100)

COSTLY = ("core", "made_site")  # fixtures of a session that several modules use


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With ``--dist loadgroup`` one worker sees all of an operation, which it derives once, and all else of a module.

    What takes long to make for a whole session is made by one worker, too.
    """
    operations = set(names())
    for item in items:
        call = getattr(item, "callspec", None)
        asked = (
            [value for value in call.params.values() if isinstance(value, str) and value in operations] if call else []
        )
        costly = [name for name in COSTLY if name in getattr(item, "fixturenames", ())]
        item.add_marker(pytest.mark.xdist_group((*asked, *costly, item.location[0])[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"seeds from {SEED} on: repeat with {VARIABLE}={SEED}")


@pytest.fixture(autouse=True)
def rules_that_a_test_changed(request: pytest.FixtureRequest) -> Iterator[None]:
    """What was derived by other rules is not taken for a derivation by these; a test that changes a rule forgets first."""
    with forgetting() if "monkeypatch" in request.fixturenames else nullcontext():
        yield


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of folders, none of which is made before it is used."""
    folder = tmp_path_factory.mktemp("caches")
    yield folder
    os.environ.pop("BACKPROOF_CACHE", None)


@pytest.fixture(autouse=True)
def own_cache(caches: Path, request: pytest.FixtureRequest) -> None:
    """No test reads the pages that another one, or the user, keeps; nor does it write there."""
    os.environ["BACKPROOF_CACHE"] = str(caches / hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16])


ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the source tree."""
    return ROOT

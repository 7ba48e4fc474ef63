"""pytest plugin: ``gradient_oracle.check(implementation, "layer_norm")`` inside anybody's tests.

.. code-block:: python

    def test_mine(gradient_oracle):
        gradient_oracle.check(my_layer_norm_backward, "layer_norm")

* the fixture ``gradient_oracle``: its ``check`` takes what :func:`backproof.check` takes, fails the test with the oracle's
  answer where an implementation does not agree, and returns the :class:`~verify.oracle.Check` otherwise;
* the marker ``@pytest.mark.gradient_oracle(cases=8, strata=["ordinary"])``: settings of every check of a test, a class or a
  module;
* ``--gradient-cases N`` points in each stratum, ``--gradient-seed N`` to repeat a run.

The seed of a failure is kept in hypothesis' example database (``.hypothesis/``), so that the next run begins with what failed
in the last one; it is dropped when it no longer fails. Where hypothesis keeps no database (its own settings have none where
the variable ``CI`` is set), no seed is kept: the failure names it.

Loading the plugin loads neither SymPy nor JAX: those come with the first check.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

    from derive.operation import Operation
    from verify.oracle import Check

MARKER = "gradient_oracle"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options ``--gradient-cases`` and ``--gradient-seed``."""
    group = parser.getgroup("backproof", "gradients judged by backproof")
    group.addoption(
        "--gradient-cases", type=_positive, metavar="N", help="gradient_oracle: points in each stratum (default: 4)."
    )
    group.addoption(
        "--gradient-seed", type=int, metavar="N", help="gradient_oracle: repeat a run (default: a fresh seed, told)."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    meaning = "settings of every gradient_oracle.check of the test: those of backproof.check (cases, seed, strata, dtype, ...)"
    config.addinivalue_line("markers", f"{MARKER}(**settings): {meaning}")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


class GradientOracle:
    """What a test asks; see :func:`backproof.check` for the settings."""

    def __init__(self, test: str, settings: dict[str, Any], database: ExampleDatabase | None) -> None:
        self._test, self._settings, self._database = test, settings, database
        self._asked = 0

    def check(self, implementation: Any, against: Operation | str, **settings: Any) -> Check:
        """Fail the test unless the implementation agrees; settings given here go before those of the marker and options."""
        __tracebackhide__ = True
        import backproof

        chosen = {**self._settings, **settings}
        self._asked += 1
        key = f"backproof {self._test} {self._asked}".encode()
        seeds = [*self._kept(key), None] if chosen.get("seed") is None else [chosen["seed"]]
        for seed in seeds:
            found = backproof.check(implementation, against, **{**chosen, "seed": seed})
            kept = str(found.evidence.seed).encode()
            if not found.ok:
                if self._database is not None:
                    self._database.save(key, kept)
                pytest.fail(
                    f"{found}\nagain: pytest '{self._test}' --gradient-seed={found.evidence.seed}", pytrace=False
                )
            if self._database is not None and seed is not None:
                self._database.delete(key, kept)
        return found

    def _kept(self, key: bytes) -> Iterator[int]:
        for value in list(self._database.fetch(key)) if self._database is not None else ():
            with suppress(ValueError):  # somebody else's file
                yield int(value)


@pytest.fixture
def gradient_oracle(request: pytest.FixtureRequest) -> GradientOracle:
    """The oracle: ``gradient_oracle.check(implementation, "layer_norm")`` fails the test where a gradient is wrong."""
    from hypothesis import settings as hypothesis_settings

    settings: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers(MARKER))):  # the nearest one last
        if mark.args:
            raise pytest.UsageError(
                f"@pytest.mark.{MARKER} takes settings by name (cases=8, strata=[...]); got {', '.join(map(repr, mark.args))}"
            )
        settings |= mark.kwargs
    for option, setting in (("--gradient-cases", "cases"), ("--gradient-seed", "seed")):
        value = request.config.getoption(option)
        if value is not None:
            settings[setting] = value
    return GradientOracle(request.node.nodeid, settings, hypothesis_settings().database)

"""``backproof verify --cases N``: a campaign of random cases in batches, on this machine or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backproof.cli.console import conclude, progress
from backproof.cli.failures import BadInput

if TYPE_CHECKING:
    from derive.operation import Operation


def number_of_cases(text: str) -> int:
    """A number of cases as people write it.

    >>> number_of_cases("1e6"), number_of_cases("20_000")
    (1000000, 20000)
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.5
    if not (number >= 1 and number.is_integer()):
        raise BadInput(f"--cases takes a whole number from 1 up; got {text!r}; write for example --cases 1e6")
    return int(number)


def run(
    operations: Sequence[Operation],
    cases: str,
    *,
    jobs: int,
    seed: int | None,
    log: Path | None,
    dask: str | None,
    strata: Sequence[str] | None,
    wrt: Sequence[str] | None,
    json: bool,
) -> None:
    """Run a campaign and print what it found."""
    total = number_of_cases(cases)
    from verify.campaign import campaign

    with progress("verifying", total) as advance:
        result = campaign(
            operations,
            total,
            jobs=jobs,
            seed=seed,
            log=log,
            dask=dask,
            strata=strata,
            wrt=wrt,
            progress=lambda name, done, total: advance(name, done, total),
        )
    conclude(result, json)

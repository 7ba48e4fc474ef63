"""Errors of the reports: what is missing or failed, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from derive.errors import BackproofError

EXTRA = "pip install 'backproof[reports]'"


class ReportError(BackproofError):
    """A report that could not be written."""


class EngineMissing(ReportError):
    """A program that makes PDF is not installed."""


class CompileError(ReportError):
    """An engine rejected a document; the message holds the engine's own words."""


class MissingExtra(ReportError, ModuleNotFoundError):
    """A library that only reports need is not installed."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Around the import of a library that only reports need.

    >>> with extra("json"):
    ...     import json

    Raises :class:`MissingExtra` that says how to install it.
    """
    try:
        yield
    except ModuleNotFoundError as problem:
        if problem.name != name:
            raise
        message = f"reports need the package {name!r}, which is not installed; install it with: {EXTRA}"
        raise MissingExtra(message, name=name) from None

"""What a reader may choose about a page."""

from __future__ import annotations

from dataclasses import dataclass

from reports.errors import ReportError

SEED = 2026  # what a report draws is the same in every run: equal input gives equal bytes
DETAILS = ("brief", "lecture", "full")
LAYOUTS = ("rows", "columns")


@dataclass(frozen=True)
class Settings:
    """``detail`` is ``brief`` (statement, result, verdict), ``lecture``, or ``full`` (every recorded step).

    ``layout`` says whether the rows or the columns of a matrix are samples (:mod:`derive.layout`).

    >>> Settings(detail="full").options
    ' --detail full'
    """

    detail: str = "lecture"
    layout: str = "rows"

    def __post_init__(self) -> None:
        for what, given, known in (("level of detail", self.detail, DETAILS), ("layout", self.layout, LAYOUTS)):
            if given not in known:
                raise ReportError(f"there is no {what} {given!r}; choose one of {', '.join(known)}")

    @property
    def options(self) -> str:
        """The options that choose them on the command line; none for what is chosen anyway."""
        return "".join(
            f" --{name} {value}"
            for name, value in (("detail", self.detail), ("layout", self.layout))
            if value != getattr(LECTURE, name)
        )


LECTURE = Settings()

__all__ = ["DETAILS", "LAYOUTS", "LECTURE", "SEED", "Settings"]

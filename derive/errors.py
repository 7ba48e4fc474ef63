"""Errors of the derive package; each says what must hold, what was given, and where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class BackproofError(Exception):
    """Base of every error that bad input can cause."""


@contextmanager
def about(place: str) -> Iterator[None]:
    """Name the place in an error that does not name one yet."""
    try:
        yield
    except BackproofError as error:
        if not getattr(error, "__notes__", ()):
            error.add_note(place)
        raise


class DeclarationError(BackproofError, ValueError):
    """A declaration that cannot be understood; the message shows the line with a caret."""

    def __init__(self, message: str, line: str = "", line_number: int = 0, column: int = 0) -> None:
        self.reason = message
        self.line, self.line_number, self.column = line, line_number, column
        where = ""
        if line:
            start = max(0, column - 60)
            shown = line[start : column + 60]
            where = f"line {line_number}:\n    {shown}\n    {' ' * (column - start)}^\n"
        super().__init__(f"{where}{message}")


class ShapeMismatch(DeclarationError):
    """Arrays whose shapes do not go together."""


class CycleError(DeclarationError):
    """Equations that each need another first; ``members`` are their targets."""

    def __init__(self, message: str, members: Iterable[str]) -> None:
        self.members = tuple(members)
        super().__init__(message)


class DerivationError(BackproofError, ValueError):
    """A derivative that the engine does not know how to take, or a request that has no meaning."""


class UnknownOperation(BackproofError, LookupError):
    """No operation has this name; close names are suggested."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        close = difflib.get_close_matches(name, names, n=3)
        hint = (
            f"did you mean {' or '.join(close)}?"
            if close
            else f"`backproof list` names the {len(names)} that are known"
        )
        super().__init__(f"there is no operation called {name!r}; {hint}")

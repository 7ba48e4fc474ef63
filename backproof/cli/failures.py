"""From an exception to the message that a person reads: what is wrong, where, and what to do."""

from __future__ import annotations


class BadInput(Exception):
    """Input that the command line itself rejects."""


class Interrupted(Exception):
    """Ctrl-C or a request to end, with what it stopped; ``status`` is that of a process that the signal ended."""

    def __init__(self, message: str, stop: KeyboardInterrupt) -> None:
        super().__init__(message)
        self.status = getattr(stop, "status", 130)


class Terminated(KeyboardInterrupt):
    """A request to end (SIGTERM), treated as Ctrl-C is: nothing is left behind."""

    status = 143


def explain(error: BaseException) -> str | None:
    """The message for bad input, or None where the error is our own fault.

    >>> print(explain(BadInput("--form takes matrix, index, steps or latex")))
    --form takes matrix, index, steps or latex
    """
    from derive.errors import BackproofError

    place = "".join(f"{note}:\n" for note in getattr(error, "__notes__", ()))
    if isinstance(error, BadInput | BackproofError):
        return f"{place}{error}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{place}{error.strerror}: {error.filename}; check that the path exists and may be read or written"
    if isinstance(error, UnicodeDecodeError):
        return f"{place}the file is not UTF-8 text (byte {error.start}); save it as UTF-8"
    if isinstance(error, ModuleNotFoundError) and error.name in ("typst", "math_core", "matplotlib", "jinja2"):
        return f"{place}reports need the package {error.name!r}; install them with: pip install 'backproof[reports]'"
    return None

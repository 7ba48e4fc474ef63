"""The line that says which versions made a document."""

from __future__ import annotations

from verify.evidence import versions


def versions_line() -> str:
    """Python and every package that took part, as far as they are installed.

    >>> versions_line()
    'Versions: python ... sympy ...'
    """
    return "Versions: " + ", ".join(f"{name} {number}" for name, number in versions().items())


__all__ = ["versions_line"]

r"""What a notebook shows of an object.

Nothing here knows a writer: whoever does says with :func:`show_with` how objects look in a form (``html``, ``markdown``,
``latex``).  Where nobody has, a notebook falls back on ``repr``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

Painter = Callable[[object, str], str | None]
FORMS = ("html", "markdown", "latex")

_painters: list[Painter] = []


def show_with(painter: Painter) -> None:
    """Have objects shown by ``painter(object, form)``; it answers ``None`` where it knows nothing better than ``repr``."""
    _painters[:] = [painter]


def shown(subject: object, form: str) -> str | None:
    """How an object looks in a form, or ``None``.

    >>> shown(object(), "html") is None
    True
    """
    return next((found for found in (painter(subject, form) for painter in _painters) if found is not None), None)


def display(rows: Iterable[str]) -> str:
    r"""Aligned rows of LaTeX as every notebook typesets them.

    >>> print(display(["y &= x"]))
    $$\begin{aligned}
    y &= x
    \end{aligned}$$
    """
    joined = " \\\\\n".join(row.removesuffix(" \\\\") for row in rows)
    return f"$$\\begin{{aligned}}\n{joined}\n\\end{{aligned}}$$"


class Rich:
    """An object that notebooks show by more than its ``repr`` (the protocol of IPython)."""

    def _repr_html_(self) -> str | None:
        return shown(self, "html")

    def _repr_markdown_(self) -> str | None:
        return shown(self, "markdown")

    def _repr_latex_(self) -> str | None:
        return shown(self, "latex")

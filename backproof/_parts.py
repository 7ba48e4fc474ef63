"""The check that the four parts that get imported are backproof's own.

``derive``, ``numeric``, ``verify`` and ``reports`` are top-level packages, and somebody else's package of the same
name may come first on ``sys.path``.  That must be said at import, by path, and not show as a strange error later.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

PARTS = ("derive", "numeric", "verify", "reports")


def check_parts(home: Path | None = None) -> None:
    """Raise ``ImportError`` unless every part lies beside this package.

    ``home`` is the folder that holds all five packages (found from this file unless given).  Nothing is imported.

    >>> check_parts()
    """
    home = Path(__file__).resolve().parent.parent if home is None else home.resolve()
    for part in PARTS:
        spec = importlib.util.find_spec(part)
        if spec is None:
            raise ImportError(
                f"backproof needs its part {part!r} beside it in {home}, and there is none; install backproof again"
            )
        found = (
            Path(spec.origin).resolve().parent
            if spec.origin
            else Path(next(iter(spec.submodule_search_locations or [""])))
        )
        if found != home / part:
            raise ImportError(
                f"backproof needs its own package {part!r} ({home / part}), but Python finds a foreign one "
                f"first: {found}; rename or remove that one, or put {home} before it on sys.path"
            )

"""Typst in a process of its own, which may be ended: compiles ``main.typ`` of a folder to ``main.pdf``.

Run by its path, so that it needs nothing but the ``typst`` wheel: ``python -P child.py FOLDER OPTIONS``.  What Typst rejects
is printed as JSON, ``[message, [hints]]``, and the exit status is 1.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(folder: Path, options: str) -> int:
    """Compile, and say what went wrong."""
    import typst

    try:
        compiled = typst.compile(folder / "main.typ", root=folder, **json.loads(options))
    except typst.TypstError as problem:
        print(json.dumps([str(getattr(problem, "message", problem)), list(getattr(problem, "hints", ()))]))
        return 1
    (folder / "main.pdf").write_bytes(bytes(compiled))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))

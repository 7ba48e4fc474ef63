"""An implementation in a Python file: ``path/to/module.py:name``."""

from __future__ import annotations

import difflib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from verify.errors import LoadingError

_FORM = "an implementation is written path/to/module.py:name (name may be Class or object.method)"


def place(written: str) -> tuple[str, str]:
    """The file and the name of ``path/to/module.py:name``.

    Raises:
        LoadingError: it is written otherwise, or there is no such file.

    Example:
        >>> place("mylayers.py")
        Traceback (most recent call last):
        ...
        verify.errors.LoadingError: an implementation is written path/to/module.py:name (...), got 'mylayers.py'
    """
    path, colon, name = written.rpartition(":")
    if not colon or not name or not path:
        raise LoadingError(f"{_FORM}, got {written!r}")
    if not Path(path).is_file():
        raise LoadingError(f"{_FORM}; there is no file {path}")
    return path, name


def loaded(path: str) -> ModuleType:
    """The module in a file, imported as ``python file.py`` would import it.

    Raises:
        LoadingError: it is no Python file, or importing it fails.
    """
    file = Path(path)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise LoadingError(f"{_FORM}; {path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(file.resolve().parent))
    try:
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    except Exception as error:  # somebody's module may fail in any way
        raise LoadingError(f"importing {path} raised {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    return module


def found(module: ModuleType, name: str) -> Any:
    """What a module has under a dotted name.

    Raises:
        LoadingError: nothing; the message names what is there.
    """
    what: Any = module
    for part in name.split("."):
        if not hasattr(what, part):
            known = [each for each in vars(what) if not each.startswith("_")] if hasattr(what, "__dict__") else []
            close = difflib.get_close_matches(part, known, n=3) or known[:8]
            raise LoadingError(f"{module.__file__} has no {name}; there is {', '.join(close) or 'nothing'}")
        what = getattr(what, part)
    return what

"""The printed gradient of every operation, and its kinks, in files by subject as in the catalog.

A new file needs no mention.
"""

from __future__ import annotations

import importlib
import pkgutil

FORMS: dict[str, str] = {}
KINKS: dict[str, list[str]] = {}
for _found in pkgutil.iter_modules(__path__):
    _module = importlib.import_module(f"{__name__}.{_found.name}")
    FORMS.update(_module.FORMS)
    KINKS.update(getattr(_module, "KINKS", {}))

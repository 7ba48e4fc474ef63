"""The printed gradient of every operation, in files by subject as in the catalog; a new file needs no mention."""

from __future__ import annotations

import importlib
import pkgutil

FORMS: dict[str, str] = {}
for _module in pkgutil.iter_modules(__path__):
    FORMS.update(importlib.import_module(f"{__name__}.{_module.name}").FORMS)

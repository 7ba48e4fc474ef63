"""A typeset document by content: equal source, pictures and engine give the PDF that was kept, and nothing is typeset again.

What TeX makes depends on its packages, which nobody can name; so that is never kept.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from reports.binding.cache import Cache
from reports.binding.fingerprint import code
from reports.engines import TYPST, typst_pdf

OURS = ("reports.engines",)  # what hands a document to Typst


def typeset(source: str, assets: Mapping[str, bytes], cache: Cache) -> bytes:
    """The PDF of a document in Typst, kept or made; whoever is done with the cache prunes it.

    Raises what :func:`reports.engines.typst_pdf` raises.
    """
    key = key_of_pdf(source, assets) if cache.folder is not None else ""
    known = cache.read_bytes(key)
    if known is not None:
        return known
    made = typst_pdf(source, assets)
    if key:
        cache.write_bytes(key, made)
    return made


def key_of_pdf(source: str, assets: Mapping[str, bytes]) -> str:
    """The key of a document in Typst with its pictures; empty without the engine."""
    try:
        engine = version("typst")
    except PackageNotFoundError:
        return ""
    pictures = [(name, hashlib.sha256(content).hexdigest()) for name, content in sorted(assets.items())]
    told = ["pdf", engine, repr(sorted(TYPST.items())), platform.system(), platform.machine(), code(OURS)]
    return hashlib.sha256("\n\0".join([*told, repr(pictures), source]).encode()).hexdigest()


__all__ = ["key_of_pdf", "typeset"]

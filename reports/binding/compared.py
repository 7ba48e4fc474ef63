"""What a chapter shows of its operations together: the paths of its optimizers on one surface, kept as pages are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from derive.operation import Operation
from reports.binding.cache import Cache
from reports.binding.fingerprint import key_of
from reports.codec import CodecError, dumps, loads
from reports.document import Figure
from reports.pictures import comparison_figure
from reports.pictures.surfaces import Walker


def compared(operations: Sequence[Operation], kinds: Sequence[str], cache: Path | Cache | None) -> Mapping[str, Figure]:
    """The picture of each category of which two operations or more can be compared, in the formats ``kinds``.

    >>> from derive.registry import get
    >>> dict(compared([get("adam"), get("relu"), get("tanh")], ["svg"], None))
    {}
    """
    kept = cache if isinstance(cache, Cache) else Cache(cache)
    found = {}
    for category in dict.fromkeys(each.category for each in operations):
        inside = [each for each in operations if each.category == category and Walker.of(each) is not None]
        if len(inside) > 1 and (figure := _figure(inside, tuple(kinds), kept)) is not None:
            found[category] = figure
    return found


def _figure(operations: Sequence[Operation], kinds: tuple[str, ...], cache: Cache) -> Figure | None:
    keys = [key_of(each, "page", {"compared": kinds}) for each in operations]
    key = hashlib.sha256("\n".join(keys).encode()).hexdigest() if all(keys) else ""
    try:
        known = loads(cache.read(key) or "") if key else None
    except CodecError:
        known = None
    if isinstance(known, Figure):
        return known
    figure = comparison_figure(operations)
    if figure is None:
        return None
    drawn = replace(figure, data={kind: figure.data[kind] for kind in kinds})
    if key:
        cache.write(key, dumps(drawn))
    return drawn


__all__ = ["compared"]

"""What several tests of the verifier share: each operation is derived once."""

from __future__ import annotations

from functools import cache

from derive.derivation import Derivation
from derive.operation import Operation
from derive.registry import get
from derive.reverse import derive


@cache
def derived(name: str) -> Derivation:
    """The derivation of a catalog operation; never to be called with a corrupted engine."""
    return derive(get(name))


_own: dict[str, tuple[Operation, Derivation]] = {}


def derivation_of(operation: Operation | str) -> Derivation:
    """The derivation of an operation or of the catalog operation of that name, derived once."""
    if isinstance(operation, str):
        return derived(operation)
    known = _own.get(operation.name)
    if known is None or known[0] is not operation:
        _own[operation.name] = known = operation, derive(operation)
    return known[1]

"""The functions of a derivation that are kept while it is looked at."""

from __future__ import annotations

import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

import verify.generated
from derive.derivation import Derivation
from verify.generated import function_of


class Slow(OrderedDict[Any, Any]):
    """Another thread has its turn before an entry is moved."""

    def move_to_end(self, key: Any, last: bool = True) -> None:
        time.sleep(0.0001)
        super().move_to_end(key, last)


def test_threads_that_ask_at_once_get_each_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify.generated, "_KEPT", 1)
    monkeypatch.setattr(verify.generated, "_functions", Slow())
    monkeypatch.setattr(verify.generated.numeric, "compile", lambda derivation: ("of", derivation))
    derivations = [cast(Derivation, object()) for _ in range(4)]

    def ask(derivation: Derivation) -> None:
        for _ in range(50):
            function: Any = function_of(derivation)
            assert function == ("of", derivation)

    with ThreadPoolExecutor(len(derivations)) as threads:
        list(threads.map(ask, derivations))

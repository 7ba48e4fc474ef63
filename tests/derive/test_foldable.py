"""What a derivative is folded into depends on the catalog, not on what was read before."""

from __future__ import annotations

from derive.named import foldable_functions, named_function
from derive.registry import declare, get
from derive.reverse import derive

TEXT = "r[n]\nL = sum(log((exp(r) + exp(-r))/2))"


def test_a_function_of_the_catalog_is_found_unread() -> None:
    assert str(derive(declare(TEXT))) == "dr = tanh(r)"


def test_a_function_of_somebody_else_is_not_used() -> None:
    tanh = get("tanh").function
    assert tanh is not None
    (z,) = tanh.parameters
    named_function("twin_of_tanh", (z,), tanh.body * 1)
    named_function("a_shorter_name", (z,), 1 / (1 + tanh.body))
    assert {f.__name__ for f in foldable_functions()} >= {"sigmoid", "tanh"}
    assert not {f.__name__ for f in foldable_functions()} & {"twin_of_tanh", "a_shorter_name"}
    assert str(derive(declare(TEXT))) == "dr = tanh(r)"

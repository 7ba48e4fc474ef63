"""stub"""

from typing import Any


def figures_of(*_: Any) -> tuple[Any, ...]:
    return ()

"""Function-valued hyper-parameters (``activation = sigmoid``): which ones a text has, and what was chosen."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from derive.errors import DeclarationError
from derive.syntax import statements


def chosen_functions(text: str, options: Mapping[str, str], name: str) -> dict[str, str]:
    """Parameter -> chosen function; raises for an option that the text does not have."""
    from derive.registry import is_elementwise

    found = {
        s.target.id: s.value.id
        for s in statements(text)
        if isinstance(s.target, ast.Name) and isinstance(s.value, ast.Name) and is_elementwise(s.value.id)
    }
    for option in options:
        if option not in found:
            raise DeclarationError(
                f"{name} has no function-valued parameter {option}; it has: {', '.join(found) or 'none'}"
            )
    return {**found, **options}

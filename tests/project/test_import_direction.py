"""Imports run one way, and each part uses only the libraries it is allowed to: every import statement is read."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ORDER = ("derive", "numeric", "verify", "reports", "backproof")

# What a part may import beyond the standard library and the parts before it.
LIBRARIES = {
    "derive": {"sympy", "mpmath"},
    "numeric": {"sympy", "numpy", "scipy", "flint"},
    "verify": {
        *("sympy", "numpy", "scipy", "flint", "jax", "optax", "hypothesis", "joblib", "ml_dtypes"),
        *("torch", "distributed", "safetensors"),  # extras
    },
    "reports": {"sympy", "numpy", "scipy", "flint", "matplotlib", "jinja2", "typst", "math_core"},
    "backproof": {"typer", "rich", "hypothesis", "pytest"},  # the last two for its pytest plugin
}


def imported(source: str) -> Iterator[tuple[str, int]]:
    """Top-level name and line of every absolute import, wherever it stands; a relative one stays inside its package."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0], node.lineno


def violations(part: str, source: str) -> list[str]:
    """What a file of this part imports and must not."""
    allowed = {*ORDER[: ORDER.index(part) + 1], *LIBRARIES[part], *sys.stdlib_module_names}
    return [f"line {line}: {name}" for name, line in imported(source) if name not in allowed]


@pytest.mark.parametrize("part", ORDER)
def test_each_part_imports_only_what_it_may(part: str, root: Path) -> None:
    files = sorted((root / part).rglob("*.py"))
    assert files, f"{part} holds no Python file"
    found = {str(file.relative_to(root)): violations(part, file.read_text()) for file in files}
    assert {file: lines for file, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("derive", "import numpy"),
        ("derive", "def f():\n    from numeric import compile"),
        ("numeric", "import jax.numpy as jnp"),
        ("numeric", "from verify.witnesses import jax_witness"),
        ("verify", "import reports"),
        ("reports", "from backproof import report"),
        ("backproof", "import jax"),
    ],
)
def test_a_forbidden_import_is_seen(part: str, source: str) -> None:
    assert len(violations(part, source)) == 1


def test_jax_is_imported_inside_functions_only_or_in_references(root: Path) -> None:
    """Only the reference forwards may load JAX when they are imported; they are themselves imported late."""
    for file in sorted((root / "verify").rglob("*.py")):
        if "references" in file.relative_to(root).parts or ("witnesses" in file.parts and "jax" in file.stem):
            continue
        for node in ast.parse(file.read_text()).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "jax" for name in names), f"{file}:{node.lineno} loads JAX at import"

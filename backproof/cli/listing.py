"""``backproof list`` and ``backproof show NAME``."""

from __future__ import annotations

from inspect import cleandoc
from itertools import groupby
from textwrap import indent
from typing import TYPE_CHECKING, Any

import typer

from backproof.cli.arguments import Json, Subject, operation
from backproof.cli.console import emit, source

if TYPE_CHECKING:
    from derive.operation import Operation
    from derive.program import Tensor


_SHOWN = ("input", "hyper", "output")
_LISTED = ("title", "category", "summary")


def list_operations(json: Json = False) -> None:
    """List the operations of the catalog."""
    from derive.registry import declarations

    entries = [{"name": each.name, **{key: each.details[key] for key in _LISTED}} for each in declarations()]
    if json:
        emit(entries)
        return
    width = max((len(str(each["name"])) for each in entries), default=0)
    entries.sort(key=lambda each: (str(each["category"]), str(each["name"])))
    for category, members in groupby(entries, lambda each: each["category"]):
        typer.echo(str(category))
        for each in members:
            typer.echo(f"  {each['name']:<{width}}  {each['summary'] or each['title']}".rstrip())


def show(name: Subject, json: Json = False) -> None:
    """Show an operation: its declaration, source, layout, symbols and conventions."""
    found = operation(name)
    if json:
        emit(_details(found))
        return
    from derive.text import expression_text

    typer.echo(f"{found.name}: {found.title}" if found.title else found.name)
    for line in (found.summary, found.interpretation):
        if line:
            typer.echo(line)
    typer.echo()
    source(indent(cleandoc(found.text), "    "), "python")
    typer.echo()
    rows = [_symbol(tensor) for tensor in found.program.tensors.values() if tensor.role in _SHOWN]
    # One long shape must not push every other line to the right.
    width = max((len(shape) for shape, _, _ in rows if len(shape) <= 32), default=0)
    for shape, role, meaning in rows:
        typer.echo(f"  {shape:<{width}}  {role:<7}  {meaning}".rstrip())
    for symbol, default in found.program.integers.items():
        typer.echo(f"  {symbol} = {default}")
    for title, lines in (
        ("layout", [found.layout]),
        ("facts", [f"{expression_text(left)} == {expression_text(right)}" for left, right in found.program.facts]),
        ("conventions", list(map(str, found.program.conventions))),
        ("symmetry", list(map(str, found.symmetries))),
        ("source", [found.source]),
    ):
        for line in filter(None, lines):
            typer.echo(f"{title}: {line}")


def _symbol(tensor: Tensor) -> tuple[str, str, str]:
    """Name with shape, role, meaning (with domain and default)."""
    from derive.text import condition_text, expression_text

    shape = f"{tensor.name}[{', '.join(map(expression_text, tensor.shape))}]" if tensor.shape else tensor.name
    role = "integer" if tensor.integer else "data" if tensor.data else tensor.role
    domain = ", ".join(map(condition_text, tensor.domain))
    default = "" if tensor.default is None else f"default {tensor.default}"
    return shape, role, "; ".join(filter(None, (tensor.meaning, domain, default)))


def _entry(found: Operation) -> dict[str, Any]:
    return {"name": found.name, **{key: getattr(found, key) for key in _LISTED}}


def _details(found: Operation) -> dict[str, Any]:
    from derive.text import condition_text, equation_text, expression_text

    program = found.program
    return {
        **_entry(found),
        "source": found.source,
        "layout": found.layout,
        "interpretation": found.interpretation,
        "text": found.text,
        "tensors": [
            {
                "name": tensor.name,
                "shape": [expression_text(extent) for extent in tensor.shape],
                "role": tensor.role,
                "integer": tensor.integer,
                "data": tensor.data,
                "domain": [condition_text(condition) for condition in tensor.domain],
                "default": tensor.default,
                "meaning": tensor.meaning,
            }
            for tensor in program.tensors.values()
        ],
        "integers": {str(symbol): default for symbol, default in program.integers.items()},
        "symmetries": list(map(str, found.symmetries)),
        "equations": [equation_text(equation) for equation in program.equations],
        "facts": [f"{expression_text(left)} == {expression_text(right)}" for left, right in program.facts],
        "conventions": list(map(str, program.conventions)),
        "outputs": list(program.outputs),
        "wrt": list(found.wrt),
    }

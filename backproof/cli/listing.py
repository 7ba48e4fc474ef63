"""``backproof list`` and ``backproof show NAME``."""

from __future__ import annotations

from inspect import cleandoc
from itertools import groupby
from textwrap import indent
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backproof.cli.arguments import Json, Subject, operation
from backproof.cli.console import emit, source
from backproof.cli.failures import BadInput

if TYPE_CHECKING:
    from derive.operation import Operation
    from derive.program import Tensor


_SHOWN = ("input", "hyper", "output")
_LISTED = ("title", "category", "summary")


def list_operations(
    family: Annotated[
        str | None, typer.Option("--family", metavar="NAME", help="Only this family: activation, loss, layer, ...")
    ] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="TEXT", help="Only those with this text in name, title or source.")
    ] = None,
    json: Json = False,
) -> None:
    """List the operations of the catalog, by family."""
    from derive.registry import declarations

    known = declarations()
    if family is not None:
        families = sorted({str(each.details["category"]) for each in known})
        wanted = next((name for name in families if family.lower() in (name, _plural(name))), None)
        if wanted is None:
            raise BadInput(f"--family {family}: there is no such family; there are {', '.join(families)}")
        known = tuple(each for each in known if each.details["category"] == wanted)
    if search is not None:
        places = ("title", "summary", "source")
        known = tuple(
            each
            for each in known
            if search.lower() in " ".join([each.name, *(str(each.details[key]) for key in places)]).lower()
        )
    entries = [{"name": each.name, **{key: each.details[key] for key in _LISTED}} for each in known]
    if json:
        emit(entries)
        return
    width = max((len(str(each["name"])) for each in entries), default=0)
    entries.sort(key=lambda each: (str(each["category"]), str(each["name"])))
    for category, members in groupby(entries, lambda each: each["category"]):
        typer.echo(str(category))
        for each in members:
            typer.echo(f"  {each['name']:<{width}}  {each['summary'] or each['title']}".rstrip())


def _plural(family: str) -> str:
    return family + ("es" if family.endswith("s") else "s")


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
    typer.echo(f"cost: {_cost(found)}")


def _cost(found: Operation) -> str:
    """The leading terms of both passes in one line."""
    from backproof.cli.analysing import cost_of
    from derive.text import expression_text
    from numeric.cost import readable
    from numeric.errors import CostError

    try:
        table = cost_of(found)
    except CostError as reason:
        return str(reason)
    parts = [f"{name} {expression_text(readable(count.leading()))}" for name, count in list(table.items())[:2]]
    return f"{', '.join(parts)} flops (leading terms)"


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

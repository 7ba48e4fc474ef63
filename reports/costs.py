"""What an operation takes: operations, functions and bytes of both passes as polynomials in the sizes."""

from __future__ import annotations

from sympy import Expr, Integer

from derive.notation import Box, Notation, expression_box, width
from derive.operation import Operation
from derive.registry import subject
from numeric import Function
from numeric.cost import cost, cost_at_least, leading, readable
from numeric.errors import CostError
from reports.document import Block, Code, Inline, Table, Text, paragraph, text
from reports.symbols import equals

WIDE = 45.0  # em: a longer count fills more than three lines of its cell
LOWER = Text(", and lower terms")
LIMIT = 1_000_000  # operations of the smallest run that counts them


def cost_blocks(operation: Operation, function: Function, notation: Notation) -> list[Block]:
    """What both passes take, counted by running the generated code on arrays that count."""
    said = "Counted by running the generated code on arrays that count: a multiplication or an addition is one operation, a "
    said += "matrix product two for each term; exp, log, roots and the like stand apart."
    try:
        found, place = cost(function, LIMIT), None
    except CostError as reason:
        place, found = cost_at_least(function)
        said += f" There is no polynomial in the sizes: {str(reason).partition(': ')[2]}. The counts are those at "
    pieces: list[str | Inline | Box] = [said]
    for number, (size, value) in enumerate((place or {}).items()):
        pieces += [
            ", " if number else "",
            equals(expression_box(size, notation), expression_box(Integer(value), notation)),
        ]
    if place:
        pieces.append(".")
    counts = (("forward", found.forward), ("backward", found.backward), ("both in one", found.vjp))
    cells = [[count_words(e, notation) for e in (c.flops, c.transcendentals, c.bytes)] for _, c in counts]
    rows = tuple((text(name), *row) for (name, _), row in zip(counts, cells, strict=True))
    if any(LOWER in cell for row in cells for cell in row):
        pieces += [" Of long counts the terms of the highest degree are shown; all terms are printed by ",
                   Code(f"backproof analyse {subject(operation)} cost"), "."]  # fmt: skip
    header = ("Pass", "Operations", "Functions", "Bytes moved")
    return [paragraph(*pieces), Table(header, rows, weights=(1.0, 2.6, 1.8, 2.4))]


def count_words(polynomial: Expr, notation: Notation) -> tuple[Inline, ...]:
    """A count in a table: of one that fills many lines the terms of the highest degree."""
    whole = expression_box(readable(polynomial), notation)
    if width(whole) <= WIDE:
        return text(whole)
    return (*text(expression_box(readable(leading(polynomial)), notation)), LOWER)

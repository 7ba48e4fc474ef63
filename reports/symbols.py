"""Names and shapes: letters for long extents, the table of symbols, names in running text."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain, count

from sympy import Expr, Symbol

from derive.derivation import Derivation
from derive.nodes import Reduce, dimension
from derive.notation import Box, Notation, condition_box, expression_box
from derive.notation.names import name_box
from derive.notation.numbers import float_box, is_short
from derive.notation.tree import EQUALS, Number, Sign, row
from derive.operation import Operation
from derive.program import Program, Tensor
from reports.document import Inline, Line, Math, Table, Text, line, text
from reports.lines import Claim
from reports.shapes import shape_box as shape_box

Cells = tuple[tuple[Inline, ...], ...]


def notation_of(derivation: Derivation) -> Notation:
    """The notation of a page: extents longer than a letter get one, so that they fit on top of a sum."""
    notation = Notation.of(derivation)
    return replace(notation, extents=long_extents(derivation))


def long_extents(derivation: Derivation) -> dict[Expr, Symbol]:
    """Extents that are neither a letter nor a number nor one of them plus a number -> N_1, N_2, ..."""
    found: list[Expr] = []
    for tensor in derivation.combined.tensors.values():
        found.extend(tensor.shape)
    for equation in derivation.combined.equations:
        found.extend(n for n in equation.extents if n is not None)
        for reduce in sorted(equation.rhs.atoms(Reduce), key=str):
            found.extend(n for _, n in reduce.limits)
    long = [n for n in dict.fromkeys(found) if not is_short(n)]
    taken = {s.name for s in derivation.program.dimensions} | set(derivation.combined.tensors)
    bases = chain(("N", "M", "H", "size"), (f"size{k}" for k in count(2)))
    base = next(each for each in bases if not any(name == each or name.startswith(f"{each}_") for name in taken))
    return {n: dimension(f"{base}_{k}") for k, n in enumerate(long, 1)}


def shape_lines(derivation: Derivation, notation: Notation) -> tuple[Line, ...]:
    """What the letters for long extents stand for."""
    return tuple(line(Claim(letter, extent), notation) for extent, letter in notation.extents.items())


def symbol_table(operation: Operation, derivation: Derivation, notation: Notation) -> Table:
    """Every symbol of the page: meaning, shape, domain."""
    rows: list[Cells] = []
    tensors = derivation.combined.tensors
    used = {name for equation in derivation.combined.equations for name in (*equation.reads(), equation.target)}
    for tensor in tensors.values():
        if tensor.name in used or tensor.role in ("input", "hyper"):
            shape = shape_box(tensor.shape, notation)
            rows.append(
                (
                    text(notation.name(tensor.name)),
                    _meaning(operation, derivation, tensor, notation),
                    text(shape) if shape is not None else text("scalar"),
                    domain(tensor, notation),
                )
            )
    for symbol, default in derivation.program.integers.items():
        rows.append(
            (
                text(expression_box(symbol, notation)),
                text(operation.meanings.get(symbol.name, "integer hyper-parameter")),
                text("scalar"),
                text(
                    row(expression_box(symbol, notation), Sign("ge"), Number("1" if symbol.is_positive else "0")),
                    f", default {default}",
                ),
            )
        )
    rows.extend(_sizes(operation, derivation.program, notation))
    return Table(("Symbol", "Meaning", "Shape", "Domain"), tuple(rows), weights=(1.0, 4.0, 1.7, 2.3))


def _meaning(operation: Operation, derivation: Derivation, tensor: Tensor, notation: Notation) -> tuple[Inline, ...]:
    if tensor.name in operation.meanings:
        return text(operation.meanings[tensor.name])
    source = notation.adjoints.get(tensor.name)
    if source is None:
        return text(
            tensor.meaning or {"hyper": "hyper-parameter", "input": "input"}.get(tensor.role, "named intermediate")
        )
    if tensor.role == "cotangent":
        return text("cotangent of ", notation.name(source), ", given by the caller")
    gradient = "gradient of " if tensor.name in derivation.gradients.values() else "adjoint of "
    return text(gradient, notation.name(source))


def domain(tensor: Tensor, notation: Notation) -> tuple[Inline, ...]:
    """The values that a tensor may have, and its default."""
    pieces: list[str | Inline | Box] = []
    if tensor.integer:
        pieces.append("integers")
    if tensor.domain:
        from sympy import And

        pieces.append(condition_box(And(*tensor.domain), notation))
    if tensor.default is not None:
        pieces.append("default ")
        default = float_box(float(tensor.default)) if isinstance(tensor.default, float) else Number(str(tensor.default))
        pieces.append(default)
    if tensor.data and tensor.role == "input":
        pieces.append("data, not differentiated")
    if not pieces:
        return text("real")
    joined: list[str | Inline | Box] = []
    for number, piece in enumerate(pieces):
        if number and not (isinstance(pieces[number - 1], str) and str(pieces[number - 1]).endswith(" ")):
            joined.append("; ")
        joined.append(piece)
    return text(*joined)


def _sizes(operation: Operation, program: Program, notation: Notation) -> list[Cells]:
    """One row for each size with a meaning, one for the rest together."""
    rows: list[Cells] = []
    plain: list[Box] = []
    for size in program.dimensions:
        if size == program.ellipsis:
            rows.append(
                (text(name_box(size.name)), text("any number of leading axes, counted as one"), text(""), text("size"))
            )
        elif size.name in operation.meanings:
            rows.append((text(name_box(size.name)), text(operation.meanings[size.name]), text(""), text("size")))
        else:
            plain.append(name_box(size.name))
    if plain:
        listed = [piece for box in plain for piece in (", ", box)][1:]
        rows.append((text("sizes"), text(*listed), text(""), text("sizes")))
    return rows


def named_text(words: str, derivation: Derivation, notation: Notation) -> tuple[Inline, ...]:
    """A reason in which the names of tensors are set as in formulas.

    The word *a* counts as a name only at the beginning, before punctuation, before *and* and at the end.
    """
    names = set(derivation.combined.tensors) | set(derivation.adjoints.values())
    names |= {s.name for s in (*derivation.program.dimensions, *derivation.program.integers)}
    pieces: list[str | Inline | Box] = []
    tokens = re.split(r"(\w+)", words)
    for position, token in enumerate(tokens):
        after = tokens[position + 1] if position + 1 < len(tokens) else ""
        alone = position <= 1 or not after or after[0] in ",;.)" or tokens[position + 2 : position + 3] == ["and"]
        is_name = token in names and (token not in ("a", "I") or alone)
        pieces.append(Math(notation.name(token)) if is_name else token)
    return _joined(text(*pieces))


def _joined(content: tuple[Inline, ...]) -> tuple[Inline, ...]:
    result: list[Inline] = []
    for piece in content:
        if isinstance(piece, Text) and result and isinstance(result[-1], Text):
            result[-1] = Text(result[-1].text + piece.text)
        else:
            result.append(piece)
    return tuple(result)


def equals(left: Box, right: Box) -> Box:
    """``left = right`` as one formula."""
    return row(left, EQUALS, right)

"""What a notebook shows: the blocks that say what an object is, written as HTML, Markdown or LaTeX.

:func:`show` is what :func:`derive.rich.show_with` is given; it belongs to whoever brings all parts together.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.derivation import Derivation
from derive.notation import Box, Notation, expression_box
from derive.notation.equations import equation_boxes, matrix_equation_boxes
from derive.operation import Operation
from derive.program import Equation, Tensor
from reports.answer import said, where
from reports.document import Block, Code, Equations, Inline, Line, Listing, Paragraph, Table, Text, paragraph, text
from reports.errors import MissingExtra
from reports.evidence import evidence_blocks, short
from reports.markdown.math import NOTEBOOK
from reports.markdown.math import text as words
from reports.markdown.writer import block_markdown
from reports.symbols import domain, notation_of, shape_box
from verify.accuracy import Accuracy
from verify.evidence import Evidence
from verify.mutants.table import KillTable
from verify.oracle import Check

ROLES = {"input": "input", "hyper": "hyper-parameter", "output": "output"}


def show(subject: object, form: str) -> str | None:
    """An object in a form (``html``, ``markdown``, ``latex``); ``None`` for what is not ours, or without what it takes.

    >>> from derive.registry import get
    >>> print(show(get("relu"), "markdown").splitlines()[0])
    **Rectified linear unit** (`relu`). The cotangent passes where the input is positive and is stopped elsewhere, at exactly 0 too.
    >>> show(3, "html") is None
    True
    """
    found = blocks(subject)
    if not found:
        return None
    if form == "html":
        from reports.html.writer import fragment

        try:
            return fragment(found)
        except MissingExtra:
            return None  # the notebook takes the next best
    if form == "markdown":
        return "\n\n".join(block_markdown(block, NOTEBOOK) for block in found)
    tables = [_array(block) for block in found if isinstance(block, Table)]
    return "\n\n".join(tables) or None


def blocks(subject: object) -> list[Block]:
    """What is to say of an object; nothing of one that is not ours."""
    match subject:
        case Operation():
            return _operation(subject)
        case Derivation():
            return _derivation(subject)
        case Evidence():
            return [Paragraph(text(Text(subject.operation, True))), *evidence_blocks(subject)]
        case Check():
            head = text(Text(subject.implementation, True), " against ", Code(subject.operation))
            return [Paragraph(head), *said(subject), *where(subject)]
        case KillTable():
            return _kill_table(subject)
        case Accuracy():
            return _accuracy(subject)
    return []


def _operation(operation: Operation) -> list[Block]:
    """As it is declared; nothing is derived for that."""
    program = operation.program
    notation = Notation.of(program)
    lines = tuple(Line(*equation_boxes(e, notation), (), _shape(e, notation)) for e in program.equations)
    shown = [tensor for tensor in program.tensors.values() if tensor.role in ROLES]
    head = f". {operation.summary or operation.interpretation}" if operation.summary or operation.interpretation else ""
    found: list[Block] = [
        Paragraph(text(Text(operation.title or operation.name, True), " (", Code(operation.name), ")", head)),
        Equations(lines),
        Table(
            ("Symbol", "Shape", "Meaning", "Domain"), tuple(_symbol(operation, tensor, notation) for tensor in shown)
        ),
        Listing(operation.text.strip("\n"), "", "As declared:"),
    ]
    return [*found, paragraph(f"Source: {operation.source}.")] if operation.source else found


def _symbol(operation: Operation, tensor: Tensor, notation: Notation) -> tuple[tuple[Inline, ...], ...]:
    shape = shape_box(tensor.shape, notation)
    meaning = operation.meanings.get(tensor.name) or tensor.meaning or ROLES[tensor.role]
    extent = text(shape) if shape is not None else text("scalar")
    return text(notation.name(tensor.name)), extent, text(meaning), domain(tensor, notation)


def _derivation(derivation: Derivation) -> list[Block]:
    """Every derived equation, in matrix form where there is one."""
    notation = notation_of(derivation)
    lines = []
    for equation in derivation.equations:
        form = derivation.matrix.get(equation.target)
        sides = equation_boxes(equation, notation) if form is None else None
        left, right = sides or matrix_equation_boxes(equation.target, derivation.matrix[equation.target], notation)
        lines.append(Line(left, right, (), _shape(equation, notation)))
    letters = tuple(
        Line(expression_box(letter, notation), expression_box(extent, notation))
        for extent, letter in notation.extents.items()
    )
    found: list[Block] = [Equations(tuple(lines), boxed=True)]
    return [*found, paragraph("Extents that are no letter:"), Equations(letters)] if letters else found


def _shape(equation: Equation, notation: Notation) -> Box | None:
    return shape_box(tuple(n for n in equation.extents if n is not None), notation)


def _kill_table(table: KillTable) -> list[Block]:
    counts = ", ".join(f"{len(table.of(status))} {status.lower()}" for status in ("killed", "equivalent", "ALIVE"))
    header = ("Mutant", "Mistake", "backproof", *table.beside)
    rows = []
    for outcome in table.outcomes:
        others = (text("rejected" if outcome.rejected.get(name) else "passed") for name in table.beside)
        rows.append((text(outcome.mutant.name), text(outcome.mutant.description), text(str(outcome)), *others))
    found: list[Block] = [
        Paragraph(text(Text(table.operation, True), f": {len(table.outcomes)} mutants, {counts} (seed {table.seed})."))
    ]
    return [*found, Table(header, tuple(rows))] if rows else found


def _accuracy(accuracy: Accuracy) -> list[Block]:
    header = ("Magnitude", "Points", *accuracy.implementations)
    rows = []
    for band in accuracy.bands:
        cells = (band.errors.get(name) for name in accuracy.implementations)
        errors = (text("" if e is None else short(e.excess)) for e in cells)
        rows.append((text(f"2^{band.exponent}"), text(str(band.points)), *errors))
    words = f": error in ULP over the condition number, {accuracy.dtype} (seed {accuracy.seed})."
    return [Paragraph(text(Text(accuracy.operation, True), words)), Table(header, tuple(rows))]


def _array(table: Table) -> str:
    """A table as a formula, which notebooks typeset and print."""

    def line(cells: Sequence[str]) -> str:
        return " & ".join(map(words, cells))

    rows = [line(table.header), *(line([_plain(cell) for cell in row]) for row in table.rows)]
    body = " \\\\\n".join([rows[0] + r" \\ \hline", *rows[1:]]).replace("\\hline \\\\\n", "\\hline\n")
    return f"$$\\begin{{array}}{{{'l' * len(table.header)}}}\n{body}\n\\end{{array}}$$"


def _plain(cell: Sequence[Inline]) -> str:
    from reports.document import plain

    return plain(cell)

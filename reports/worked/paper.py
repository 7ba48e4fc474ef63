"""A worked example on paper: given, forward, backward, update, and what the source printed beside what is right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from derive.matrix_form import program_matrices
from derive.notation import Box, Notation, width
from derive.notation.equations import equation_boxes, matrix_equation_boxes
from derive.notation.tree import COMMA, EQUALS, Fence, Number, Script, row, separated
from derive.program import Equation
from reports.document import (
    Block,
    Code,
    Document,
    Equations,
    Items,
    Line,
    Note,
    Paragraph,
    Section,
    Table,
    Verdict,
    file_stem,
    paragraph,
    text,
)
from reports.engines import make_folder
from reports.errors import ReportError
from reports.symbols import notation_of, shape_box
from reports.versions import versions_line
from reports.worked.lines import Element, elements, inputs_text, nested, numpy_text, pairs
from reports.worked.plugging import decimal_box
from reports.worked.working import Worked
from reports.writing import FORMATS, write_page

WIDE = 22.0  # em: a formula with numbers that is wider has its value on the next line


def write(worked: Worked, out: Path, formats: tuple[str, ...] = FORMATS, name: str = "") -> list[Path]:
    """Write the example into the folder ``out``, in every format asked for; returns the files written.

    Raises:
        ReportError: an unknown format, or a folder that cannot be written.
    """
    unknown = [each for each in formats if each not in FORMATS]
    if unknown:
        raise ReportError(f"there is no format {unknown[0]!r}; formats: {', '.join(FORMATS)}")
    make_folder(out)
    return write_page(document(worked), out, name or file_stem(f"{worked.operation.name}-example"), formats)


def document(worked: Worked) -> Document:
    """The example as a document; formulas are those of the derivation, numbers those of the balls."""
    notation = notation_of(worked.derivation)
    parts: list[tuple[str, list[Block]]] = [("Given", _given(worked, notation))]
    forms = {**program_matrices(worked.derivation.program), **worked.derivation.matrix}
    for title, equations in pairs(worked):
        parts.append((f"{title} pass", _pass(worked, equations, forms, notation)))
    parts += [
        ("NumPy beside it", _numpy(worked, notation)),
        ("One update", _update(worked, notation)),
        ("What the source prints", _printed(worked)),
        ("About the digits", _closing(worked)),
    ]
    title = worked.given.title or f"{worked.operation.title or worked.operation.name}: a worked example"
    source = f"Source: {worked.given.source}." if worked.given.source else ""
    return Document(
        title,
        tuple(Section(name, tuple(blocks), (), f"example-{k}") for k, (name, blocks) in enumerate(parts) if blocks),
        subtitle=worked.operation.title or worked.operation.name,
        summary=text(source),
        colophon=(versions_line(),),
    )


def _given(worked: Worked, notation: Notation) -> list[Block]:
    rows = []
    for name in worked.exact.inputs:
        if name not in worked.program.tensors:
            continue
        meaning = worked.operation.meanings.get(name, "")
        shape = shape_box(worked.program.tensors[name].shape, notation)
        value = nested(inputs_text(worked, name))
        rows.append(
            (text(notation.name(name)), text(meaning), text(shape) if shape else text("scalar"), text(Code(value)))
        )
    blocks: list[Block] = [Table(("Symbol", "Meaning", "Shape", "Value"), tuple(rows), weights=(0.8, 2.6, 1.2, 4.0))]
    if worked.operation.layout:
        blocks.append(paragraph(worked.operation.layout))
    sentences = worked.given.arrangement.words(worked.derivation.combined) if worked.given.arrangement.axes else ()
    tensors = [s for s in sentences if s.split(" ")[0] in worked.given.inputs]
    if tensors:
        blocks += [paragraph("The source's arrays lie otherwise:"), Items(tuple(text(each) for each in tensors))]
    return blocks


def _pass(worked: Worked, equations: tuple[Equation, ...], forms: Any, notation: Notation) -> list[Block]:
    """Each formula, then its elements with their numbers; one display, unless a tensor is too large for that."""
    blocks: list[Block] = []
    lines: list[Line] = []
    for equation in equations:
        name = equation.target
        sides = (
            matrix_equation_boxes(name, forms[name], notation) if name in forms else equation_boxes(equation, notation)
        )
        shape = shape_box(tuple(n for n in equation.extents if n is not None), notation)
        lines.append(Line(*sides, (), shape))
        found = elements(worked, equation)
        lines += [line for element in found for line in _worked_out(element, notation.name(name))]
        if not found and None not in equation.extents:
            value = Code(nested(worked.values[name]))
            blocks += [Equations(tuple(lines)), paragraph(notation.name(name), " is ", value, ".")]
            lines = []
    return [*blocks, Equations(tuple(lines))] if lines else blocks


def _worked_out(element: Element, name: Box) -> list[Line]:
    left, value = _element(name, element.position), _number(element.value)
    if element.formula == value:
        return [Line(left, value)]
    if width(element.formula) > WIDE:
        return [Line(left, element.formula), Line(None, value)]
    return [Line(left, row(element.formula, EQUALS, value))]


def _element(name: Box, position: tuple[int, ...]) -> Box:
    if not position:
        return name
    indices = separated([Number(str(p)) for p in position], COMMA)
    if isinstance(name, Script):
        return Script(Fence("(", name), indices)
    return Script(name, indices)


def _number(value: str) -> Box:
    return decimal_box(value)


def _numpy(worked: Worked, notation: Notation) -> list[Block]:
    rows = []
    for name in worked.numpy:
        if name in worked.values:
            cells = (
                text(notation.name(name)),
                text(Code(nested(worked.values[name]))),
                text(Code(numpy_text(worked, name))),
            )
            rows.append(cells)
    blocks: list[Block] = [
        paragraph(
            "What the generated functions compute in float64, with all digits of a double, beside the right digits:"
        ),
        Table(("Symbol", "Right digits", "NumPy"), tuple(rows), weights=(0.6, 2.6, 4.6)),
    ]
    if not worked.ok:
        words = f"NumPy is off by {worked.deviation:.1e} of the largest element."
        blocks.append(Note(text(words), "warning"))
    return blocks


def _update(worked: Worked, notation: Notation) -> list[Block]:
    update = worked.update
    if update is None:
        return []
    rule = update.rule
    own = Notation.of(rule.operation.program)
    settings = [
        piece
        for name, value in rule.shown.items()
        for piece in (", ", row(own.name(name), EQUALS, decimal_box(f"{float(value):g}")))
    ]
    title = rule.operation.title or rule.operation.name
    said = text(
        title, *settings, ": ", own.name(rule.point), " is a parameter, ", own.name(rule.gradient), " its gradient."
    )
    blocks: list[Block] = [
        Paragraph(said),
        Equations(tuple(Line(*equation_boxes(e, own)) for e in rule.equations)),
    ]
    rows = [
        (text(notation.name(name)), text(Code(nested(value))), text(Code(_floats(update.numpy[name]))))
        for name, value in update.after.items()
    ]
    blocks.append(Table(("Symbol", "After one step", "NumPy"), tuple(rows), weights=(0.6, 2.6, 4.6)))
    for name, value in update.outputs.items():
        before, after = nested(worked.values[name]), nested(value)
        blocks.append(
            paragraph(notation.name(name), " was ", Code(before), " and is ", Code(after), " after this step.")
        )
    return blocks


def _floats(value: Any) -> str:
    import numpy as np

    return nested(np.vectorize(lambda x: repr(float(x) + 0.0), otypes=[object])(value))


def _printed(worked: Worked) -> list[Block]:
    if not worked.comparisons:
        return []
    rows = []
    for found in worked.comparisons:
        label = found.printed.label or found.printed.what
        verdict = Verdict(found.words, "good" if found.holds else "open" if found.holds is None else "bad")
        cells = (
            text(label),
            *(text(Code(nested(v))) for v in (found.printed.value, found.right, found.more)),
            text(verdict),
        )
        rows.append(cells)
    return [
        paragraph(_tally([found.holds for found in worked.comparisons])),
        Table(
            ("Quantity", "Printed", "Right", "More digits", "Verdict"), tuple(rows), weights=(2.2, 1.9, 1.9, 2.3, 1.6)
        ),
    ]


def _tally(holds: Sequence[bool | None]) -> str:
    """How many of the printed quantities are right.

    >>> _tally([True]), _tally([True, True, False, None])
    ('1 quantity is printed: 1 is rounded correctly.',
     '4 quantities are printed: 2 are rounded correctly, 1 is not rounded correctly, 1 is not to be decided.')
    """
    told = {True: "rounded correctly", False: "not rounded correctly", None: "not to be decided"}
    counts = [(holds.count(answer), words) for answer, words in told.items()]
    parts = ", ".join(f"{count} {'is' if count == 1 else 'are'} {words}" for count, words in counts if count)
    return f"{len(holds)} {'quantity is' if len(holds) == 1 else 'quantities are'} printed: {parts}."


def _closing(worked: Worked) -> list[Block]:
    rounding = worked.rounding
    places = (
        f"{rounding.decimals} decimals" if rounding.decimals is not None else f"{rounding.digits} significant digits"
    )
    words = (
        f"All results are printed with {places}, and every digit is right: they are rounded from rigorous enclosures (ball "
        "arithmetic), a tie to the even digit. Formulas show rounded numbers, results are computed from those that are not rounded."
    )
    blocks: list[Block] = [paragraph(words)]
    blocks += [Note(text(Code(sign), f": {words}."), "warning") for sign, words in worked.signs.items()]
    return blocks


__all__ = ["document", "write"]

"""One operation's page: every ingredient in its order, every formula from the derivation."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Eq

from derive.derivation import Derivation
from derive.matrix_form import program_matrices
from derive.nodes import Iverson, index
from derive.notation import Box, Notation, expression_box
from derive.notation.numbers import float_box
from derive.operation import Operation
from derive.registry import subject
from numeric import Function
from reports.conventions import conventions
from reports.costs import cost_blocks
from reports.document import (
    Block,
    Code,
    Document,
    Equations,
    Figure,
    Inline,
    Items,
    Line,
    Note,
    Paragraph,
    Section,
    line,
    paragraph,
    text,
)
from reports.evidence import evidence_blocks, verdict_blocks
from reports.example import Example, example_blocks, worked
from reports.forks import fork_blocks
from reports.lines import Claim, equation_claim
from reports.listings import code_listing
from reports.numbers import Numbers
from reports.pictures import figures_of
from reports.sanity import sanity_blocks
from reports.settings import LECTURE, Settings
from reports.statement import result_blocks, statement_blocks
from reports.steps import adjoint_blocks, is_product, local_lines, range_blocks
from reports.symbols import named_text, notation_of, shape_lines, symbol_table
from reports.versions import versions_line
from verify.errors import SamplingError
from verify.evidence import Evidence

Part = tuple[str, str, list[Block], tuple[Section, ...]]  # title, key of the label, blocks, subsections


def page(
    operation: Operation,
    derivation: Derivation,
    evidence: Evidence | None,
    function: Function,
    *,
    detail: str = LECTURE.detail,
    layout: str = LECTURE.layout,
) -> Document:
    """The page of one operation as a document, at a level of detail; ``layout`` is that of the operation given.

    Every formula is a tree made from ``derivation``, every number comes from ``function`` or ``evidence``.  Raises
    :class:`reports.errors.ReportError` for a level or layout that there is not.
    """
    return Document(
        operation.title or operation.name,
        sections(operation, derivation, evidence, function, Settings(detail, layout)),
        subtitle=operation.name,
        summary=named_text(operation.summary or operation.interpretation, derivation, notation_of(derivation)),
        colophon=(versions_line(),),
    )


def sections(
    operation: Operation,
    derivation: Derivation,
    evidence: Evidence | None,
    function: Function,
    settings: Settings = LECTURE,
) -> tuple[Section, ...]:
    """The sections of a page; ``book`` puts them below a chapter's heading."""
    notation, numbers = notation_of(derivation), Numbers(operation.name)
    brief = settings.detail == "brief"
    drawn: Sequence[Figure] = ()
    parts = derived_parts(operation, derivation, function, notation, numbers, settings)
    if brief:
        parts.append(("Evidence", "evidence", verdict_blocks(evidence), ()))
    else:
        example, missing = _example(operation, derivation, function)
        drawn = figures_of(operation, derivation, function, example, others=evidence is not None)
        parts += [
            ("Sanity checks", "sanity", sanity_blocks(operation, derivation, notation), ()),
            ("Worked example", "example", example_blocks(example, derivation, notation) if example else missing, ()),
            ("Generated code", "code", _code(function, derivation, numbers), ()),
            ("Cost", "cost", cost_blocks(operation, function, notation), ()),
            ("Evidence", "evidence", evidence_blocks(evidence), ()),
        ]
    parts.append(
        ("Source and reproduction", "source", _closing(operation, derivation, notation, evidence, settings), ())
    )
    return bound(parts, operation.name, drawn)


def derived_parts(
    operation: Operation,
    derivation: Derivation,
    function: Function,
    notation: Notation,
    numbers: Numbers,
    settings: Settings = LECTURE,
) -> list[Part]:
    """The parts of a page that are formulas: from the statement to the stable form."""
    full = settings.detail == "full"
    parts: list[Part] = [
        ("Statement", "statement", statement_blocks(operation, derivation, notation, numbers), ()),
        ("Result", "result", result_blocks(derivation, notation, numbers), ()),
    ]
    if settings.detail != "brief":
        symbols = _symbols(operation, derivation, notation)
        forward = _forward(derivation, notation, numbers)
        local = _locals(derivation, notation, numbers)
        reverse = _reverse(derivation, notation, operation.name, numbers, full)
        parts += [
            ("Symbols", "symbols", symbols, ()),
            ("Forward pass", "forward", forward, ()),
            ("Local derivatives", "local", local, ()),
            ("Reverse pass", "reverse", _reverse_intro(derivation, notation), reverse),
        ]
    parts.append(("Conventions", "conventions", _conventions(operation, derivation, notation), ()))
    if settings.detail != "brief":
        parts.append(("Stable form", "stable", _stable(function, notation), ()))
    return parts


def bound(parts: Sequence[Part], label: str, drawn: Sequence[Figure] = ()) -> tuple[Section, ...]:
    """Parts with something in them as sections, whose labels begin with ``label``, with the pictures drawn for them."""
    return tuple(
        Section(title, (*blocks, *(each for each in drawn if each.section == key)), inner, f"{label}-{key}")
        for title, key, blocks, inner in parts
        if blocks or inner or any(each.section == key for each in drawn)
    )


def _symbols(operation: Operation, derivation: Derivation, notation: Notation) -> list[Block]:
    blocks: list[Block] = [symbol_table(operation, derivation, notation)]
    lines = shape_lines(derivation, notation)
    if lines:
        blocks += [paragraph("Extents that are no letter:"), Equations(lines)]
    return blocks


def _forward(derivation: Derivation, notation: Notation, numbers: Numbers) -> list[Block]:
    if not any(map(is_product, program_matrices(derivation.program).values())):
        return []  # the statement has these very equations
    lines = []
    for equation in derivation.program.equations:
        reason = named_text(equation.note, derivation, notation) if equation.note else ()
        number, label = numbers.give(("forward", equation.target, equation.indices))
        lines.append(line(equation_claim(equation), notation, reason, number=number, label=label))
    return [
        paragraph("The same, element by element:"),
        Equations(tuple(lines)),
        *range_blocks(derivation.program.equations, notation),
    ]


def _locals(derivation: Derivation, notation: Notation, numbers: Numbers) -> list[Block]:
    lines = local_lines(derivation, notation, numbers)
    if not lines:
        return [
            paragraph("Every equation is linear in what is differentiated: the local derivatives are the coefficients.")
        ]
    return [
        paragraph("Each is taken by SymPy from the expression itself, everything else held fixed."),
        Equations(lines),
    ]


def _reverse_intro(derivation: Derivation, notation: Notation) -> list[Block]:
    given: list[str | Inline | Box] = ["Given: "]
    for number, (output, cotangent) in enumerate(derivation.cotangents.items()):
        given += [", " if number else "", notation.name(cotangent), ", the cotangent of ", notation.name(output)]
    if not derivation.cotangents:
        given += ["the scalar ", notation.goal(), ", whose derivative by itself is 1"]
    given.append(". Sought: ")
    for number, (name, gradient) in enumerate(derivation.gradients.items()):
        given += [", " if number else "", notation.name(gradient), " for ", notation.name(name)]
    return [
        paragraph(*given, "."),
        paragraph(
            "The adjoint of a tensor collects one term for every place where it is read: the adjoint of what reads it, times the "
            "local derivative there. A bracket such as ", _bracket_example(notation), " is 1 where it holds and 0 elsewhere."
        ),
    ]  # fmt: skip


def _bracket_example(notation: Notation) -> Box:
    return expression_box(Iverson(Eq(index("i"), index("j"))), notation)


def _reverse(
    derivation: Derivation, notation: Notation, label: str, numbers: Numbers, full: bool
) -> tuple[Section, ...]:
    inner = []
    kept = {equation.target for equation in derivation.equations}
    told: set[str] = set()
    for number, equation in enumerate(derivation.derived):
        source = notation.adjoints.get(equation.target, equation.target)
        blocks = [] if source in told else fork_blocks(derivation, notation, source, numbers)
        told.add(source)
        blocks += adjoint_blocks(derivation, notation, equation, numbers, full)
        if equation.target not in kept:
            bar = notation.name(equation.target)
            blocks.append(paragraph("This is ", bar, ", which is put in where it is read and not computed on its own."))
        place = [str(i) for i, n in zip(equation.indices, equation.extents, strict=True) if n is None]
        where = f" at {', '.join(place)}" if place else ""
        inner.append(Section(f"Adjoint of {source}{where}", tuple(blocks), (), f"{label}-adjoint-{number}"))
    return tuple(inner)


def _conventions(operation: Operation, derivation: Derivation, notation: Notation) -> list[Block]:
    items = conventions(derivation.program, notation)
    for tensor in operation.hypers:
        if tensor.default is not None:
            meaning = operation.meanings.get(tensor.name, "a hyper-parameter")
            default = float_box(float(tensor.default))
            items.append(text(notation.name(tensor.name), f": {meaning}; the default is ", default, "."))
    for symbol, value in derivation.program.integers.items():
        meaning = operation.meanings.get(symbol.name, "an integer hyper-parameter")
        items.append(text(expression_box(symbol, notation), f": {meaning}; the default is {value}."))
    return (
        [Items(tuple(items))]
        if items
        else [paragraph("There is no kink and no hyper-parameter: nothing had to be agreed on.")]
    )


def _stable(function: Function, notation: Notation) -> list[Block]:
    """The rewritings that keep the generated code accurate."""
    lines: list[Line] = []
    for rewrite in function.rewrites:
        before, after = Claim(None, rewrite.before, code=True), Claim(rewrite.before, rewrite.after, code=True)
        pair = [
            line(before, notation, shape=False),
            line(after, notation, text(str(rewrite.because)), continued=True, shape=False),
        ]
        if not any(lines[k : k + 2] == pair for k in range(0, len(lines), 2)):
            lines += pair
    if not lines:
        return [paragraph("The formulas are evaluated as they stand; no rewriting was needed.")]
    return [
        paragraph(
            "Equal in exact arithmetic, better in floating point; the generated code contains the form behind the equals sign."
        ),
        Equations(tuple(lines)),
    ]


def _example(operation: Operation, derivation: Derivation, function: Function) -> tuple[Example | None, list[Block]]:
    try:
        return worked(operation, derivation, function), []
    except SamplingError as problem:
        return None, [Note(text(f"No example could be drawn: {problem}"), "warning")]


def _code(function: Function, derivation: Derivation, numbers: Numbers) -> list[Block]:
    listing = code_listing(function, derivation, numbers)
    told = [paragraph("The number beside a line is that of the equation which it computes.")] if listing.margin else []
    return [*told, listing]


def _closing(
    operation: Operation, derivation: Derivation, notation: Notation, evidence: Evidence | None, settings: Settings
) -> list[Block]:
    blocks: list[Block] = []
    if operation.interpretation and operation.summary:
        blocks.append(Paragraph(named_text(operation.interpretation, derivation, notation)))
    if operation.source:
        blocks.append(paragraph(f"Source: {operation.source}."))
    seed = f" --seed {evidence.seed}" if evidence is not None else ""
    again = f"backproof report {subject(operation)} --out DIR{settings.options}"
    checks = f"backproof verify {subject(operation)}{seed}"
    blocks.append(paragraph("This page again: ", Code(again), "; its checks again: ", Code(checks), "."))
    return blocks

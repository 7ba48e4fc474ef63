"""One operation's page: every ingredient in its order, every formula from the derivation."""

from __future__ import annotations

from sympy import Expr
from sympy import Function as SympyFunction

from derive.derivation import Derivation
from derive.matrix import Matrix, Product, Transpose
from derive.matrix_form import program_matrices
from derive.nodes import Node, Reduce
from derive.notation import Box, Notation, expression_box
from derive.notation.equations import equation_boxes, matrix_equation_boxes
from derive.notation.numbers import float_box
from derive.operation import Operation
from derive.program import Equation
from numeric import Function
from numeric.nodes import RootOfSquares
from reports.conventions import conventions
from reports.cost import Cost, cost
from reports.document import (
    Block,
    Code,
    Document,
    Equations,
    Inline,
    Items,
    Line,
    Listing,
    Note,
    Paragraph,
    Section,
    Table,
    paragraph,
    text,
)
from reports.evidence import evidence_blocks
from reports.example import Example, example_blocks, worked
from reports.pictures import figures_of
from reports.steps import local_lines, range_blocks, reverse_blocks
from reports.symbols import equals, named_text, notation_of, shape_box, shape_lines, symbol_table
from verify.errors import SamplingError
from verify.evidence import Evidence, versions


def page(operation: Operation, derivation: Derivation, evidence: Evidence | None, function: Function) -> Document:
    """The page of one operation as a document.

    Every formula is a tree made from ``derivation``, every number comes from ``function`` or ``evidence``.
    """
    found = versions()
    return Document(
        operation.title or operation.name,
        sections(operation, derivation, evidence, function),
        subtitle=operation.name,
        summary=named_text(operation.summary or operation.interpretation, derivation, notation_of(derivation)),
        colophon=("Versions: " + ", ".join(f"{name} {number}" for name, number in found.items()),),
    )


def sections(
    operation: Operation, derivation: Derivation, evidence: Evidence | None, function: Function
) -> tuple[Section, ...]:
    """The sections of a page; ``book`` puts them below a chapter's heading."""
    notation = notation_of(derivation)
    label = operation.name
    example, missing = _example(operation, derivation, function)
    drawn = figures_of(operation, derivation, function, example)
    parts: list[tuple[str, str, list[Block], tuple[Section, ...]]] = [
        ("Statement", "statement", statement_blocks(operation, derivation, notation), ()),
        ("Result", "result", result_blocks(derivation, notation), ()),
        ("Symbols", "symbols", _symbols(operation, derivation, notation), ()),
        ("Forward pass", "forward", _forward(derivation, notation), ()),
        ("Local derivatives", "local", _locals(derivation, notation), ()),
        ("Reverse pass", "reverse", _reverse_intro(derivation, notation), _reverse(derivation, notation, label)),
        ("Conventions", "conventions", _conventions(operation, derivation, notation), ()),
        ("Stable form", "stable", _stable(function, notation), ()),
        ("Worked example", "example", example_blocks(example, derivation, notation) if example else missing, ()),
        ("Generated code", "code", [Listing(function.source, "python")], ()),
        ("Cost", "cost", _cost(derivation, notation), ()),
        ("Evidence", "evidence", evidence_blocks(evidence), ()),
        ("Source and reproduction", "source", _closing(operation, derivation, notation, evidence), ()),
    ]
    return tuple(
        Section(title, (*blocks, *(each for each in drawn if each.section == key)), inner, f"{label}-{key}")
        for title, key, blocks, inner in parts
        if blocks or inner or any(each.section == key for each in drawn)
    )


def statement_blocks(operation: Operation, derivation: Derivation, notation: Notation) -> list[Block]:
    """The operation as it is declared."""
    blocks: list[Block] = []
    if operation.layout:
        blocks.append(Paragraph(named_text(operation.layout, derivation, notation)))
    forms = program_matrices(derivation.program)
    if not any(map(_is_product, forms.values())):
        forms = {}
    lines = []
    for equation in derivation.program.equations:
        tree = forms.get(equation.target)
        sides = equation_boxes(equation, notation)
        if tree is not None:
            sides = matrix_equation_boxes(equation.target, tree, notation)
        lines.append(Line(*sides, (), shape_box(_extents(equation), notation)))
    blocks.append(Equations(tuple(lines)))
    facts = [equals(expression_box(a, notation), expression_box(b, notation)) for a, b in derivation.program.facts]
    if facts:
        blocks.append(Paragraph(text("Known of the inputs: ", *_listed(facts), ".")))
    blocks.append(Listing(operation.text.strip("\n"), "", "As declared:"))
    return blocks


def _is_product(tree: Matrix) -> bool:
    """Whether a form is one that people write with matrices: it has a product or a transpose in it."""
    if isinstance(tree, Product | Transpose):
        return True
    parts = [part for value in vars(tree).values() for part in (value if isinstance(value, tuple) else (value,))]
    return any(_is_product(part) for part in parts if isinstance(part, Matrix))


def _extents(equation: Equation) -> tuple[Expr, ...]:
    return tuple(n for n in equation.extents if n is not None)


def _listed(boxes: list[Box]) -> list[Inline | Box | str]:
    listed: list[Inline | Box | str] = []
    for number, box in enumerate(boxes):
        if number:
            listed.append(", ")
        listed.append(box)
    return listed


def result_blocks(derivation: Derivation, notation: Notation) -> list[Block]:
    """The derived equations, boxed: in matrix form where there is one, then all in index form."""
    blocks: list[Block] = [_objective(derivation, notation)]
    matrix = [
        Line(
            *matrix_equation_boxes(e.target, derivation.matrix[e.target], notation),
            (),
            shape_box(_extents(e), notation),
        )
        for e in derivation.equations
        if e.target in derivation.matrix
    ]
    index = [Line(*equation_boxes(e, notation), (), shape_box(_extents(e), notation)) for e in derivation.equations]
    if matrix:
        blocks += [paragraph("In matrix form:" if len(matrix) == len(index) else "In matrix form, as far as there is one:"),
                   Equations(tuple(matrix), boxed=True)]  # fmt: skip
    blocks += [paragraph("In index form:"), Equations(tuple(index), boxed=True)]
    return blocks + range_blocks(derivation.equations, notation)


def _objective(derivation: Derivation, notation: Notation) -> Paragraph:
    """What is differentiated, in words and as a formula."""
    goal = notation.goal()
    if not derivation.cotangents:
        return paragraph(
            "A bar is a derivative of the scalar output ", goal, "; each gradient has the shape of its tensor."
        )
    terms = []
    for output, cotangent in derivation.cotangents.items():
        equation = derivation.program.equations_of(output)[-1]
        tensor = derivation.combined.tensors[cotangent]
        product = tensor.at(*equation.indices) * derivation.program.tensors[output].at(*equation.indices)
        limits = [(i, n) for i, n in equation.ranges.items()]
        terms.append(Reduce("sum", product, *limits) if limits else product)
    total = terms[0] if len(terms) == 1 else sum(terms[1:], terms[0])
    return paragraph(
        "The output passes on to a scalar ", goal, " whose derivative by it, the cotangent, is given: to first order ",
        equals(goal, expression_box(total, notation)), ". A bar is a derivative of ", goal,
        "; each gradient has the shape of its tensor.",
    )  # fmt: skip


def _symbols(operation: Operation, derivation: Derivation, notation: Notation) -> list[Block]:
    blocks: list[Block] = [symbol_table(operation, derivation, notation)]
    lines = shape_lines(derivation, notation)
    if lines:
        blocks += [paragraph("Extents that are no letter:"), Equations(lines)]
    return blocks


def _forward(derivation: Derivation, notation: Notation) -> list[Block]:
    if not any(map(_is_product, program_matrices(derivation.program).values())):
        return []  # the statement has these very equations
    lines = []
    for equation in derivation.program.equations:
        reason = named_text(equation.note, derivation, notation) if equation.note else ()
        lines.append(Line(*equation_boxes(equation, notation), reason, shape_box(_extents(equation), notation)))
    return [Equations(tuple(lines)), *range_blocks(derivation.program.equations, notation)]


def _locals(derivation: Derivation, notation: Notation) -> list[Block]:
    lines = local_lines(derivation, notation)
    if not lines:
        return [
            paragraph("Every equation is linear in what is differentiated: the local derivatives are the coefficients.")
        ]
    return [
        paragraph("Each is taken by SymPy from the expression itself, everything else held fixed."),
        Equations(lines),
    ]


def _reverse_intro(derivation: Derivation, notation: Notation) -> list[Block]:
    return [
        paragraph(
            "The adjoint of a tensor collects one term for every place where it is read: the adjoint of what reads it, times the "
            "local derivative there. A bracket such as ", _bracket_example(notation), " is 1 where it holds and 0 elsewhere."
        )
    ]  # fmt: skip


def _bracket_example(notation: Notation) -> Box:
    from sympy import Eq

    from derive.nodes import Iverson, index

    return expression_box(Iverson(Eq(index("i"), index("j"))), notation)


def _reverse(derivation: Derivation, notation: Notation, label: str) -> tuple[Section, ...]:
    inner = []
    kept = {equation.target for equation in derivation.equations}
    for number, equation in enumerate(derivation.derived):
        blocks = reverse_blocks(derivation, notation, equation)
        if equation.target not in kept:
            bar = notation.name(equation.target)
            blocks.append(paragraph("This is ", bar, ", which is put in where it is read and not computed on its own."))
        name = notation.adjoints.get(equation.target, equation.target)
        place = [str(i) for i, n in zip(equation.indices, equation.extents, strict=True) if n is None]
        where = f" at {', '.join(place)}" if place else ""
        inner.append(Section(f"Adjoint of {name}{where}", tuple(blocks), (), f"{label}-adjoint-{number}"))
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
        before, after = (expression_box(_readable(e), notation) for e in (rewrite.before, rewrite.after))
        pair = [Line(None, before, equals=False), Line(None, after, text(str(rewrite.because)))]
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


def _readable(expression: Expr) -> Expr:
    """The code generator's own nodes (a softmax along a row) as functions of what they are applied to."""
    found: dict[Expr, Expr] = {}
    for node in expression.atoms(Node, SympyFunction):
        if type(node).__module__.partition(".")[0] == "numeric":
            name = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(node).__name__).lstrip("_")
            arguments = node.args
            if isinstance(node, RootOfSquares):
                arguments = node.args[:1]
            elif isinstance(node, Node):  # behind what it is of: the bound index, its extent, where it is taken
                *of, k, _, i = node.args
                arguments = tuple(each.xreplace({k: i}) for each in of)
            found[node] = SympyFunction(name)(*map(_readable, arguments))
    return expression.xreplace(found)


def _example(operation: Operation, derivation: Derivation, function: Function) -> tuple[Example | None, list[Block]]:
    try:
        return worked(operation, derivation, function), []
    except SamplingError as problem:
        return None, [Note(text(f"No example could be drawn: {problem}"), "warning")]


def _cost(derivation: Derivation, notation: Notation) -> list[Block]:
    forward = cost(derivation.program.equations, notation.extents)
    backward = cost(derivation.equations, notation.extents)
    rows = tuple(_cost_row(name, found, notation) for name, found in (("forward", forward), ("backward", backward)))
    return [
        paragraph(
            "Counted from the index equations: every quantity once for each combination of the indices it depends on."
        ),
        Table(("Pass", "Multiplications", "Additions", "Functions"), rows, weights=(1.0, 2.6, 2.6, 1.6)),
    ]


def _cost_row(name: str, found: Cost, notation: Notation) -> tuple[tuple[Inline, ...], ...]:
    return (text(name), *(text(expression_box(e, notation)) for e in (found.products, found.sums, found.functions)))


def _closing(
    operation: Operation, derivation: Derivation, notation: Notation, evidence: Evidence | None
) -> list[Block]:
    blocks: list[Block] = []
    if operation.interpretation and operation.summary:
        blocks.append(Paragraph(named_text(operation.interpretation, derivation, notation)))
    if operation.source:
        blocks.append(paragraph(f"Source: {operation.source}."))
    seed = f" --seed {evidence.seed}" if evidence is not None else ""
    blocks.append(paragraph("This page again: ", Code(f"backproof report {operation.name} --out DIR"), "; its checks again: ",
                            Code(f"backproof verify {operation.name}{seed}"), "."))  # fmt: skip
    return blocks

"""What an operation is, and what was derived: the first sections of a page, and the ends of every other."""

from __future__ import annotations

from collections import Counter

from sympy import Expr, Mul, Symbol

from derive.derivation import Derivation
from derive.matrix_form import program_matrices
from derive.nodes import Access, Reduce
from derive.notation import Box, Notation, expression_box
from derive.operation import Operation
from derive.program import Program
from derive.terms import Fresh, flatten
from reports.document import Block, Equations, Inline, Line, Listing, Paragraph, line, paragraph, text
from reports.lines import Claim, equation_claim, matrix_claim
from reports.numbers import Numbers
from reports.steps import is_product, range_blocks
from reports.symbols import equals, named_text


def statement_blocks(
    operation: Operation, derivation: Derivation, notation: Notation, numbers: Numbers | None = None
) -> list[Block]:
    """The operation as it is declared, in matrix form where people write it so; numbered for a page."""
    numbers = numbers or Numbers(operation.name)
    blocks: list[Block] = []
    if operation.layout:
        blocks.append(Paragraph(named_text(operation.layout, derivation, notation)))
    program = derivation.program
    forms = {n: tree for n, tree in program_matrices(program).items() if len(program.equations_of(n)) == 1}
    if not any(map(is_product, forms.values())):
        forms = {}
    lines = []
    for equation in derivation.program.equations:
        tree = forms.get(equation.target)
        number, label = numbers.give(("forward", equation.target, equation.indices))
        claim = equation_claim(equation) if tree is None else matrix_claim(equation, tree, shapes=True)
        lines.append(line(claim, notation, number=number, label=label))
    blocks.append(Equations(tuple(lines)))
    if derivation.program.facts:
        blocks += [paragraph("Known of the inputs:"), Equations(tuple(_facts(derivation, notation, numbers)))]
    blocks += reduction_blocks(derivation, notation)
    blocks.append(Listing(operation.text.strip("\n"), "", "As declared:"))
    return blocks


def _facts(derivation: Derivation, notation: Notation, numbers: Numbers) -> list[Line]:
    lines = []
    for position, (left, right) in enumerate(derivation.program.facts):
        ranges = fact_ranges(left, derivation.program)
        number, label = numbers.give(("fact", position))
        claim = Claim(left, right, tuple(ranges), tuple(ranges.values()))
        lines.append(line(claim, notation, shape=False, number=number, label=label))
    return lines


def fact_ranges(left: Expr, program: Program) -> dict[Symbol, Expr]:
    """The free indices of a fact with their extents: those of the axes at which they stand."""
    ranges: dict[Symbol, Expr] = {}
    for access in sorted(left.atoms(Access), key=str):
        for i, n in zip(access.indices, program.tensors[access.tensor].shape, strict=True):
            if isinstance(i, Symbol) and i in left.free_symbols:
                ranges.setdefault(i, n)
    return ranges


def reduction_blocks(derivation: Derivation, notation: Notation) -> list[Block]:
    """Whether a scalar output is a sum or a mean, read off its equation, and what that does to the gradients."""
    pieces: list[str | Inline | Box] = []
    for name in derivation.of:
        equation = derivation.program.equations_of(name)[-1]
        found = reduction(equation.rhs) if not equation.indices else []
        if not found:
            continue
        ways = [("mean" if mean else "sum", i, n) for i, n, mean in found]
        pieces += ["Reduction: ", notation.name(name), " is "]
        for position, (way, i, n) in enumerate(ways):
            same = position and ways[position - 1][0] == way
            start = ", " if position and same else " and " if position else ""
            pieces += [start + ("" if same else f"the {way} over "), expression_box(i, notation)]
            pieces += [" (", expression_box(notation.extent(n), notation), " of them)"]
        scale = Mul(*(n for way, _, n in ways if way == "mean"))
        if scale != 1:
            pieces += [", so that every gradient carries the factor ", expression_box(1 / scale, notation)]
        pieces.append(". ")
    return [Paragraph(text(*pieces))] if pieces else []


def reduction(rhs: Expr) -> list[tuple[Symbol, Expr, bool]]:
    """The sums around a right-hand side: index, extent, and whether it is divided by that extent.

    >>> from derive.registry import get
    >>> reduction(get("mse").program.equations[-1].rhs)
    [(i, n, True), (j, k, True)]
    """
    kinds = []
    for term in flatten(rhs, Fresh("_r")):
        counts = Counter(n for _, n in term.bound)
        divided = {n: -power for n, power in term.factors if n in counts and not power.is_positive}
        if any(power != counts[n] for n, power in divided.items()):
            return []  # by one of several alike, or by a root: neither a sum nor a mean over each
        kinds.append([(n, n in divided) for _, n in term.bound])
    if not kinds or any(kind != kinds[0] for kind in kinds) or not all(n.free_symbols for n, _ in kinds[0]):
        return []
    letters: dict[Expr, list[Symbol]] = {}
    for i, n in dict.fromkeys(_outer(rhs)):
        letters.setdefault(n, []).append(i)
    if any(len(letters[n]) < count for n, count in Counter(n for n, _ in kinds[0]).items()):
        return []  # two sums with the same letter
    return [(letters[n].pop(0), n, mean) for n, mean in kinds[0]]


def _outer(expression: Expr) -> list[tuple[Symbol, Expr]]:
    """The indices with their extents of the sums that :func:`derive.terms.flatten` pulls out."""
    if isinstance(expression, Reduce) and expression.op == "sum":
        return [*expression.limits, *_outer(expression.body)]
    parts = sorted(expression.args, key=str) if expression.is_Add or expression.is_Mul else []
    return [found for part in parts for found in _outer(part)]


def result_blocks(derivation: Derivation, notation: Notation, numbers: Numbers | None = None) -> list[Block]:
    """The derived equations, boxed: in matrix form where there is one, then all in index form."""
    numbers = numbers or Numbers(derivation.program.name)
    blocks: list[Block] = [_objective(derivation, notation)]
    keys = {e: ("adjoint", e.target, e.indices) for e in derivation.equations}
    matrix, index = [], []
    for e in derivation.equations:
        if e.target in derivation.matrix:
            number, label = numbers.give(keys[e])
            matrix.append(line(matrix_claim(e, derivation.matrix[e.target]), notation, number=number, label=label))
    for e in derivation.equations:
        number, label = numbers.give(keys[e])
        index.append(line(equation_claim(e), notation, number=number, label=label))
    if matrix:
        whole = len(matrix) == len(index)
        blocks += [paragraph("In matrix form:" if whole else "In matrix form, as far as there is one:"),
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
    return paragraph(
        "The output passes on to a scalar ", goal, " whose derivative by it, the cotangent, is given: to first order ",
        equals(goal, expression_box(objective(derivation), notation)), ". A bar is a derivative of ", goal,
        "; each gradient has the shape of its tensor.",
    )  # fmt: skip


def objective(derivation: Derivation) -> Expr:
    """The sum of outputs times cotangents, whose gradient is derived."""
    terms = []
    for output, cotangent in derivation.cotangents.items():
        equation = derivation.program.equations_of(output)[-1]
        tensor = derivation.combined.tensors[cotangent]
        product = tensor.at(*equation.indices) * derivation.program.tensors[output].at(*equation.indices)
        limits = [(i, n) for i, n in equation.ranges.items()]
        terms.append(Reduce("sum", product, *limits) if limits else product)
    return terms[0] if len(terms) == 1 else sum(terms[1:], terms[0])


__all__ = ["fact_ranges", "objective", "reduction", "reduction_blocks", "result_blocks", "statement_blocks"]

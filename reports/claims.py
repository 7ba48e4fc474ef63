"""A claim as formulas: both sides of what is stated, set from what the judge evaluated, never from text."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import replace

from sympy import Symbol

from derive.claim import claim as read_claim
from derive.derivation import Derivation
from derive.errors import BackproofError
from derive.matrix import Matrix
from derive.matrix_form import program_matrices
from derive.notation import Box, Notation, expression_box
from derive.notation.matrices import matrix_box
from derive.notation.names import name_box
from derive.notation.tree import Fence, Letter, Number, Row, Sign, Words, fenced, row, separated
from derive.program import Program
from derive.reverse import derive
from reports.document import Block, Code, Equations, Inline, Line, Math, Paragraph, text
from reports.worked.plugging import decimal_box
from verify.audit.algebra import read_expression
from verify.audit.claims import Check
from verify.audit.quantities import Quantities
from verify.audit.settings import setting_of
from verify.audit.words import expression, statement

_RELATIONS = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge"}


def stated(check: Check) -> list[Block]:
    """What a check states: its words, and below them its formula where it has one."""
    maker = _FORMULAS.get(check.kind)
    blocks: list[Block] = [Paragraph(text(f"{capital(check.words)}."))] if check.words else []
    try:
        found = maker(check) if maker is not None else []
    except BackproofError:  # a formula without meaning is shown as it was written
        found = []
    return [*blocks, *(found or [Paragraph(text(Code(statement(replace(check, words="")))))])]


def capital(words: str) -> str:
    """Words with a capital letter in front, unless they begin with a symbol.

    >>> capital("the update of b"), capital("dC/dW is the sum"), capital("sigma'(z) = 0.25")
    ('The update of b', 'dC/dW is the sum', "sigma'(z) = 0.25")
    """
    return words[0].upper() + words[1:] if re.match(r"[a-z]+[ ,]", words) else words


def declared(check: Check) -> str:
    """What a check declares in its own words, as text; empty for an operation of the catalog."""
    for key in ("given", "of"):
        whole = check.text(key).strip()
        if key in check.values and not whole.partition(":")[0].isidentifier():
            return whole
    return ""


def _sides(check: Check, *texts: str) -> tuple[list[Box | None], Quantities]:
    """Each expression as a formula: in matrix form where it has one; ``None`` for a call of an operation."""
    quantities = Quantities(setting_of(check, *texts), {f"side{k}": each for k, each in enumerate(texts)})
    return [_side(quantities, f"side{k}") for k in range(len(texts))], quantities


def _side(quantities: Quantities, name: str) -> Box | None:
    if not quantities.is_plain(name):
        return None
    program = quantities.program
    equations = program.equations_of(name)
    if len(equations) != 1:
        return None
    (equation,) = equations
    notation = Notation.of(program).at(equation)
    tree = program_matrices(program).get(name)
    if tree is not None and equation.indices:
        return _measured(matrix_box(tree, notation), quantities)
    return _measured(expression_box(equation.rhs, notation), quantities)


def _measured(box: Box, quantities: Quantities) -> Box:
    """The names of measures as what they measure: ``|W x|`` for a norm, ``rho(W)`` for a radius."""
    for scalar, (kind, _) in quantities.measures.items():
        inside = Words(quantities.measured[scalar].replace("@", "").replace("  ", " "))
        shown: Box = Fence("bar", Fence("bar", inside)) if kind == "norm" else row(Letter("rho"), fenced(inside))
        box = _replaced(box, name_box(scalar), shown)
    return box


def _replaced(box: Box, old: Box, new: Box) -> Box:
    if box == old:
        return new
    if isinstance(box, Row):
        return row(*(_replaced(part, old, new) for part in box.parts))
    return box


def _equal(check: Check) -> list[Block]:
    sides, _ = _sides(check, check.text("left"), check.text("right"))
    left, right = sides
    if left is not None and right is not None:
        return [Equations((Line(left, right),))]
    pieces: list[Inline | Box | str] = []
    for box, key in ((left, "left"), (right, "right")):
        pieces += [" = "] if pieces else []
        pieces.append(box if box is not None else Code(expression(check.text(key))))
    return [Paragraph(text(*pieces))]


def quantity(check: Check) -> Inline:
    """What a number is claimed of, as a formula where that can be."""
    what = check.text("what").strip()
    (box,), quantities = _sides(check, what)
    if what in quantities.program.tensors:
        return Math(Notation.of(_setting_program(check, quantities)).name(what))
    return Math(box) if box is not None else Code(what)


def _setting_program(check: Check, quantities: Quantities) -> Program | Derivation:
    derivation = setting_of(check, check.text("what")).derivation
    return quantities.program if derivation is None else derivation


def _number(check: Check) -> list[Block]:
    what = quantity(check)
    if not isinstance(what, Math):
        return []
    return [Equations((Line(what.box, numbers_box(check.values["value"])),))]


def numbers_box(value: object) -> Box:
    """A number or nested lists of numbers, as they are claimed."""
    if isinstance(value, list):
        return Fence("[", separated([numbers_box(part) for part in value]))
    return decimal_box(str(value)) if "/" not in str(value) else Number(str(value))


def _bound(check: Check) -> list[Block]:
    lines = [Line(None, _chain(check, check.text("relation")), equals=False)]
    lines += [Line(None, _chain(check, each), text("is assumed"), equals=False) for each in check.texts("assume")]
    for name, ends in check.table("over").items():
        low, high = (decimal_box(str(end)) for end in ends)
        inside = row(low, Sign("le"), name_box(name), Sign("le"), high)
        lines.append(Line(None, inside, text("is the range"), equals=False))
    return [Equations(tuple(lines))]


def _chain(check: Check, relation: str) -> Box:
    tree = ast.parse(relation.strip(), mode="eval").body
    assert isinstance(tree, ast.Compare)  # the judge has read it
    texts = [ast.unparse(side) for side in (tree.left, *tree.comparators)]
    sides, _ = _sides(check, *texts)
    parts: list[Box] = []
    for k, (box, words) in enumerate(zip(sides, texts, strict=True)):
        if k:
            parts.append(Sign(_RELATIONS[type(tree.ops[k - 1])]))
        parts.append(box if box is not None else Words(words))
    return row(*parts)


def _gradient(check: Check) -> list[Block]:
    operation = check.operation()
    wrt = check.text("gradient").strip().rpartition("d")[2]
    derivation = derive(operation, wrt=(wrt,))
    claimed = read_claim(check.text("formula"), operation, derivation)
    ((_, target),) = claimed.gradients.items()
    notation = Notation.of(derivation)
    (equation,) = claimed.adjoint.equations_of(target)
    tree = _matrix(claimed, target)
    own = notation.at(equation)
    if tree is not None:
        return [Equations((Line(notation.name(target), matrix_box(tree, notation)),))]
    left = expression_box(equation.lhs, own) if equation.target in notation.tensors else notation.name(target)
    return [Equations((Line(left, expression_box(equation.rhs, own)),))]


def _matrix(claimed: Derivation, target: str) -> Matrix | None:
    (equation,) = claimed.adjoint.equations_of(target)
    return program_matrices(claimed.combined).get(target) if equation.indices else None


def _shape(check: Check) -> list[Block]:
    (what,), quantities = _sides(check, check.text("what"))
    sizes = {s.name: s for s in (*quantities.program.dimensions, *quantities.program.integers)}
    shape = [expression_box(read_expression(each, sizes, check, "shape")) for each in check.texts("shape")]
    piece = what if what is not None else Code(check.text("what"))
    return [Paragraph(text(piece, " has the shape ", separated(shape, Sign("times")) if shape else "of a number", "."))]


def _cost(check: Check) -> list[Block]:
    order = check.text("order")
    letters = {word: Symbol(word) for word in {n.id for n in ast.walk(ast.parse(order)) if isinstance(n, ast.Name)}}
    box = expression_box(read_expression(order, letters, check, "order"))
    which = check.text("pass", "forward")
    return [Paragraph(text(f"The {which} pass of ", Code(" ".join(check.text("of").split())), " costs ",
                           row(Letter("O"), fenced(box)), "."))]  # fmt: skip


def _limit(check: Check) -> list[Block]:
    (what,), _ = _sides(check, check.text("what"))
    ends = [expression_box(read_expression(check.text(key), {}, check, key)) for key in ("value", "to")]
    piece = what if what is not None else Code(check.text("what"))
    variable = name_box(check.text("variable"))
    return [Paragraph(text(piece, " tends to ", ends[0], " as ", variable, " tends to ", ends[1], "."))]


def _convex(check: Check) -> list[Block]:
    names = [name_box(name.strip()) for name in check.text("wrt").split(",")]
    operation = check.operation()
    output = name_box(check.text("output") or operation.program.outputs[0])
    return [Paragraph(text(output, " is convex in ", separated(list(names)), "."))]


def _stability(check: Check) -> list[Block]:
    key = "below" if "below" in check.values else "factor"
    letters = {n.id: Symbol(n.id.rstrip("_")) for n in ast.walk(ast.parse(check.text(key).replace("lambda", "lambda_")))
               if isinstance(n, ast.Name)}  # fmt: skip
    named = {name.replace("lambda_", "lambda"): symbol for name, symbol in letters.items()}
    box = expression_box(read_expression(check.text(key), named, check, key))
    what = check.operation().title.lower()
    if key == "below":
        return [Paragraph(text(f"With {what} the learning rate is stable below ", box, "."))]
    return [Paragraph(text(f"One step of {what} multiplies the distance from a minimum by ", box, "."))]


def _graph(check: Check) -> list[Block]:
    pieces: list[Inline | Box | str] = []
    for name in check.text("path").replace("->", " ").split():
        pieces += [" → "] if pieces else []
        pieces.append(name_box(name))
    behind = ", and the adjoints run backwards" if check.flag("backwards") else ""
    return [Paragraph(text("Each reads the one before: ", *pieces, f"{behind}."))]


_FORMULAS: dict[str, Callable[[Check], list[Block]]] = {
    "equal": _equal, "number": _number, "bound": _bound, "gradient": _gradient, "shape": _shape, "cost": _cost,
    "limit": _limit, "convex": _convex, "stability": _stability, "graph": _graph,
}  # fmt: skip

__all__ = ["capital", "declared", "numbers_box", "quantity", "stated"]

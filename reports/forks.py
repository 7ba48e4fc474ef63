"""Where the sums of an adjoint come from: a value that is read in several places, or at one place for many others."""

from __future__ import annotations

from sympy import Symbol, preorder_traversal

from derive.derivation import Derivation
from derive.matrix import Matrix, Total
from derive.nodes import Access
from derive.notation import Box, Notation, expression_box
from derive.program import Equation
from reports.document import Block, Inline, Paragraph, text
from reports.numbers import Numbers


def fork_blocks(derivation: Derivation, notation: Notation, name: str, numbers: Numbers) -> list[Block]:
    """A paragraph on the places where a tensor is read; none where it is read once, element by element."""
    readers = [e for e in derivation.program.equations if _carries(derivation, e) and name in e.reads()]
    places = [(e, access) for e in readers for access in _accesses(e, name)]
    pieces: list[str | Inline | Box] = []
    given = name in derivation.of and name in derivation.cotangents and readers
    if len(places) > 1 or given:
        pieces += [notation.name(name), f" is read in {_count(len(places))}, ", *_cited(readers, numbers)]
        pieces.append(", and is an output besides" if given else "")
        pieces.append(": its adjoint adds up what each of them passes back. ")
    for equation in readers:
        for access in dict.fromkeys(a for e, a in places if e is equation):
            pieces += _repeated(equation, access, derivation, notation)
    return [Paragraph(text(*pieces))] if pieces else []


def _count(number: int) -> str:
    words = ("no place", "one place", "two places", "three places", "four places", "five places", "six places")
    return words[number] if number < len(words) else f"{number} places"


def _cited(readers: list[Equation], numbers: Numbers) -> list[str | Inline | Box]:
    links = numbers.links(("forward", e.target, e.indices) for e in readers)
    return ["by equation ", *links] if len(links) == 1 else ["by equations ", *links]


def _carries(derivation: Derivation, equation: Equation) -> bool:
    return equation.target in derivation.adjoints or equation.target in derivation.of


def _accesses(equation: Equation, name: str) -> list[Access]:
    """The places in a right-hand side where a tensor is read, in a fixed order; a place that is read twice counts twice."""
    found = [node for node in preorder_traversal(equation.rhs) if isinstance(node, Access) and node.tensor == name]
    return sorted(found, key=str)


def _repeated(
    equation: Equation, access: Access, derivation: Derivation, notation: Notation
) -> list[str | Inline | Box]:
    """One element enters many elements of what reads it: those of the indices that the element does not have."""
    free = [i for i in equation.ranges if i not in _symbols(access)]
    if not free:
        return []
    context = notation.at(equation)
    boxes = [piece for i in free for piece in (", ", expression_box(i, context))][1:]
    said: list[str | Inline | Box] = [
        "The same ", expression_box(access, context), " enters ", expression_box(equation.lhs, context), " for every ",
        *boxes, ", hence the sum over ", *("it" if len(free) == 1 else "them",),
    ]  # fmt: skip
    tree = derivation.matrix.get(derivation.adjoints.get(access.tensor, ""))
    if tree is not None and _has_total(tree):
        said.append("; in matrix form that is the product with a vector of ones")
    return [*said, ". "]


def _symbols(access: Access) -> set[Symbol]:
    return {s for i in access.indices for s in i.free_symbols}


def _has_total(tree: Matrix) -> bool:
    if isinstance(tree, Total) and tree.op == "sum":
        return True
    parts = [part for value in vars(tree).values() for part in (value if isinstance(value, tuple) else (value,))]
    return any(_has_total(part) for part in parts if isinstance(part, Matrix))


__all__ = ["fork_blocks"]

"""A chapter for each family of operations: what they have in common, a table of all of them, and their pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from derive.notation import Box, width
from derive.operation import Operation
from derive.registry import declarations
from reports.binding.pages import Page
from reports.document import Block, Code, Figure, Inline, Link, Paragraph, Section, Table, Text, paragraph, text
from reports.symbols import equals

SHOWN = 3  # gradients of an operation in the table of its chapter
ROOM = 21.0  # em: the width of the column that holds them


@dataclass(frozen=True)
class Family:
    """What a category of operations is called, and what they have in common."""

    title: str
    introduction: str


FAMILIES = {
    "activation": Family(
        "Activation functions",
        "Most of these act on each element alone: the gradient is the cotangent times the derivative of the function, element by "
        "element, and no sum arises. Those that act on a row (the softmax and its kin) let its elements compete, which shows as a "
        "sum over the row in the gradient.",
    ),
    "layer": Family(
        "Layers",
        "A layer maps arrays to arrays. Two things decide what its gradient looks like: where an array is read more than once "
        "(weights are, by every sample and every place), its gradient is a sum over those readings; and where a layer mixes "
        "elements, its gradient mixes them the other way round.",
    ),
    "loss": Family(
        "Loss functions",
        "A loss is a single number, so that its own cotangent is 1 and the gradient is what backpropagation begins with. For the "
        "losses that belong to a probability model it is a residual: prediction minus target.",
    ),
    "network": Family(
        "Networks",
        "Networks are composed of the operations of the other chapters and differentiated as a whole. The adjoint of each named "
        "intermediate stays named, so that backpropagation can be read off: one line a layer, from the loss to the input.",
    ),
    "regulariser": Family(
        "Regularisers",
        "Penalties on the parameters, and what is done to parameters, targets or gradients to keep them in bounds.",
    ),
    "optimizer": Family(
        "Optimizers",
        "A step of an optimizer is itself a function of the gradients and the parameters before it, and can be differentiated: "
        "that is how a learning rate is learnt, or how much an early gradient still matters.",
    ),
    "schedule": Family(
        "Schedules", "The learning rate as a function of the step, differentiated by what it is made of."
    ),
}


def family(category: str) -> Family:
    """The family of a category; one that nobody described is called by its name."""
    return FAMILIES.get(category, Family(category.capitalize() or "Others", ""))


def chapters(
    pages: Sequence[Page], cited: Mapping[str, tuple[Inline, ...]], together: Mapping[str, Figure]
) -> tuple[Section, ...]:
    """The families in their order, with the pages in theirs.

    ``cited`` is what to say of an operation's sources, ``together`` a picture of a category's operations side by side.
    """
    relations = related([page.operation for page in pages])
    found = []
    for category in dict.fromkeys([*FAMILIES, *(page.operation.category for page in pages)]):
        inside = [page for page in pages if page.operation.category == category]
        if inside:
            about = family(category)
            count = f"This chapter holds {len(inside)} of them." if len(inside) > 1 else ""
            opening: list[Block] = [paragraph(" ".join(filter(None, (about.introduction, count)))), overview(inside)]
            opening += [together[category]] if category in together else []
            sections = tuple(_operation(page, cited, relations) for page in inside)
            found.append(Section(about.title, tuple(opening), sections, f"chapter-{category}"))
    return tuple(found)


def overview(pages: Sequence[Page]) -> Table:
    """Every operation of a chapter with its gradients, and what they say in words."""
    rows = tuple((_name(page.operation), _gradients(page), page.document.summary) for page in pages)
    return Table(("Operation", "Gradient", "In words"), rows, weights=(1.0, 1.75, 1.45))


def _name(operation: Operation) -> tuple[Inline, ...]:
    title = Link(operation.title or operation.name, operation.name)
    return (title,) if not operation.title else (title, Text(" "), Code(operation.name))


def _gradients(page: Page) -> tuple[Inline, ...]:
    """The gradients that fit in a line each; the others are on the page."""
    boxes = [equals(line.left, line.right) for line in page.gradients if line.left is not None]
    fitting = [box for box in boxes if width(box) <= ROOM][:SHOWN]
    pieces: list[str | Inline | Box] = []
    for box in fitting:
        pieces += [", ", box] if pieces else [box]
    left = len(boxes) - len(fitting)
    if left:
        words = f"{left} more" if fitting else "on its page" if left == 1 else f"{left}, on its page"
        pieces += [", and " if fitting else "", Link(words, f"{page.operation.name}-result")]
    return text(*pieces)


def _operation(page: Page, cited: Mapping[str, tuple[Inline, ...]], relations: Mapping[str, Relations]) -> Section:
    operation, document = page.operation, page.document
    opening = [Paragraph(document.summary)] if document.summary else []
    about = [*cited.get(operation.name, ()), *relations[operation.name].words()]
    if about:
        opening.append(Paragraph(tuple(about)))
    return Section(document.title, tuple(opening), document.sections, operation.name)


@dataclass(frozen=True)
class Relations:
    """The operations of a book that one is built from, and those that are built from it."""

    uses: tuple[Operation, ...]
    used: tuple[Operation, ...]

    def words(self) -> tuple[Inline, ...]:
        """A sentence for each."""
        pieces: list[str | Inline | Box] = []
        for head, others in (("Built from ", self.uses), ("Used in ", self.used)):
            if others:
                pieces.append(f" {head}")
                for number, other in enumerate(others):
                    last = number == len(others) - 1
                    pieces += [" and " if last else ", "] if number else []
                    pieces.append(Link(other.title or other.name, other.name))
                pieces.append(".")
        return text(*pieces)


def related(operations: Sequence[Operation]) -> dict[str, Relations]:
    """Who calls whom, among these operations."""
    known = {each.name for each in declarations()}
    called = {o.name: {n for n in re.findall(r"([A-Za-z_]\w*)\s*\(", o.text) if n in known} for o in operations}
    for operation in operations:
        called[operation.name] |= set(operation.options.values())
    return {
        o.name: Relations(
            tuple(each for each in operations if each.name in called[o.name] and each is not o),
            tuple(each for each in operations if o.name in called[each.name] and each is not o),
        )
        for o in operations
    }

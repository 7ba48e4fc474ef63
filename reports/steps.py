"""The steps of a derivation as displayed lines: one rule a line, its reason beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sympy import Eq, Expr, Symbol

from derive.derivation import Derivation, Step
from derive.index_names import IndexNames
from derive.matrix import Matrix, Outer, Product, Total, Transpose
from derive.nodes import Access, Iverson, Reduce, Sensitivity
from derive.notation import Notation, condition_box
from derive.notation.breaking import is_tall, width
from derive.notation.equations import range_box
from derive.notation.tree import Box, Fence
from derive.program import Equation
from derive.simplify import Simplifier, patterns_of, size
from derive.terms import Fresh, flatten
from reports.document import Block, Equations, Inline, Line, Paragraph, line, text
from reports.lines import Claim, equation_claim, matrix_claim
from reports.numbers import Numbers
from reports.running import REARRANGED, Stage, grouped, stages
from reports.symbols import equals, named_text

_SHORT = 11.0  # em: a definition that fits into the column of reasons
_FEW = 3  # brackets that are named in a reason


def local_lines(derivation: Derivation, notation: Notation, numbers: Numbers | None = None) -> tuple[Line, ...]:
    """The local derivatives, one line each; the same one of two adjoints is shown once, with its form in named values.

    Without ``numbers`` the lines have none.
    """
    lines: list[Line] = []
    seen: list[tuple[Box | None, Box]] = []
    for step in derivation.steps:
        if step.rule != "local derivative":
            continue
        claim = Claim(step.before, step.after, step.indices, step.extents)
        shown = line(claim, notation, shape=False)
        if (shown.left, shown.right) in seen:
            continue
        seen.append((shown.left, shown.right))
        number, label = numbers.give(("local", step.before)) if numbers is not None else ("", "")
        short = _named(step, derivation)
        named = Claim(step.before, short, step.indices, step.extents)
        if short == step.after or named.right_box(notation) == shown.right:
            lines.append(line(claim, notation, shape=False, number=number, label=label))
            continue
        reason = _definitions(
            [Step("fold", *_rest(step), step.after, short, "", step.shape)],
            derivation,
            notation,
            numbers or Numbers(""),
        )
        lines += [shown, line(named, notation, reason, continued=True, shape=False, number=number, label=label)]
    return tuple(lines)


def _rest(step: Step) -> tuple[str, tuple[Expr, ...], tuple[Expr | None, ...]]:
    return step.target, step.indices, step.extents


def _named(step: Step, derivation: Derivation) -> Expr:
    """A local derivative in the values that the forward pass has named: ``sigma(1 - sigma)``."""
    program, fresh = derivation.program, Fresh("_f")
    free = {i: n for i, n in zip(step.indices, step.extents, strict=True) if isinstance(i, Symbol) and n is not None}
    found = Simplifier(patterns_of(program), free, fresh).run(flatten(step.after, fresh))
    found = IndexNames(program, derivation.combined.tensors, ()).bound(found, free)
    return found if size(found) < size(step.after) else step.after


def adjoint_blocks(
    derivation: Derivation, notation: Notation, equation: Equation, numbers: Numbers, full: bool = False
) -> list[Block]:
    """How one adjoint comes about: what it is, the chain rule, every rewriting, the result, its matrix form with shapes.

    ``full`` gives each recorded step a line of its own.
    """
    steps = [s for s in derivation.steps if s.target == equation.target and s.indices == equation.indices]
    chain = [s for s in steps if s.rule not in ("local derivative", "matrix form", "result")]
    lines = [_definition(chain[0], equation, notation)] if chain else []
    found = stages(chain, equation.rhs)
    for stage in found if full else grouped(found):
        lines += _stage_lines(stage, equation, lines[-1], derivation, notation, numbers, full)
    number, label = numbers.give(("adjoint", equation.target, equation.indices))
    claim = equation_claim(equation)
    if lines[-1].right == claim.right_box(notation) and lines[-1].claim is not None and not lines[-1].number:
        lines[-1] = line(
            claim, notation, lines[-1].reason, continued=lines[-1].left is None, number=number, label=label
        )
    else:
        lines.append(line(claim, notation, text("together"), number=number, label=label))
    tree = derivation.matrix.get(equation.target)
    if tree is not None and is_product(tree):
        lines.append(line(matrix_claim(equation, tree, shapes=True), notation, text("in matrix form"), shape=False))
    return [Equations(tuple(lines))]


def _definition(first: Step, equation: Equation, notation: Notation) -> Line:
    claim = Claim(equation.lhs, first.before, equation.indices, equation.extents)
    is_total = isinstance(first.before, Sensitivity)
    return line(claim, notation, text("what is sought" if is_total else "the entry sought"), shape=False)


def _stage_lines(
    stage: Stage,
    equation: Equation,
    last: Line,
    derivation: Derivation,
    notation: Notation,
    numbers: Numbers,
    full: bool,
) -> list[Line]:
    """The line of a stage; of a part that is followed on its own, the part before it too.  What print does not show is no line."""
    place = equation.indices, equation.extents
    reason = _reason(stage, derivation, notation.at(equation), numbers)
    left = stage.before if stage.apart else equation.lhs
    after = line(Claim(left, stage.after, *place), notation, reason, continued=True, shape=False)
    before = line(Claim(None, stage.before, *place), notation, shape=False)
    if stage.apart:
        return [after] if last.right == before.right else [before, after] if before.right != after.right or full else []
    return [] if after.right == last.right else [after]


# -- reasons -----------------------------------------------------------------------------------------------------------


def _reason(stage: Stage, derivation: Derivation, notation: Notation, numbers: Numbers) -> tuple[Inline, ...]:
    if stage.rule == REARRANGED:
        fewer = len(stage.after.as_ordered_terms()) < len(stage.before.as_ordered_terms())
        return text("common factors taken out" if fewer else "in another order")
    rules = dict.fromkeys(step.rule for step in stage.steps)
    said: list[tuple[Inline, ...]] = []
    for rule in rules:
        steps = [step for step in stage.steps if step.rule == rule]
        if rule == "chain rule":
            said.append(_chain_rule(steps[0], derivation, notation, numbers))
        elif rule == "delta collapse":
            said.append(_collapse(steps, notation))
        elif rule == "fold":
            said.append(_definitions(steps, derivation, notation, numbers))
        elif rule == "fact":
            said.append(_facts(steps, derivation, notation, numbers))
        elif rule == "inline":
            said.append(_put_in(steps, derivation, notation, numbers))
        else:
            for because in dict.fromkeys(step.because for step in steps):
                said.append(named_text(because, derivation, notation))
    return _joined(said, "; ")


def _joined(pieces: Sequence[tuple[Inline, ...]], separator: str) -> tuple[Inline, ...]:
    joined: tuple[Inline, ...] = ()
    for piece in pieces:
        joined = (*joined, *(text(separator) if joined and piece else ()), *piece)
    return joined


def _behind(links: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """References behind what they explain."""
    return (*text(", "), *links) if links else ()


def _chain_rule(step: Step, derivation: Derivation, notation: Notation, numbers: Numbers) -> tuple[Inline, ...]:
    name = next((tensor for tensor, adjoint in derivation.adjoints.items() if adjoint == step.target), "")
    readers = [
        e
        for e in derivation.program.equations
        if name in e.reads() and (e.target in derivation.adjoints or e.target in derivation.of)
    ]
    if not readers:
        return named_text(f"chain rule: {step.because}", derivation, notation)
    through = list(dict.fromkeys(e.target for e in readers))
    listed: list[str | Inline | Box] = []
    for position, target in enumerate(through):
        listed += [
            " and " if position and position == len(through) - 1 else ", " if position else "",
            notation.name(target),
        ]
    links = numbers.links(("forward", e.target, e.indices) for e in readers)
    return (*text("chain rule through ", *listed), *_behind(links))


def _collapse(steps: Sequence[Step], notation: Notation) -> tuple[Inline, ...]:
    """The brackets that are gone, each of which leaves one term of its sum."""
    if steps[-1].after == 0:
        return text("no term satisfies the brackets")
    gone: dict[Box, None] = {}
    for step in steps:
        left = Counter(_free(c, step) for c in _deltas(step.after))
        for condition in sorted(_deltas(step.before), key=str):
            if left[_free(condition, step)]:
                left[_free(condition, step)] -= 1
            else:
                gone[Fence("[", condition_box(condition, notation))] = None
    if not gone or len(gone) > _FEW:
        return text("each bracket leaves one term of its sum")
    return text(*_between(list(gone)), " leaves one term" if len(gone) == 1 else " leave one term each")


def _deltas(expression: Expr) -> set[Expr]:
    return {b.condition for b in expression.atoms(Iverson) if isinstance(b.condition, Eq)}


def _free(condition: Expr, step: Step) -> tuple[str, ...]:
    """What a bracket is about, however its bound indices are called."""
    return tuple(sorted(str(s) for s in condition.free_symbols if s in step.indices))


def _definitions(
    steps: Sequence[Step], derivation: Derivation, notation: Notation, numbers: Numbers
) -> tuple[Inline, ...]:
    """The forward equations that were read from right to left."""
    used: dict[str, None] = {}
    for step in steps:
        before, after = (Counter(a.tensor for a in _accesses(side)) for side in (step.before, step.after))
        used.update({tensor: None for tensor in sorted(after - before) if derivation.program.equations_of(tensor)})
    equations = [e for tensor in used for e in derivation.program.equations_of(tensor)]
    if not equations:
        return text("by the forward pass")
    links = numbers.links(("forward", e.target, e.indices) for e in equations)
    if len(equations) == 1:
        claim = equation_claim(equations[0])
        left, right = claim.left_box(notation), claim.right_box(notation)
        if left is not None and not is_tall(right) and width(left) + width(right) < _SHORT:
            return (*text("because ", equals(left, right)), *_behind(links))
    names: list[str | Inline | Box] = _between([notation.name(tensor) for tensor in used])
    return (*text("by the definition of ", *names), *_behind(links))


def _accesses(expression: Expr) -> list[Access]:
    if isinstance(expression, Access):
        return [expression, *(a for i in expression.indices for a in _accesses(i))]
    return [a for part in expression.args for a in _accesses(part)]


def _facts(steps: Sequence[Step], derivation: Derivation, notation: Notation, numbers: Numbers) -> tuple[Inline, ...]:
    """What is known of the inputs, as a formula."""
    tensors = {a.tensor for step in steps for a in step.before.atoms(Access)}
    used = [
        (number, fact)
        for number, fact in enumerate(derivation.program.facts)
        if {a.tensor for a in fact[0].atoms(Access)} <= tensors
    ]
    if not used:
        return text("a fact about the inputs")
    shown = [equals(*(_side(side, fact, notation) for side in fact)) for _, fact in used]
    return (*text("because ", *_between(shown)), *_behind(numbers.links(("fact", number) for number, _ in used)))


def _side(side: Expr, fact: tuple[Expr, Expr], notation: Notation) -> Box:
    return Claim(None, side).right_box(notation)


def _put_in(steps: Sequence[Step], derivation: Derivation, notation: Notation, numbers: Numbers) -> tuple[Inline, ...]:
    names = list(dict.fromkeys(step.because.removesuffix(" put in") for step in steps))
    keys = [("adjoint", e.target, e.indices) for e in derivation.derived if e.target in names]
    return (*text(*_between([notation.name(name) for name in names]), " put in"), *_behind(numbers.links(keys)))


def _between(boxes: Sequence[Box]) -> list[str | Inline | Box]:
    joined: list[str | Inline | Box] = []
    for number, box in enumerate(boxes):
        if number:
            joined.append(", ")
        joined.append(box)
    return joined


# -- what other sections use -------------------------------------------------------------------------------------------


def is_product(tree: Matrix) -> bool:
    """Whether a form is one that people write with matrices: it has a product or a transpose in it."""
    if isinstance(tree, Product | Transpose | Outer | Total):
        return True
    parts = [part for value in vars(tree).values() for part in (value if isinstance(value, tuple) else (value,))]
    return any(is_product(part) for part in parts if isinstance(part, Matrix))


def range_blocks(equations: Sequence[Equation], notation: Notation) -> list[Block]:
    """The ranges of the indices that stand below a sum without limits, equation by equation."""
    pieces: list[str | Inline | Box] = []
    for equation in equations:
        bare = {
            i: n
            for reduce in sorted(equation.rhs.atoms(Reduce), key=str)
            if len(reduce.limits) > 2 and reduce.op in ("sum", "prod", "logsumexp")
            for i, n in reduce.limits
        }
        if bare:
            ranges = _between([range_box(i, n, notation) for i, n in sorted(bare.items(), key=str)])
            pieces += ["; " if pieces else "The sums run over ", *ranges, " in ", notation.name(equation.target)]
    return [Paragraph(text(*pieces, "."))] if pieces else []


__all__ = ["adjoint_blocks", "is_product", "local_lines", "range_blocks"]

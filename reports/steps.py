"""The steps of a derivation as displayed lines: one rule a line, its reason beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sympy import Eq, Expr, Symbol

from derive.derivation import Derivation, Step
from derive.nodes import Iverson, Reduce
from derive.notation import Notation, condition_box, expression_box
from derive.notation.equations import range_box
from derive.notation.tree import Box, Fence
from derive.program import Equation
from reports.document import Block, Equations, Inline, Line, Paragraph, text
from reports.symbols import named_text, shape_box

Chain = list[Step]


def local_lines(derivation: Derivation, notation: Notation) -> tuple[Line, ...]:
    """The local derivatives, one line each; the same one of two adjoints is shown once."""
    lines = []
    for step in derivation.steps:
        if step.rule == "local derivative":
            context = _context(step, notation)
            line = Line(expression_box(step.before, context), expression_box(step.after, context))
            if line not in lines:
                lines.append(line)
    return tuple(lines)


def reverse_blocks(derivation: Derivation, notation: Notation, equation: Equation) -> list[Block]:
    """How one adjoint comes about: the chain rule, then every rewriting, then the result."""
    steps = [s for s in derivation.steps if s.target == equation.target and s.indices == equation.indices]
    lines: list[Line] = []
    chains = 0
    for chain in _chains(s for s in steps if s.rule not in ("local derivative", "matrix form", "result")):
        lines.extend(_chain_lines(chain, derivation, notation, first=not lines))
        chains += 1
    context = notation.at(equation)
    left, right = expression_box(equation.lhs, context), expression_box(equation.rhs, context)
    if chains != 1 or lines[-1].right != right:
        reason = text("together") if len(lines) > 1 else ()
        lines.append(Line(left, right, reason, shape_box(_shape(equation), notation)))
    else:
        lines[-1] = Line(lines[-1].left, lines[-1].right, lines[-1].reason, shape_box(_shape(equation), notation))
    return [Equations(tuple(lines))]


def _shape(equation: Equation) -> tuple[Expr, ...]:
    return tuple(n for n in equation.extents if n is not None)


def _chains(steps: Iterable[Step]) -> list[Chain]:
    """Steps that continue one another: each begins with what the one before ended with."""
    chains: list[Chain] = []
    for step in steps:
        if chains and chains[-1][-1].after == step.before and chains[-1][-1].indices == step.indices:
            chains[-1].append(step)
        else:
            chains.append([step])
    return chains


def _chain_lines(chain: Chain, derivation: Derivation, notation: Notation, first: bool) -> list[Line]:
    """``before = after1 = after2``; neighbouring collapses of deltas are one line."""
    context = _context(chain[0], notation)
    merged = _merge_deltas(chain)
    shown = expression_box(chain[0].before, context)
    lines: list[Line] = []
    for position, group in enumerate(merged):
        right = expression_box(group[-1].after, context)
        if right == shown and (position or not first):
            continue
        lines.append(Line(shown if first and not lines else None, right, _reason(group, derivation, context)))
        shown = right
    if not first:
        begin = expression_box(chain[0].before, context)
        if [line.right for line in lines] == [begin]:
            return []  # a change of order only, which print does not show
        lines.insert(0, Line(None, begin, equals=False))
    return lines


def _merge_deltas(chain: Chain) -> list[Chain]:
    merged: list[Chain] = []
    for step in chain:
        if merged and step.rule == merged[-1][-1].rule == "delta collapse":
            merged[-1].append(step)
        else:
            merged.append([step])
    return merged


def _reason(group: Chain, derivation: Derivation, notation: Notation) -> tuple[Inline, ...]:
    if group[0].rule == "delta collapse":
        if group[-1].after == 0:
            return text("no term satisfies the brackets")
        left = Counter(_free(c, group[-1]) for c in _deltas(group[-1].after))
        boxes: list[str | Inline | Box] = []
        for condition in sorted(_deltas(group[0].before), key=str):
            if left[_free(condition, group[0])]:
                left[_free(condition, group[0])] -= 1
            else:
                boxes.append(Fence("[", condition_box(condition, notation)))
        if boxes:
            return text(*_between(boxes), " leaves one term" if len(boxes) == 1 else " leave one term each")
    return text(f"{group[0].rule}: ") + named_text(group[0].because, derivation, notation)


def _deltas(expression: Expr) -> set[Expr]:
    return {b.condition for b in expression.atoms(Iverson) if isinstance(b.condition, Eq)}


def _free(condition: Expr, step: Step) -> tuple[str, ...]:
    """What a bracket is about, however its bound indices are called."""
    return tuple(sorted(str(s) for s in condition.free_symbols if s in step.indices))


def _between(boxes: Sequence[str | Inline | Box]) -> list[str | Inline | Box]:
    joined: list[str | Inline | Box] = []
    for number, box in enumerate(boxes):
        if number:
            joined.append(", ")
        joined.append(box)
    return joined


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
            ranges: list[str | Inline | Box] = [range_box(i, n, notation) for i, n in sorted(bare.items(), key=str)]
            pieces += [
                "; " if pieces else "The sums run over ",
                *_between(ranges),
                " in ",
                notation.name(equation.target),
            ]
    return [Paragraph(text(*pieces, "."))] if pieces else []


def _context(step: Step, notation: Notation) -> Notation:
    return notation.indexed(*(i.name for i in step.indices if isinstance(i, Symbol)))

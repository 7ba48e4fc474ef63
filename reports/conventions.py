"""Conventions at kinks, as the program records them, set in the notation of the page."""

from __future__ import annotations

from sympy.logic.boolalg import Boolean

from derive.conventions import Convention
from derive.notation import Notation, condition_box, expression_box
from derive.program import Program
from reports.document import Inline, text


def conventions(program: Program, notation: Notation) -> list[tuple[Inline, ...]]:
    """One sentence for each kink: what the derivative is where it does not exist."""
    return list(dict.fromkeys(_sentence(convention, program, notation) for convention in program.conventions))


def _sentence(convention: Convention, program: Program, notation: Notation) -> tuple[Inline, ...]:
    context = notation.at(program.equations_of(convention.target)[-1])
    set_in_type = condition_box if isinstance(convention.shown, Boolean) else expression_box
    return text(f"{convention.before} ", set_in_type(convention.shown, context), convention.after)

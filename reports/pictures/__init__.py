"""Pictures: each a function from what was declared, derived, generated and measured to a figure, or ``None``.

Whether a picture applies follows from the structure of an operation, never from its name.  Captions and descriptions hold the
numbers that are seen; the picture itself is drawn when its bytes are first asked for.

>>> from derive.registry import get
>>> list(kinds(get("sigmoid"))), list(kinds(get("mlp"))), list(kinds(get("adam")))
(['function', 'steps', 'accuracy'], ['graph', 'steps', 'accuracy'], ['path', 'graph', 'steps', 'accuracy'])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from derive.derivation import Derivation
from derive.operation import Operation
from reports.document import Figure
from reports.errors import ReportError
from reports.example import Example, worked
from reports.pictures.accuracy import accuracy_figure, measured
from reports.pictures.curves import elementwise_input, function_figure, row_input
from reports.pictures.graph_picture import graph_figure
from reports.pictures.kills import kill_figure
from reports.pictures.losses import loss_figure, prediction
from reports.pictures.paths import comparison_figure, path_figure
from reports.pictures.steps import step_figure
from reports.pictures.surfaces import Walker
from reports.pictures.through_time import recurrence_of, through_time_figure
from verify.errors import SamplingError

if TYPE_CHECKING:
    from numeric import Function


@dataclass(frozen=True)
class Subject:
    """What pictures are drawn from.  ``others`` says whether other libraries are measured beside."""

    operation: Operation
    derivation: Derivation
    function: Function
    example: Example | None
    others: bool = True


Maker = Callable[[Subject], Figure | None]


def _function(subject: Subject) -> Figure | None:
    own = function_figure(subject.operation, subject.derivation, subject.function, subject.example)
    return own or loss_figure(subject.operation, subject.derivation, subject.function)


def _steps(subject: Subject) -> Figure | None:
    if subject.example is None:
        return None
    return step_figure(subject.operation, subject.derivation, subject.function, subject.example)


def _accuracy(subject: Subject) -> Figure | None:
    found = measured(subject.operation, subject.others)
    return accuracy_figure([found]) if found is not None else None


MAKERS: Mapping[str, Maker] = {
    "function": _function,
    "path": lambda s: path_figure(s.operation),
    "graph": lambda s: graph_figure(s.operation, s.derivation),
    "through-time": lambda s: through_time_figure(s.operation),
    "steps": _steps,
    "accuracy": _accuracy,
}
MEANINGS = {
    "function": "the function, or the loss in one prediction, and its derivative",
    "path": "the path of the optimizer on two loss surfaces",
    "graph": "the computation graph with forward and backward arrows",
    "through-time": "the norm of gradients through time for three spectral radii",
    "steps": "the error of a central difference against its step",
    "accuracy": "the error in ULP over the range of inputs",
}


def kinds(operation: Operation) -> Mapping[str, str]:
    """The kinds of pictures that apply to an operation, with what each shows; ``picture`` may still find nothing to draw."""
    program = operation.program
    apply = {
        "function": _is_curve(operation),
        "path": Walker.of(operation) is not None,
        "graph": len(program.equations) > 1,
        "through-time": recurrence_of(program) is not None,
        "steps": bool(operation.wrt),
        "accuracy": bool(operation.wrt),
    }
    return {kind: MEANINGS[kind] for kind, applies in apply.items() if applies}


def _is_curve(operation: Operation) -> bool:
    if prediction(operation) is not None:
        return True
    from derive.reverse import derive

    derivation = derive(operation)
    return (elementwise_input(operation, derivation) or row_input(operation, derivation)) is not None


def picture(operation: Operation, kind: str) -> Figure:
    """One picture of an operation.

    Raises :class:`reports.errors.ReportError` for a kind that there is not, or that shows nothing of this operation.

    >>> from derive.registry import get
    >>> picture(get("dense"), "path")
    Traceback (most recent call last):
    ...
    reports.errors.ReportError: there is no picture 'path' of dense; there are: steps, accuracy
    """
    found = kinds(operation)
    if kind not in found:
        known = ", ".join(found) or "none"
        raise ReportError(f"there is no picture {kind!r} of {operation.name}; there are: {known}")
    figure = MAKERS[kind](subject_of(operation))
    if figure is None:
        raise ReportError(
            f"the picture {kind!r} of {operation.name} has nothing to show: {MEANINGS[kind]} cannot be drawn"
        )
    return figure


def subject_of(operation: Operation) -> Subject:
    """An operation with what follows from it."""
    import numeric
    from derive.reverse import derive

    derivation = derive(operation)
    function = numeric.compile(derivation)
    try:
        example = worked(operation, derivation, function)
    except SamplingError:
        example = None
    return Subject(operation, derivation, function, example)


def figures_of(
    operation: Operation, derivation: Derivation, function: Function, example: Example | None, *, others: bool = True
) -> tuple[Figure, ...]:
    """The pictures of a page in reading order, each with the key of its section.

    The accuracy is measured of what maps each element alone: a short measurement for a page.

    >>> from derive.registry import get
    >>> subject = subject_of(get("neuron"))
    >>> [(f.name, f.section) for f in figures_of(subject.operation, subject.derivation, subject.function, subject.example)]
    [('neuron_graph', 'forward'), ('neuron_steps', 'evidence')]
    """
    subject = Subject(operation, derivation, function, example, others)
    wanted = [kind for kind in MAKERS if kind != "accuracy" or elementwise_input(operation, derivation) is not None]
    drawn = (MAKERS[kind](subject) for kind in wanted)
    return tuple(figure for figure in drawn if figure is not None)


__all__ = [
    "MEANINGS",
    "accuracy_figure",
    "comparison_figure",
    "figures_of",
    "kill_figure",
    "kinds",
    "picture",
    "subject_of",
]

"""``backproof derive NAME|FILE.eqs``: the gradient, in the form wanted."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backproof.cli.arguments import Json, Layout, Of, Subject, Wrt, names, operation
from backproof.cli.console import emit
from backproof.cli.failures import BadInput
from derive.errors import about

if TYPE_CHECKING:
    from derive.derivation import Derivation, Step


class Form(StrEnum):
    """How a gradient is printed."""

    MATRIX = "matrix"
    INDEX = "index"
    STEPS = "steps"
    LATEX = "latex"


def derive(
    subject: Subject,
    of: Of = None,
    wrt: Wrt = None,
    form: Annotated[
        Form, typer.Option("--form", help="Matrix form where there is one, index form, numbered steps, or LaTeX.")
    ] = Form.MATRIX,
    layout: Annotated[
        Layout, typer.Option("--layout", help="Samples as rows, as declared, or as columns: Z = W @ X + b.")
    ] = Layout.ROWS,
    hessian: Annotated[bool, typer.Option("--hessian", help="The second derivative of a scalar output.")] = False,
    json: Json = False,
) -> None:
    """Derive the gradient of an operation."""
    from derive.layout import laid_out

    found = laid_out(operation(subject), layout.value)
    if layout is Layout.COLUMNS and not found.transposed:
        typer.echo(f"# {found.layout}", err=True)
    started = time.perf_counter()
    with about(subject):
        result = _hessian(found, names(of), names(wrt)) if hessian else _gradient(found, names(of), names(wrt))
    seconds = time.perf_counter() - started
    if json:
        emit({"name": found.name, "seconds": round(seconds, 4), **described(result)})
    elif form is Form.LATEX:
        typer.echo(result.latex())
    elif form is Form.STEPS:
        for number, step in enumerate(result.steps, 1):
            typer.echo(_step_text(number, step))
    else:
        _print_equations(result, form)


def _gradient(found: Any, of: tuple[str, ...] | None, wrt: tuple[str, ...] | None) -> Derivation:
    from derive.reverse import derive as reverse

    return reverse(found, of=of, wrt=wrt)


def _hessian(found: Any, of: tuple[str, ...] | None, wrt: tuple[str, ...] | None) -> Derivation:
    from derive.second import hessian

    if of is not None and len(of) != 1:
        raise BadInput(f"--hessian is of one scalar output, got --of {', '.join(of)}")
    return hessian(found, of=of[0] if of else None, wrt=wrt)


def _print_equations(result: Derivation, form: Form) -> None:
    from derive.text import equation_text, matrix_text

    if result.cotangents:
        given = ", ".join(f"{cotangent} = dL/d{output}" for output, cotangent in result.cotangents.items())
        typer.echo(f"# given {given}", err=True)
    for equation in result.equations:
        matrix = result.matrix.get(equation.target) if form is Form.MATRIX else None
        typer.echo(equation_text(equation) if matrix is None else f"{equation.target} = {matrix_text(matrix)}")


def _step_text(number: int, step: Step) -> str:
    from derive.text import expression_text

    where = f"[{', '.join(map(str, step.indices))}]" if step.indices else ""
    return (
        f"{number}. {step.rule}: {step.target}{where}\n"
        f"     {expression_text(step.before)}\n"
        f"   = {expression_text(step.after)}\n"
        f"   because {step.because}"
    )


def described(result: Derivation) -> dict[str, Any]:
    """A derivation as plain data."""
    from derive.text import equation_text, expression_text, matrix_text

    return {
        "of": list(result.of),
        "wrt": list(result.wrt),
        "gradients": dict(result.gradients),
        "cotangents": dict(result.cotangents),
        "equations": [
            {
                "target": equation.target,
                "indices": [str(index) for index in equation.indices],
                "extents": [None if extent is None else str(extent) for extent in equation.extents],
                "text": equation_text(equation),
            }
            for equation in result.equations
        ],
        "matrix": {name: matrix_text(matrix) for name, matrix in result.matrix.items()},
        "latex": result.latex(),
        "steps": [
            {
                "rule": step.rule,
                "target": step.target,
                "indices": [str(index) for index in step.indices],
                "shape": [str(extent) for extent in step.shape],
                "before": expression_text(step.before),
                "after": expression_text(step.after),
                "because": step.because,
            }
            for step in result.steps
        ],
    }

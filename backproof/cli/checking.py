"""``backproof check FILE.py:FUNCTION --against NAME``: somebody's implementation before the oracle."""

from __future__ import annotations

import os
import shlex
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backproof.cli import DISAGREES
from backproof.cli.arguments import Json, Wrt, names, operations
from backproof.cli.console import conclude, emit, progress
from backproof.cli.failures import BadInput

if TYPE_CHECKING:
    from derive.operation import Operation


def check(
    implementation: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py:NAME|PROGRAM|DIR",
            help="A function, a class or an object with forward and backward; a program that reads arrays; golden values.",
        ),
    ],
    against: Annotated[
        str, typer.Option("--against", metavar="NAME|FILE.eqs", help="The operation that it should be.")
    ],
    forward: Annotated[
        str | None,
        typer.Option(
            "--forward",
            metavar="NAME",
            help="The forward pass in the same file, where FILE.py:NAME is a backward pass.",
        ),
    ] = None,
    argument: Annotated[
        list[str] | None,
        typer.Option(
            "--argument",
            metavar="PARAMETER=NAME",
            help="What a parameter stands for, if its name does not say it; repeat.",
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="gradient|forward", help="What the function returns, if it cannot be told."),
    ] = None,
    layout: Annotated[
        list[str] | None,
        typer.Option(
            "--layout",
            metavar="NAME=SIZES",
            help='How an array lies that lies otherwise: its declared sizes in its order ("W=k d"); repeat.',
        ),
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option("--scale", metavar="FACTOR", help='How many times the declared loss its loss is ("n/2").'),
    ] = None,
    claim: Annotated[
        str | None,
        typer.Option(
            "--claim", metavar="FILE.py:NAME", help="What somebody says that it should be instead: is it the same?"
        ),
    ] = None,
    wrt: Wrt = None,
    stratum: Annotated[
        list[str] | None,
        typer.Option("--stratum", metavar="NAME", help="Strata of inputs (default: all); repeat, or use commas."),
    ] = None,
    cases: Annotated[int, typer.Option("--cases", min=1, help="Points in each stratum.")] = 4,
    dtype: Annotated[
        str, typer.Option("--dtype", metavar="float64|float32|float16|bfloat16", help="Of the inputs.")
    ] = "float64",
    seed: Annotated[int | None, typer.Option("--seed", help="Repeat a run (default: fresh; it is printed).")] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="How long a cause is looked for.")] = 30.0,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", help="For one call.")] = 10.0,
    memory: Annotated[int, typer.Option("--memory", metavar="MIB", help="What its process may allocate.")] = 4096,
    form: Annotated[
        str, typer.Option("--format", metavar="json|npz", help="What a PROGRAM reads and writes.")
    ] = "json",
    in_process: Annotated[
        bool, typer.Option("--in-process", help="Call it in this process: faster, and no limits hold.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="DIR", help="Write the answer as a page too, as pdf, html, tex and md."),
    ] = None,
    json: Json = False,
) -> None:
    """Judge an implementation and name the mistake; exit 1 unless it agrees.

    It runs in a process of its own: one that hangs or crashes gets a verdict.
    """
    formats = ("float64", "float32", "float16", "bfloat16")
    if dtype not in formats:
        raise BadInput(f"--dtype takes {', '.join(formats)}, got {dtype!r}")
    if form not in ("json", "npz"):
        raise BadInput(f"--format takes json or npz, got {form!r}")
    for option, value in (("--timeout", timeout), ("--memory", memory)):
        if value <= 0:
            raise BadInput(f"{option} must be more than 0, got {value}")
    (operation,) = operations([against])
    if Path(implementation).is_dir():
        _golden(Path(implementation), operation, json)
        return
    from verify.campaign.plan import check_strata
    from verify.oracle import check as judge

    strata = names(stratum)
    if strata is not None:
        check_strata(strata, [operation])
    reading: dict[str, Any] = {
        "forward": forward,
        "arguments": _pairs("--argument", argument, "weights=W"),
        "kind": kind,
    }
    layouts = _pairs("--layout", layout, "'W=k d'")
    with progress("checking", 1), ExitStack() as stack:
        what: Any
        if (command := _command(implementation)) is not None:
            from derive.reverse import derive
            from verify.oracle.executable import of_program

            what = of_program(command, derive(operation, wrt=names(wrt)), form=form, seconds=timeout)
            kept: dict[str, Any] = {}
        elif in_process:
            what = _loaded(implementation)
            kept = {**reading, "forward": None if forward is None else _loaded(implementation, forward)}
        else:
            what = _isolated(stack, implementation, operation, names(wrt), reading, timeout, memory)
            kept = {}
        claimed: Any = None
        if claim is not None and in_process:
            claimed = _loaded(claim)
        elif claim is not None:
            alone = {**reading, "forward": None}
            claimed = _isolated(stack, claim, operation, names(wrt), alone, timeout, memory)
        found = judge(
            what,
            operation,
            **kept,
            claim=claimed,
            layouts=layouts,
            scale=scale,
            wrt=names(wrt),
            strata=strata,
            cases=cases,
            dtype=dtype,
            seed=seed,
            seconds=seconds,
        )
        if report is not None:
            from reports import answer

            answer(found, operation, report)
    conclude(found, json)


def _pairs(option: str, given: list[str] | None, example: str) -> dict[str, str] | None:
    """What stands before and after the equals sign.

    >>> _pairs("--argument", ["weights=W", "upstream = dZ"], "weights=W")
    {'weights': 'W', 'upstream': 'dZ'}
    """
    if not given:
        return None
    found = {}
    for text in given:
        name, equals, meaning = (part.strip() for part in text.partition("="))
        if not (equals and name and meaning):
            raise BadInput(f"{option} is written {option} {example}, got {text!r}")
        found[name] = meaning
    return found


def _golden(directory: Path, operation: Operation, json: bool) -> None:
    """A directory of golden values: checksums, then every value."""
    from verify.vectors import judge_vectors

    with progress("checking", 1):
        evidence = judge_vectors(directory, operation)
    if json:
        emit(evidence.to_dict())
    else:
        typer.echo(f"{directory} against {operation.name}: {evidence.verdict} ({len(evidence.rows)} arrays)")
        for row in evidence.faults:
            typer.echo(f"  {row.stratum}: {row.argument}: {row.finding.split(' in ')[0]}: {row.element or row.note}")
    if not evidence.ok:
        raise typer.Exit(DISAGREES)


def _command(written: str) -> list[str] | None:
    """The command line of a program, or None where a Python file is meant.

    >>> _command("layers.py:backward"), _command("sh -c true")
    (None, ['sh', '-c', 'true'])
    """
    if Path(written).is_file() and os.access(written, os.X_OK):
        return [str(Path(written).resolve())]
    parts = shlex.split(written)
    return parts if len(parts) > 1 and shutil.which(parts[0]) is not None else None


def _loaded(written: str, name: str | None = None) -> Any:
    """What is meant by ``FILE.py:NAME``, or another name of the same file."""
    from verify.oracle.loading import found, loaded, place

    path, own = place(written)
    return found(loaded(path), own if name is None else name)


def _isolated(
    stack: ExitStack,
    written: str,
    operation: Operation,
    wrt: tuple[str, ...] | None,
    reading: dict[str, Any],
    timeout: float,
    memory: int,
) -> Any:
    from verify.campaign.plan import Subject
    from verify.oracle.child import Request
    from verify.oracle.loading import place
    from verify.oracle.process import Isolated

    path, name = place(written)
    request = Request(path, name, Subject.of(operation, wrt), **reading)
    return stack.enter_context(Isolated(request, timeout, memory)).implementation

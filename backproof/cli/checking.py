"""``backproof check FILE.py:FUNCTION --against NAME``: somebody's implementation before the oracle."""

from __future__ import annotations

import difflib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from backproof.cli import DISAGREES
from backproof.cli.arguments import Json, Wrt, names, operations
from backproof.cli.console import emit, progress
from backproof.cli.failures import BadInput

_FORM = "an implementation is written path/to/module.py:name (name may be Class or object.method)"


def check(
    implementation: Annotated[
        str, typer.Argument(metavar="FILE.py:NAME", help="A function, a class with forward and backward, or an object.")
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
    wrt: Wrt = None,
    stratum: Annotated[
        list[str] | None,
        typer.Option("--stratum", metavar="NAME", help="Strata of inputs (default: all); repeat, or use commas."),
    ] = None,
    dtype: Annotated[str, typer.Option("--dtype", metavar="float64|float32", help="Of the inputs.")] = "float64",
    seed: Annotated[int | None, typer.Option("--seed", help="Repeat a run (default: fresh; it is printed).")] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="How long a cause is looked for.")] = 30.0,
    json: Json = False,
) -> None:
    """Judge an implementation and name the mistake; exit 1 unless it agrees."""
    if dtype not in ("float64", "float32"):
        raise BadInput(f"--dtype takes float64 or float32, got {dtype!r}")
    (operation,) = operations([against])
    module, name = _loaded(implementation)
    what = _found(module, name)
    from verify.campaign.plan import check_strata
    from verify.oracle import check as judge

    strata = names(stratum)
    if strata is not None:
        check_strata(strata, [operation])
    with progress("checking", 1):
        found = judge(
            what,
            operation,
            forward=None if forward is None else _found(module, forward),
            arguments=_arguments(argument),
            kind=kind,
            wrt=names(wrt),
            strata=strata,
            dtype=dtype,
            seed=seed,
            seconds=seconds,
        )
    if json:
        emit(found.to_dict())
    else:
        typer.echo(str(found))
    if not found.ok:
        raise typer.Exit(DISAGREES)


def _arguments(given: list[str] | None) -> dict[str, str] | None:
    """``["weights=W"]`` as a dictionary.

    >>> _arguments(["weights=W", "upstream = dZ"])
    {'weights': 'W', 'upstream': 'dZ'}
    """
    if not given:
        return None
    found = {}
    for text in given:
        parameter, equals, name = (part.strip() for part in text.partition("="))
        if not (equals and parameter and name):
            raise BadInput(f"--argument is written parameter=name (--argument weights=W), got {text!r}")
        found[parameter] = name
    return found


def _loaded(written: str) -> tuple[ModuleType, str]:
    """The module of ``path/to/module.py:name``, imported from its file, and the name."""
    path, colon, name = written.rpartition(":")
    if not colon or not name or not path:
        raise BadInput(f"{_FORM}, got {written!r}")
    file = Path(path)
    if not file.is_file():
        raise BadInput(f"{_FORM}; there is no file {path}")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise BadInput(f"{_FORM}; {path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(file.resolve().parent))  # as `python file.py` does
    try:
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    except Exception as error:  # a user's module may fail in any way
        raise BadInput(f"importing {path} raised {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    return module, name


def _found(module: ModuleType, name: str) -> Any:
    what: Any = module
    for part in name.split("."):
        if not hasattr(what, part):
            known = [each for each in vars(what) if not each.startswith("_")] if hasattr(what, "__dict__") else []
            close = difflib.get_close_matches(part, known, n=3) or known[:8]
            raise BadInput(f"{module.__file__} has no {name}; there is {', '.join(close) or 'nothing'}")
        what = getattr(what, part)
    return what

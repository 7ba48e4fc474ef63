"""The application object and the options that belong to no command."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated

import typer

from backproof.cli import (
    analysing,
    auditing,
    checking,
    coding,
    deriving,
    formulas,
    listing,
    measuring,
    mutating,
    picturing,
    publishing,
    reporting,
    vectors,
    verifying,
    working,
)

app = typer.Typer(
    name="backproof",
    help="Declare an operation as a textbook prints it; get its gradient derived, coded, checked and typeset.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        import backproof

        typer.echo(f"backproof {backproof.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Declare an operation as a textbook prints it; get its gradient derived, coded, checked and typeset.

    NAME is an operation of the catalog, with options if it takes any (mlp:activation=relu); FILE.eqs holds a
    declaration of your own. Exit status: 0; 1 when a verdict is not "agrees"; 2 for bad input.
    """


app.command("list")(listing.list_operations)
app.command("show")(listing.show)
app.command("derive")(deriving.derive)
app.command("code")(coding.code)
app.command("analyse")(analysing.analyse)
app.command("verify")(verifying.verify)
app.command("check")(checking.check)
app.command("check-formula")(formulas.check_formula)
app.command("vectors")(vectors.vectors)
app.command("mutants")(mutating.mutants)
app.command("accuracy")(measuring.accuracy)
app.command("audit")(auditing.audit)
app.command("example")(working.example)
app.command("picture")(picturing.picture)
app.command("report")(reporting.report)
app.command("book")(reporting.book)
app.command("site")(publishing.site)


@cache
def command() -> Callable[..., object]:
    """All of it as one function of a command line, made when it is first needed."""
    return typer.main.get_command(app)

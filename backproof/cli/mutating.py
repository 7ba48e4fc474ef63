"""``backproof mutants NAME...``: wrong gradients of an operation, and who notices them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backproof.cli import DISAGREES
from backproof.cli.arguments import Json, operations
from backproof.cli.console import emit, progress
from backproof.cli.failures import BadInput
from backproof.cli.picturing import check_file, draw

if TYPE_CHECKING:
    from rich.table import Table

    from derive.operation import Operation
    from verify.mutants import KillTable

_WIDTH = 132  # of a table that no terminal shows


def mutants(
    subjects: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME|FILE.eqs]...", help="Operations to make mutants of.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="The whole catalog; one line for each operation.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", help="Repeat a run (default: fresh; it is printed).")] = None,
    beside: Annotated[
        bool, typer.Option("--beside/--no-beside", help="Show what check_grads and gradcheck say to the same mutants.")
    ] = True,
    jobs: Annotated[int, typer.Option("--jobs", help="Processes (-1: one for each processor).")] = 1,
    details: Annotated[bool, typer.Option("--details", help="Print every mutant with --all too.")] = False,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE.svg|FILE.pdf|FILE.png", help="Draw who notices what as a heat map."),
    ] = None,
    json: Json = False,
) -> None:
    """Test the verifier on wrong gradients; exit 1 unless it notices all that are not proven equivalent."""
    if bool(subjects) == every:
        raise BadInput("mutants takes either names of operations or --all; write for example: backproof mutants dense")
    if plot is not None:
        check_file(plot, "--plot")
    found = operations(subjects)
    from verify.many import kill_tables
    from verify.mutants import installed

    tables: list[KillTable] = []
    summary = _Summary(found, _others(beside))
    one_by_one = not every or details
    with progress("mutating", len(found)) as advance:
        advance(found[0].name, 0, len(found))

        def say(name: str, mutant: str, number: int, of: int) -> None:
            advance(f"{name} {number + 1}/{of} {mutant}")

        if not one_by_one and not json:
            typer.echo(summary.head())
        for table in kill_tables(found, jobs=jobs, seed=seed, beside=installed() if beside else (), progress=say):
            tables.append(table)
            advance(found[min(len(tables), len(found) - 1)].name, len(tables), len(found))
            if json:
                continue
            if one_by_one:
                _print(_of_one(table, beside))
                typer.echo(_sentence(table, beside))
            else:
                typer.echo(summary.line(table))
    if json:
        emit([table.to_dict() for table in tables])
    else:
        if one_by_one and len(tables) > 1:
            typer.echo("\n".join([summary.head(), *map(summary.line, tables)]))
        if every or len(tables) > 1:
            typer.echo(summary.total(tables))
        for table in tables:
            for outcome in table.alive if every and not details else ():
                typer.echo(f"{table.operation}: ALIVE: {outcome.mutant} (seed {table.seed})")
    if plot is not None:
        _plot(tables, plot, json)
    if any(not table.ok for table in tables):
        raise typer.Exit(DISAGREES)


def _plot(tables: Sequence[KillTable], plot: Path, json: bool) -> None:
    from reports.pictures import kill_figure

    figure = kill_figure(tables)
    if figure is None:
        typer.echo("no mutant is wrong: there is nothing to draw", err=True)
        return
    draw(figure, plot)
    typer.echo(str(plot), err=json)


def _print(table: Table) -> None:
    from rich.console import Console

    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console = Console(file=sys.stdout, width=_WIDTH)
    console.print(table)


def _table(title: str, columns: Sequence[str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _others(beside: bool) -> tuple[str, ...]:
    from verify.mutants.beside import CHECKERS

    return tuple(CHECKERS) if beside else ()


def _of_one(table: KillTable, beside: bool) -> Table:
    from rich.text import Text

    others = _others(beside)
    shown = _table(f"{table.operation}, seed {table.seed}", ["mutant", "noticed in", "verdict", *others])
    shown.expand, shown.columns[0].ratio = True, 1
    for outcome in table.outcomes:
        place, _, verdict = str(outcome).partition(": ")
        name = Text(f"{outcome.mutant.name}\n") + Text(outcome.mutant.description, style="dim")
        said = [_answer(outcome.rejected.get(other)) for other in others]
        # brackets in a formula are no markup
        shown.add_row(name, Text(place, style="" if verdict else "bold"), Text(verdict), *map(Text, said))
    return shown


def _answer(rejected: bool | None) -> str:
    return "not installed" if rejected is None else "noticed" if rejected else "-"


class _Summary:
    """One line for each operation, of columns whose widths are known before the first."""

    def __init__(self, operations: Sequence[Operation], others: Sequence[str]) -> None:
        self.others = others
        self.columns = ["operation", "mutants", "equivalent", "alive", "backproof", *others, "seconds", "seed"]
        self.widths = [max(len(each.name) for each in operations), *(max(len(c), 8) for c in self.columns[1:])]
        self.widths[0] = max(self.widths[0], len(self.columns[0]))
        for number in range(4, 5 + len(others)):
            self.widths[number] = max(self.widths[number], len("9999 (99.9 %)!"))
        self.widths[-1] = 10

    def head(self) -> str:
        return "mutants noticed, of those that are not equivalent\n" + self._line(self.columns)

    def line(self, table: KillTable) -> str:
        return self._line([table.operation, *_counts([table], self.others), f"{table.seconds:.1f}", str(table.seed)])

    def total(self, tables: Sequence[KillTable]) -> str:
        seconds = sum(table.seconds for table in tables)
        return self._line(["all", *_counts(tables, self.others), f"{seconds:.1f}", ""])

    def _line(self, cells: Sequence[str]) -> str:
        first, *rest = (
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(cells, self.widths, strict=True))
        )
        return "  ".join([first, *rest]).rstrip()


def _counts(tables: Sequence[KillTable], others: Sequence[str]) -> list[str]:
    outcomes = sum(len(table.outcomes) for table in tables)
    equivalent, alive, killed = (_sum(tables, status) for status in ("equivalent", "ALIVE", "killed"))
    cells = [str(outcomes), str(equivalent), str(alive), _share(killed, outcomes - equivalent)]
    for other in others:
        ran = any(other in table.beside for table in tables)
        rejected = sum(table.rejected(other) for table in tables)
        alarm = "!" if any(other in table.false_alarms for table in tables) else ""
        cells.append(_share(rejected, outcomes - equivalent) + alarm if ran else "not installed")
    return cells


def _sum(tables: Sequence[KillTable], status: str) -> int:
    return sum(len(table.of(status)) for table in tables)


def _share(part: int, whole: int) -> str:
    return f"{part} ({_percent(part, whole)})"


def _percent(part: int, whole: int) -> str:
    # 99.9 % must not be printed as 100 %
    share: Any = 100 * part / whole if whole else 100.0
    return f"{int(share * 10) / 10:g} %"


def _sentence(table: KillTable, beside: bool) -> str:
    wrong = len(table.outcomes) - len(table.of("equivalent"))
    parts = [f"backproof {len(table.of('killed'))}"]
    parts += [
        f"{name} {table.rejected(name)}" if name in table.beside else f"{name} not installed"
        for name in _others(beside)
    ]
    text = f"{table.operation}: of {wrong} wrong gradients notice: {', '.join(parts)}"
    equivalent = len(table.of("equivalent"))
    if equivalent:
        text += f"; {equivalent} mutant{'s' if equivalent > 1 else ''} proven equivalent"
    if table.false_alarms:
        text += f"; {', '.join(table.false_alarms)} rejects the right gradient too (!)"
    return text

"""A result as a Markdown table, which is what the terminal, the file and the README all show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Section:
    """One benchmark: a table, what it says in one line each, and the raw numbers."""

    title: str
    head: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    def markdown(self) -> str:
        """The section as Markdown."""
        cells = [list(self.head), *[[str(cell).replace("|", r"\|") for cell in row] for row in self.rows]]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.head))]

        def line(row: Sequence[str]) -> str:
            first, *rest = zip(row, widths, strict=True)
            return "| " + " | ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]) + " |"

        rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"
        parts = [f"## {self.title}", "", line(cells[0]), rule, *map(line, cells[1:]), ""]
        if self.note:
            parts += [self.note, ""]
        parts += [f"* {name}: {value}" for name, value in self.summary.items()]
        return "\n".join(parts).rstrip() + "\n"

    def plain(self) -> dict[str, Any]:
        """The section as plain data."""
        return {
            "title": self.title,
            "head": list(self.head),
            "rows": [list(row) for row in self.rows],
            "summary": self.summary,
            "note": self.note,
        }

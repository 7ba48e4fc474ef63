"""What a campaign found, from the lines of its batches in their own order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from verify.verdicts import Verdict, overall, worst

_COUNTS = ("elements", "agree", "conditioned", "settled", "undecided")
_SHOWN = 3  # faults of a row that are printed


@dataclass
class Row:
    """One operation in one stratum: cases, gradient elements by how they were decided, cases looked at by balls."""

    operation: str
    stratum: str
    cases: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    balls: Counter[str] = field(default_factory=Counter)
    componentwise: float = 0.0
    normwise: float = 0.0
    verdicts: set[Verdict] = field(default_factory=set)
    faults: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """The verdict over all batches; none at all cannot decide."""
        return overall(self.verdicts)

    def add(self, line: Mapping[str, Any]) -> None:
        """Count one batch."""
        self.cases += line["cases"]
        self.verdicts.add(Verdict(line["verdict"]))
        for each in line["arguments"].values():
            self.counts.update({name: each[name] for name in _COUNTS})
            self.balls.update(each["balls"])
            self.componentwise = max(self.componentwise, each["componentwise"])
            self.normwise = max(self.normwise, each["normwise"])
        place = {"set": line["set"], "index": line["index"], "sizes": line["sizes"]}
        self.faults += [{**fault, **place} for fault in line["faults"]]
        if line["note"] and line["note"] not in self.notes:
            self.notes.append(line["note"])

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON values."""
        return {
            "operation": self.operation,
            "stratum": self.stratum,
            "verdict": self.verdict.value,
            "cases": self.cases,
            **{name: self.counts[name] for name in _COUNTS},
            "balls": dict(sorted(self.balls.items())),
            "componentwise": self.componentwise,
            "normwise": self.normwise,
            "faults": self.faults,
            "notes": self.notes,
        }


@dataclass(frozen=True)
class Result:
    """A campaign's rows, the worst of them, and what repeats it.

    ``agree``, ``conditioned``, ``settled`` and ``undecided`` count elements of gradients: within 1e-10 of the reference;
    within what one roundoff of the inputs does to the reference; settled by ball arithmetic; neither.
    """

    rows: tuple[Row, ...]
    seed: int
    seconds: float = field(default=0.0, compare=False)

    @property
    def cases(self) -> int:
        return sum(row.cases for row in self.rows)

    @property
    def verdict(self) -> Verdict:
        found = [row.verdict for row in self.rows]
        return worst([verdict for verdict in found if verdict is not Verdict.OUTSIDE] or found)

    @property
    def ok(self) -> bool:
        return self.verdict is Verdict.AGREES

    def to_dict(self) -> dict[str, Any]:
        """Everything but the time as JSON values: the same for any number of workers."""
        return {
            "verdict": self.verdict.value,
            "ok": self.ok,
            "seed": self.seed,
            "cases": self.cases,
            "rows": [row.to_dict() for row in self.rows],
        }

    def table(self) -> str:
        """One line for each operation and stratum, its first faults and its notes below."""
        head = ("operation", "stratum", "cases", *_COUNTS, "error", "verdict")
        cells = [head, *(_cells(row) for row in self.rows)]
        widths = [max(len(line[k]) for line in cells) for k in range(len(head))]
        text = []
        for number, line in enumerate(cells):
            sides = [
                cell.ljust(w) if k in (0, 1, len(head) - 1) else cell.rjust(w)
                for k, (cell, w) in enumerate(zip(line, widths, strict=True))
            ]
            text.append("  ".join(sides).rstrip())
            if number:
                row = self.rows[number - 1]
                text += [f"    {_told(fault)}" for fault in row.faults[:_SHOWN]]
                text += [f"    {note}" for note in row.notes]
        return "\n".join(text)

    def __str__(self) -> str:
        rate = f", {self.cases / self.seconds:.0f} a second" if self.seconds else ""
        return f"{self.table()}\n{self.cases} cases{rate}: {self.verdict} (seed {self.seed})"


def summarise(lines: Iterable[Mapping[str, Any]], cells: Mapping[str, Iterable[str]], seed: int) -> Result:
    """The rows of all cells in their own order, each from its lines in the order of their batches.

    Example:
        >>> summarise([], {"relu": ["ties"]}, 7).verdict.value
        'cannot decide'
    """
    rows = {(name, stratum): Row(name, stratum) for name, strata in cells.items() for stratum in strata}
    for line in sorted(lines, key=lambda line: (line["operation"], line["stratum"], line["index"], line["set"])):
        rows[line["operation"], line["stratum"]].add(line)
    for row in rows.values():
        if not row.verdicts:
            row.notes.append("not reached: more cases are needed")
    return Result(tuple(rows.values()), seed)


def _cells(row: Row) -> tuple[str, ...]:
    counts = [str(row.counts[name]) for name in _COUNTS]
    return (row.operation, row.stratum, str(row.cases), *counts, f"{row.componentwise:.2g}", row.verdict.value)


def _told(fault: Mapping[str, Any]) -> str:
    where = f"set {fault['set']}, batch {fault['index']}, case {fault['case']}"
    note = f"; {fault['note']}" if fault["note"] else ""
    return f"{fault['verdict']}: {fault['argument']}{fault['element']} ({where}){note}"

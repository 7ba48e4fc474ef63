"""The evidence as tables: what was checked, how well it agreed, what failed, what was not checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.document import Block, Items, Note, Paragraph, Table, Text, text
from verify.evidence import Evidence, Row
from verify.verdicts import Verdict, worst

WITNESSES = {
    "jax": "JAX automatic differentiation of an independent forward",
    "balls": "ball arithmetic (rigorous enclosures)",
    "differences": "finite differences, extrapolated",
    "taylor": "order of the Taylor remainder",
    "dot product": "the slope along a random direction, by perturbation, against the gradients",
    "fractions": "exact rational identity",
    "symmetry": "declared symmetries and linearity in the cotangent, in ball arithmetic",
    "shapes": "any leading axes against one axis",
}


@dataclass(frozen=True)
class Summary:
    """The rows of one witness, argument and dtype together."""

    rows: tuple[Row, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the rows; one outside the domain does not count against the others."""
        return worst([r.verdict for r in self.rows if r.verdict is not Verdict.OUTSIDE] or [Verdict.OUTSIDE])

    @property
    def words(self) -> str:
        outside = sum(1 for row in self.rows if row.verdict is Verdict.OUTSIDE)
        if not outside or outside == len(self.rows):
            return str(self.verdict)
        return f"{self.verdict} ({outside} outside the domain)"

    @property
    def points(self) -> int:
        return sum(row.points for row in self.rows)

    @property
    def decisive(self) -> Row:
        """The row that comes nearest to its bound."""
        return max(self.rows, key=lambda row: (row.error / row.bound if row.bound else row.error, row.error))


def summaries(rows: Sequence[Row]) -> list[Summary]:
    """Rows of the same witness, argument and dtype put together, in their order of appearance."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.witness, row.argument, row.dtype), []).append(row)
    return [Summary(tuple(group)) for group in groups.values()]


def verdict_blocks(evidence: Evidence | None) -> list[Block]:
    """The verdict in one sentence, what speaks against it, and where to see more."""
    if evidence is None:
        return evidence_blocks(None)
    witnesses = ", ".join(dict.fromkeys(row.witness for row in evidence.rows)) or "no witness"
    points = sum(row.points for row in evidence.rows)
    verdict = text(
        "Verdict: ", Text(str(evidence.verdict), True), f" (seed {evidence.seed}; {witnesses}; {points} values)."
    )
    return [Paragraph(verdict), *_faults(evidence)]


def evidence_blocks(evidence: Evidence | None) -> list[Block]:
    """The section's blocks; without evidence a note that says so."""
    if evidence is None:
        return [Note(text("No evidence was gathered for this page: nothing in it has been checked."), "warning")]
    agreed = sum(1 for check in evidence.steps if check.ok)
    blocks: list[Block] = [
        Paragraph(
            text(
                "Verdict: ", Text(str(evidence.verdict), True), f" (seed {evidence.seed}). ",
                f"Of the {len(evidence.steps)} steps above, {agreed} were evaluated on both sides and agree. "
                if evidence.steps else "No steps were checked. ",
                "A row stands for all strata of inputs together; error is the largest componentwise relative error where it "
                "comes nearest to its bound, and a verdict is the worst of the row.",
            )
        ),
        _table(evidence),
        *_faults(evidence),
        *_excused(evidence),
    ]  # fmt: skip
    witnesses = dict.fromkeys(row.witness for row in evidence.rows)
    known = [f"{name}: {WITNESSES[name]}" for name in witnesses if name in WITNESSES]
    blocks.append(Paragraph(text("; ".join(known) + ".")) if known else Paragraph(text("No witness took part.")))
    unchecked = [text(reason) for reason in evidence.not_checked]
    blocks.append(Paragraph(text("Not checked:" if unchecked else "Nothing was left unchecked.")))
    if unchecked:
        blocks.append(Items(tuple(unchecked)))
    return blocks


def _table(evidence: Evidence) -> Table:
    lines = []
    for summary in summaries(evidence.rows):
        row = summary.decisive
        ulps = [r.ulp for r in summary.rows if r.ulp is not None]
        lines.append(
            tuple(
                text(cell)
                for cell in (
                    row.witness, row.argument, row.dtype, str(len(summary.rows)), str(summary.points), short(row.error),
                    short(row.bound), short(max(ulps)) if ulps else "", summary.words,
                )
            )
        )  # fmt: skip
    header = ("Witness", "Argument", "dtype", "Strata", "Points", "Error", "Bound", "ULP", "Verdict")
    return Table(header, tuple(lines), weights=(1.25, 1.1, 1.0, 0.75, 0.8, 0.95, 0.95, 0.75, 1.5))


def _excused(evidence: Evidence) -> list[Block]:
    """Errors above the bound that the witness has a reason for, so that no reader has to wonder."""
    groups: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in evidence.rows:
        if row.verdict is Verdict.AGREES and row.error > row.bound:
            reason = row.note or "no more than the condition of the problem (or an underflow) at that point explains"
            groups.setdefault((row.witness, row.dtype, row.stratum, reason), []).append(row)
    if not groups:
        return []
    items = tuple(
        text(
            f"{witness}, {dtype}, stratum {stratum}: {', '.join(f'{r.argument} {short(r.error)}' for r in rows)}; {reason}"
        )
        for (witness, dtype, stratum, reason), rows in groups.items()
    )
    return [Paragraph(text("Errors above the bound, and why they do not count against the formula:")), Items(items)]


def _faults(evidence: Evidence) -> list[Block]:
    """Every row and step that speaks against the operation, one warning each."""
    blocks: list[Block] = []
    for row in evidence.faults:
        where = f" at {row.argument}{row.element}" if row.element else ""
        note = f": {row.note}" if row.note else ""
        blocks.append(
            Note(text(f"{row.witness} in stratum {row.stratum} ({row.dtype}): {row.verdict}{where}{note}"), "warning")
        )
    for check in evidence.steps:
        if not check.ok:
            blocks.append(
                Note(text(f"step {check.step.rule} of {check.step.target}: {check.verdict}; {check.detail}"), "warning")
            )
    return blocks


def short(number: float) -> str:
    """Two significant digits."""
    return f"{number:.2g}" if math.isfinite(number) else str(number)

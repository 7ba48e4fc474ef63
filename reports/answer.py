"""What the oracle says of an implementation, as one page: the verdict and its cause beside what is due."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from derive.operation import Operation
from derive.reverse import derive
from reports.document import (
    Block,
    Document,
    Items,
    Listing,
    Note,
    Paragraph,
    Section,
    Table,
    Text,
    file_stem,
    paragraph,
    text,
)
from reports.engines import make_folder
from reports.errors import ReportError
from reports.statement import result_blocks, statement_blocks
from reports.symbols import notation_of
from reports.versions import versions_line
from reports.writing import FORMATS, write_page
from verify.evidence import Row
from verify.oracle import Check
from verify.verdicts import Verdict

_STRATA = 4


def answer(found: Check, operation: Operation, out: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write the answer for an implementation into the folder ``out``, in every format asked for; returns the files written.

    Raises:
        ReportError: an unknown format, a folder that cannot be written, or the answer is for another operation.
    """
    unknown = [each for each in formats if each not in FORMATS]
    if unknown:
        raise ReportError(f"there is no format {unknown[0]!r}; formats: {', '.join(FORMATS)}")
    if found.operation != operation.name:
        raise ReportError(f"the answer is for {found.operation}, and the operation given is {operation.name}")
    make_folder(out)
    own = re.sub(r"\W+", "_", found.implementation).strip("_") or "implementation"
    return write_page(answer_page(found, operation), out, file_stem(f"{own}-{operation.name}"), formats)


def answer_page(found: Check, operation: Operation) -> Document:
    """The page as a document; the formulas are those of the derivation by the inputs that are judged.

    Where something is wrong, only what is due there is shown.
    """
    whole = derive(operation)
    rows = [row for row in found.evidence.rows if row.witness != "protocol"]
    wrong = dict.fromkeys(row.argument for row in rows if row.verdict.faulty and row.argument in whole.gradients)
    judged = dict.fromkeys(row.argument for row in rows if row.argument in whole.gradients)
    shown = tuple(wrong or judged or whole.gradients)
    derivation = derive(operation, wrt=shown)
    notation = notation_of(derivation)
    parts = [
        ("Answer", said(found)),
        ("Where", where(found)),
        ("What is due", result_blocks(derivation, notation)),
        ("What was asked", statement_blocks(operation, derivation, notation)),
        ("Repeat it", _again(found)),
    ]
    return Document(
        f"{found.implementation} against {operation.title or operation.name}",
        tuple(Section(title, tuple(blocks)) for title, blocks in parts if blocks),
        subtitle=operation.name,
        colophon=(versions_line(),),
    )


def said(found: Check) -> list[Block]:
    """The verdict, what explains it, and what was noted."""
    differs = ", convention differs" if found.conventions else ""
    lines = [
        *(f"cause ({', '.join(cause.names)}): {cause.words}" for cause in found.causes),
        *(f"convention: {each}" for each in found.conventions),
        *(f"equivalent form: {each}" for each in (found.forms if found.ok else ())),
        *(f"note: {each}" for each in found.notes),
        *(f"not judged: no gradient of {name} was returned" for name in found.unjudged),
        *(f"not checked: {each}" for each in found.evidence.not_checked),
    ]
    said = text("Verdict: ", Text(str(found.verdict), True), f"{differs} (seed {found.evidence.seed}).")
    blocks: list[Block] = [Paragraph(said) if found.ok else Note(said, "warning")]
    return [*blocks, Items(tuple(text(line) for line in lines))] if lines else blocks


def where(found: Check) -> list[Block]:
    """A row for each array and verdict with the strata and the worst element; what agrees in one sentence."""
    groups: dict[tuple[str, Verdict], list[Row]] = {}
    for row in found.evidence.rows:
        if row.verdict not in (Verdict.AGREES, Verdict.OUTSIDE):
            groups.setdefault((row.argument, row.verdict), []).append(row)
    wrong = {argument for argument, _ in groups}
    right = [r for r in found.evidence.rows if r.verdict is Verdict.AGREES and r.witness != "protocol"]
    agreeing = sorted({row.argument for row in right} - wrong)
    blocks: list[Block] = []
    if groups:
        header = ("Array", "Verdict", "Strata", "Worst element", "ULP")
        lines = tuple(tuple(text(cell) for cell in _cells(rows)) for rows in groups.values())
        blocks.append(Table(header, lines, weights=(0.7, 1.1, 1.8, 3.2, 0.8)))
    if agreeing:
        strata = len({row.stratum for row in right})
        blocks.append(paragraph(f"In agreement in all of {strata} strata: {', '.join(agreeing)}."))
    return blocks


def _cells(rows: Sequence[Row]) -> tuple[str, ...]:
    worst = max(rows, key=lambda row: (row.stratum == "ordinary", row.ulp or 0.0))
    strata = list(dict.fromkeys(row.stratum for row in rows))
    more = f" and {len(strata) - _STRATA} more" if len(strata) > _STRATA else ""
    head, _, place = worst.element.partition(" at ")
    element = f"{worst.argument}{head.partition(' (')[0]}" + (f", at {place.partition(' (')[0]}" if place else "")
    ulp = "" if worst.ulp is None else f"{worst.ulp:.2g}"
    return worst.argument, str(worst.verdict), ", ".join(strata[:_STRATA]) + more, element if head else worst.note, ulp


def _again(found: Check) -> list[Block]:
    if found.evidence.counterexample is None:
        return []
    return [Listing(str(found.evidence.counterexample), "python", "The smallest point found that shows it:")]


__all__ = ["answer", "answer_page"]

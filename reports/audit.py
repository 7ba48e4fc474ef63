"""The audit on paper: counts, a table of all claims, then each claim with its formulas, verdict and evidence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from reports.claims import capital, declared, numbers_box, quantity, stated
from reports.document import (
    Block,
    Code,
    Document,
    Inline,
    Items,
    Link,
    Listing,
    Paragraph,
    Section,
    Table,
    Verdict,
    paragraph,
    text,
)
from reports.engines import make_folder, write_whole
from reports.errors import ReportError
from reports.html.writer import html
from reports.latex.writer import latex
from reports.markdown.writer import markdown
from reports.versions import versions_line
from reports.writing import FORMATS, pdf
from verify.audit import Audit, Check, Found, Judged, Outcome

TONES = {
    Outcome.HOLDS: "good",
    Outcome.CONDITIONAL: "partly",
    Outcome.FAILS: "bad",
    Outcome.UNDECIDED: "open",
}


def write(audit: Audit, file: Path, engine: str = "typst") -> Path:
    """Write an audit into a file; its suffix (pdf, html, tex, md) says what is written, ``engine`` what makes a PDF.

    Raises:
        ReportError: another suffix, or a folder that cannot be written.
    """
    suffix = file.suffix.removeprefix(".")
    if suffix not in FORMATS:
        raise ReportError(f"an audit is written as {', '.join('.' + s for s in FORMATS)}; got {str(file)!r}")
    make_folder(file.parent)
    whole = document(audit)
    if suffix == "pdf":
        return write_whole(file, pdf(whole, engine))
    made = {"html": html, "tex": latex, "md": markdown}[suffix](whole)
    return write_whole(file, made.encode())


def document(audit: Audit) -> Document:
    """The audit as a document."""
    claims = audit.claims
    counted = ", ".join(f"{count} {_counted(outcome, count)}" for outcome, count in audit.counts.items() if count)
    source = f" Source: {' '.join(claims.source.split())}." if claims.source else ""
    return Document(
        claims.title or "Audit",
        (
            Section("Summary", tuple(_summary(audit)), (), "summary"),
            Section("Claims", (), tuple(_claim(judged) for judged in audit.judged), "claims"),
        ),
        subtitle="audited claim by claim",
        summary=text(f"{len(audit.judged)} claims: {counted}.{source}"),
        colophon=(versions_line(),),
    )


def _counted(outcome: Outcome, count: int) -> str:
    one, several = {
        Outcome.HOLDS: ("holds", "hold"),
        Outcome.CONDITIONAL: ("holds under a condition", "hold under a condition"),
        Outcome.FAILS: ("does not hold", "do not hold"),
        Outcome.UNDECIDED: ("could not be decided", "could not be decided"),
    }[outcome]
    return one if count == 1 else several


def _summary(audit: Audit) -> list[Block]:
    blocks: list[Block] = []
    if audit.claims.note:
        blocks.append(paragraph(" ".join(audit.claims.note.split())))
    counts = tuple((text(Verdict(str(o), TONES[o])), text(str(n)), text(_MEANINGS[o])) for o, n in audit.counts.items())
    blocks.append(Table(("Verdict", "Claims", "What it says"), counts, weights=(1.4, 0.7, 6.0)))
    rows = tuple(
        (
            text(Link(judged.claim.id, _label(judged))),
            text(judged.claim.statement),
            text(*_verdict(judged)),
        )
        for judged in audit.judged
    )
    blocks.append(Table(("Claim", "Statement", "Verdict"), rows, weights=(0.6, 5.0, 3.6)))
    return blocks


_MEANINGS = {
    Outcome.HOLDS: "as it stands, in all that was checked of it",
    Outcome.CONDITIONAL: "not as it stands, but under a hypothesis that is named, or in a reading that is named",
    Outcome.FAILS: "it is refuted; the counterexample and what is right are given",
    Outcome.UNDECIDED: "neither a proof nor a counterexample was found; the reason is given",
}


def _label(judged: Judged) -> str:
    return f"claim-{judged.claim.id}"


def _verdict(judged: Judged) -> tuple[Inline, ...]:
    """The verdict in colour, its conditions in plain words."""
    rest = judged.words.removeprefix(str(judged.outcome))
    wrong = [f.correction for f in judged.found if f.outcome is Outcome.FAILS and f.correction]
    if judged.outcome is Outcome.FAILS and wrong:
        rest = f": {'; '.join(wrong)}"
    return text(Verdict(str(judged.outcome), TONES[judged.outcome]), rest)


def _claim(judged: Judged) -> Section:
    claim = judged.claim
    source = f" ({claim.source})" if claim.source else ""
    blocks: list[Block] = [
        paragraph(f"{claim.statement}{source}"),
        Paragraph(text("Verdict: ", *_verdict(judged), ".")),
    ]
    before = ""
    for kind, together in groupby(zip(claim.checks, judged.found, strict=True), key=lambda pair: pair[0].kind):
        pairs = list(together)
        for check, found in pairs:
            own = declared(check)
            if own and own != before:
                blocks.append(Listing(own, "", "Declared:"))
            before = own
            if kind == "number" and len(pairs) > 1:
                continue
            blocks += stated(check)
            blocks.append(Paragraph(_outcome(found)))
            lines = _details(found)
            if lines:
                blocks.append(Items(tuple(text(line) for line in lines)))
        if kind == "number" and len(pairs) > 1:
            blocks.append(_numbers(pairs))
    return Section(f"{claim.id}: {judged.outcome}", tuple(blocks), (), _label(judged), numbered=False)


def _numbers(pairs: Sequence[tuple[Check, Found]]) -> Table:
    """Numbers one below the other, each with what is right."""
    rows = []
    for check, found in pairs:
        words = f"{capital(check.words)}: " if check.words else ""
        true = found.evidence[0].removeprefix(f"{check.text('what')} = ") if found.evidence else ""
        verdict = (
            *text(Verdict(str(found.outcome), TONES[found.outcome])),
            *text(f" ({found.level})" if found.level else ""),
        )
        right = (*text(Code(true)), *text(f"; {found.correction}" if found.correction else ""))
        rows.append((text(words, quantity(check)), text(numbers_box(check.values["value"])), right, verdict))
    return Table(("Quantity", "Claimed", "True value", "Verdict"), tuple(rows), weights=(2.6, 1.6, 3.0, 2.6))


def _outcome(found: Found) -> tuple[Inline, ...]:
    level = f" ({found.level})" if found.level else ""
    rest = found.words.removeprefix(str(found.outcome))
    words = str(found.outcome)
    return text(Verdict(words[0].upper() + words[1:], TONES[found.outcome]), f"{rest}{level}.")


def _details(found: Found) -> list[str]:
    lines = [f"Correction: {found.correction}."] if found.correction else []
    lines += [f"Counterexample {found.counterexample}."] if found.counterexample else []
    return [*lines, *found.evidence]


__all__ = ["document", "write"]

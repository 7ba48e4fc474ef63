"""The pages of a site that are read from top to bottom: what explains it, its references, an operation with its relations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reports.binding.back import Bibliography
from reports.binding.chapters import Relations
from reports.binding.front import front
from reports.binding.pages import Page
from reports.document import Code, Document, Inline, Items, Paragraph, Section, paragraph, text
from reports.settings import SEED
from reports.versions import versions_line


def about(pages: Sequence[Page], evidence: bool) -> Document:
    """How to read a page, the notation, the evidence, and how it all was made."""
    return Document(
        "About these pages",
        (_reading(), *front([page.operation for page in pages], evidence), _making(pages, evidence)),
        summary=text("How to read a page, what its signs mean, and why to believe it."),
    )


def references(works: Bibliography) -> Document:
    """Every work once, with the operations that cite it."""
    return Document("References", (replace(works.section(), title="Works"),))


def operation(page: Page, cited: Mapping[str, tuple[Inline, ...]], relations: Mapping[str, Relations]) -> Document:
    """An operation's page, with its sources and its kin below the heading."""
    said = (*cited.get(page.operation.name, ()), *relations[page.operation.name].words())
    if not said:
        return page.document
    first, *others = page.document.sections
    opening = replace(first, blocks=(Paragraph(said), *first.blocks))
    return replace(page.document, sections=(opening, *others))


def _reading() -> Section:
    return Section(
        "How to read a page",
        (
            paragraph(
                "A page states an operation as equations, gives the boxed gradients, and then shows how they come about: the local "
                "derivatives, and for each tensor the chain rule with one rule a line and its reason beside it. The code below is "
                "generated from the same equations, and the evidence says what was checked, by whom, and how closely."
            ),
            paragraph(
                "Formulas can be copied as LaTeX, listings as text, with the button beside them. A page works without a network, "
                "without scripts, in light and dark, and on paper."
            ),
        ),
        (),
        "reading",
    )


def _making(pages: Sequence[Page], evidence: bool) -> Section:
    agreeing = sum(page.verdict == "agrees" for page in pages)
    checks = f"Checks drawn with seed {SEED}: {agreeing} of {len(pages)} operations agree with every witness."
    return Section(
        "How it was made",
        (
            paragraph(
                "Every formula is printed from the derivation object that also generates the code and that the checks evaluate; "
                "no derivative was typed in. ",
                checks if evidence else "No checks were run for this site.",
            ),
            Items(
                (
                    text("One page: ", Code("backproof report NAME --out DIR"), "."),
                    text("This site: ", Code("backproof site --out DIR"), "."),
                    text("Your own operation: write its equations into a file, and name the file instead."),
                )
            ),
            paragraph(f"{versions_line()}. There is no date: the same input gives the same bytes."),
        ),
        (),
        "making",
    )

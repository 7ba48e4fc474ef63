"""What explains the pages of a site: how to read them, the notation, the evidence, how it all was made."""

from __future__ import annotations

from derive.nodes import Access, Iverson, Reduce, index
from derive.notation import Notation, expression_box
from derive.notation.names import accented, name_box
from derive.notation.tree import Letter, Sign, row
from reports.document import Code, Document, Items, Section, Table, Text, paragraph, text
from reports.evidence import WITNESSES
from reports.symbols import equals
from verify.evidence import versions

VERDICTS = {
    "agrees": "every witness that could look agrees, in every stratum of inputs",
    "wrong formula": "the value differs where arithmetic cannot be the reason",
    "wrong convention": "it differs only at a kink or a tie, where the derivative is a matter of agreement",
    "inaccurate": "the formula is right and its floating-point evaluation loses digits in the region named",
    "protocol": "values are right and a promise of the functions is not kept (inputs changed, a wrong dtype or shape)",
    "outside the domain": "the inputs are not those that the operation is declared for",
    "cannot decide": "no witness could tell at the precision that it has",
}


def about(count: int, seed: int | None) -> Document:
    """The page as a document; ``seed`` is that of the checks, ``None`` where there were none."""
    found = ", ".join(f"{name} {number}" for name, number in versions().items())
    checks = f"Checks drawn with seed {seed}." if seed is not None else "No checks were run for this site."
    return Document(
        "About these pages",
        (_reading(), _notation(), _evidence(), _making(count)),
        summary=text("How to read a page, what its signs mean, and why to believe it."),
        colophon=(f"Versions: {found}.", checks),
    )


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


def _notation() -> Section:
    i, j = index("i"), index("j")
    plain = Notation()
    x, bar = name_box("x"), accented("bar", name_box("x"))
    bracket = expression_box(Iverson(_equal(i, j)), plain)
    total = expression_box(Reduce("sum", Access("x", i), (i, index("n"))), plain)
    matrix = row(Letter("X"), Sign("odot"), Letter("Y"))
    rows = (
        (text(expression_box(Access("x", i), plain)), text("an element of a tensor; indices begin at 0")),
        (text(total), text("a sum over the whole range of an index")),
        (text(bar), text("the derivative of a scalar by ", x, ", of the same shape: the adjoint, or gradient")),
        (text(bracket), text("1 where the condition holds and 0 elsewhere; what it multiplies is then not looked at")),
        (text(matrix), text("elementwise product; a stroke in the circle is the quotient")),
        (text(Letter("1", "bold")), text("a vector or array of ones")),
        (
            text(Letter("L", "script")),
            text("a scalar that the outputs are passed on to; its derivative by them is given"),
        ),
    )
    example = equals(accented("bar", name_box("y")), row(Sign("partial"), Letter("L", "script"), Sign("slash"),
                                                       Sign("partial"), name_box("y")))  # fmt: skip
    return Section(
        "Notation",
        (
            Table(("Sign", "Meaning"), rows, weights=(1.0, 4.0)),
            paragraph(
                "The caller of a gradient gives ", example, ", the cotangent, for every output ", name_box("y"), "."
            ),
        ),
        (),
        "notation",
    )


def _equal(left: object, right: object) -> object:
    from sympy import Eq

    return Eq(left, right)


def _evidence() -> Section:
    witnesses = tuple((text(Text(name, True)), text(words)) for name, words in WITNESSES.items())
    verdicts = tuple((text(Text(name, True)), text(words)) for name, words in VERDICTS.items())
    return Section(
        "Evidence",
        (
            paragraph(
                "A gradient is compared with witnesses that know nothing of its derivation, on inputs of many strata: ordinary "
                "ones, exact zeros, ties, saturated ones, tiny and huge magnitudes. Cotangents are random; the whole gradient is "
                "compared."
            ),
            Table(("Witness", "What it does"), witnesses, weights=(1.0, 4.0)),
            Table(("Verdict", "What it says"), verdicts, weights=(1.0, 4.0)),
        ),
        (),
        "evidence",
    )


def _making(count: int) -> Section:
    return Section(
        "How it was made",
        (
            paragraph(
                f"Operations on this site: {count}, each declared as index equations. Every formula is printed from the "
                "derivation object that also generates the code and that the checks evaluate; no derivative was typed in."
            ),
            Items(
                (
                    text("One page: ", Code("backproof report NAME --out DIR"), "."),
                    text("This site: ", Code("backproof site --out DIR"), "."),
                    text("Your own operation: write its equations into a file, and name the file instead."),
                )
            ),
        ),
        (),
        "making",
    )

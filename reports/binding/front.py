"""What comes before the chapters: the signs and how they are read, and how to read the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from derive.matrix_form import program_matrices
from derive.notation import Box
from derive.notation.equations import equation_boxes, matrix_equation_boxes
from derive.notation.expressions import function_name
from derive.notation.tree import Fence, Letter, Sign, row, separated
from derive.operation import Operation
from derive.registry import declare
from derive.reverse import derive
from reports.document import Block, Code, Inline, Items, Link, Section, Table, Text, paragraph, text
from reports.evidence import WITNESSES
from reports.steps import local_lines
from reports.symbols import equals, notation_of
from verify import strata
from verify.verdicts import Verdict


@dataclass(frozen=True)
class Example:
    """A small declaration, and what a sign in one of its formulas means.

    ``gradient`` is the input whose gradient is shown (else the last equation as declared), ``form`` is ``index``, ``matrix``
    or ``local``, for a local derivative.
    """

    declaration: str
    meaning: str
    gradient: str = ""
    form: str = "index"


PRODUCT = "X[n, d], W[d, m]; Z[i, j] = sum(X[i, k]*W[k, j], k)"
LARGEST = "X[n, d]; m[i] = max(X[i, k], k)"
CASES = "z[n]; y[i] = where(z[i] > 0, z[i], 0)"
SQUARE = "x[n]; y[i] = x[i]**2"
ROWS = "X[n, d], s[n]; Y[i, j] = X[i, j]/s[i]"
SIZE = "z[n]; y[i] = abs(z[i])"
ELEMENTS = (
    Example(
        "X[n, d], g[d]; Y[i, j] = g[j]*X[i, j]",
        "The element of X in row i and column j. An index runs from 0 to its extent less 1.",
    ),
    Example(PRODUCT, "A sum over every value of k, here from 0 to d - 1."),
    Example(LARGEST, "The largest of the elements over which k runs."),
    Example("p[n]; q = prod(p[i], i)", "A product over every value of i."),
    Example(CASES, "The first line whose condition holds."),
    Example(SIZE, "The absolute value."),
    Example("E[v, d], token[n]: int; y[i, k] = E[token[i], k]", "An array of integers, here token, chooses the row."),
    Example(
        "x[T], w, h0; h[t] = tanh(w*h[t-1] + x[t]); h[-1] = h0",
        "A recurrence: each time step reads the one before it, and the first one what stands at -1.",
    ),
)
DERIVATIVES = (
    Example(
        PRODUCT,
        "A bar: the derivative of what is differentiated by each element of W; an array of the shape of W.",
        "W",
    ),
    Example(SQUARE, "A local derivative: of one expression, everything else held fixed.", "x", "local"),
    Example(
        CASES,
        "A bracket is 1 where its condition holds and 0 elsewhere; what it multiplies is then not looked at.",
        "z",
    ),
    Example(LARGEST, "The argmax is where the maximum is, the first such place.", "X"),
    Example(SIZE, "The sign: 1, 0 or -1.", "z"),
)
MATRICES = (
    Example(PRODUCT, "A matrix product and a transpose.", "W", "matrix"),
    Example("x[n], y[m]; Z[i, j] = x[i]*y[j]", "The outer product of two vectors.", "", "matrix"),
    Example(
        "X[n, d], W[d, m], b[m]; Z = X @ W + b",
        "A bold 1 is a vector of ones of the length that fits: here it adds up the rows.",
        "b",
        "matrix",
    ),
    Example(
        "Z[n, d]; Y = exp(Z)",
        "A dot in a circle multiplies element by element; a function of an array acts on each element.",
        "Z",
        "matrix",
    ),
    Example(ROWS, "A stroke in a circle divides element by element.", "s", "matrix"),
    Example(ROWS, "The diagonal matrix of the vector s; on the left of a matrix it scales the rows.", "X", "matrix"),
    Example(SQUARE, "A power with a dot in a circle is taken element by element.", "", "matrix"),
    Example(LARGEST, "A function whose name begins with row takes each row as a whole.", "", "matrix"),
)
VERDICTS = {
    Verdict.AGREES: "Every witness that could decide agrees.",
    Verdict.WRONG_FORMULA: "The gradient differs from the true one by more than rounding can explain.",
    Verdict.PROTOCOL: "The function changed its inputs, or depended on what was called before.",
    Verdict.WRONG_CONVENTION: "Right away from a kink; at the kink another convention holds than the one declared.",
    Verdict.INACCURATE: "The formula is right; its evaluation in floating point loses digits in the region named.",
    Verdict.OUTSIDE: "There is nothing to compare: the point lies outside the domain, or the value overflows.",
    Verdict.CANNOT_DECIDE: "The witness could not tell, and says why.",
}


def front(operations: Sequence[Operation], evidence: bool = True) -> tuple[Section, ...]:
    """The chapters before the first family."""
    return _notation(operations), _reading(evidence)


@cache
def example_box(example: Example) -> Box:
    """The formula of an example, from its derivation."""
    derivation = derive(declare(example.declaration, name="example"))
    notation = notation_of(derivation)
    if example.form == "local":
        line = local_lines(derivation, notation)[0]
        assert line.left is not None
        return equals(line.left, line.right)
    equations = derivation.equations if example.gradient else derivation.program.equations
    target = derivation.gradients[example.gradient] if example.gradient else equations[-1].target
    equation = next(each for each in reversed(equations) if each.target == target)
    if example.form == "matrix":
        forms = derivation.matrix if example.gradient else program_matrices(derivation.program)
        return equals(*matrix_equation_boxes(target, forms[target], notation))
    return equals(*equation_boxes(equation, notation))


def _table(examples: Sequence[Example]) -> Table:
    rows = tuple((text(example_box(e)), text(e.meaning), text(Code(e.declaration))) for e in examples)
    return Table(("Written", "Read", "As declared"), rows, weights=(1.25, 1.5, 1.35))


def _notation(operations: Sequence[Operation]) -> Section:
    goal = paragraph(
        "What is differentiated is one number: the output itself where it is one, else a scalar, written ",
        Letter("L", "script"),
        ", that the output passes on to and whose derivative by the output, the cotangent, is given. The chain rule writes "
        "one bracket for every index by which a tensor is read; the lines that follow remove them by summing.",
    )
    matrices = paragraph(
        "Results of at most two indices are also written with matrices. Rows are the first index, columns the second; a "
        "vector stands upright."
    )
    parts = [
        Section("Elements, sums and cases", (_table(ELEMENTS),), (), "notation-elements"),
        Section("Derivatives", (goal, _table(DERIVATIVES)), (), "notation-derivatives"),
        Section("Matrices", (matrices, _table(MATRICES)), (), "notation-matrices"),
    ]
    functions = _functions(operations)
    if functions:
        parts.append(Section("Functions with a sign of their own", functions, (), "notation-functions"))
    opening = paragraph(
        "Tensors are arrays with named indices. A name of several letters is one name, a Greek letter's name is set as "
        "that letter, and digits behind a name stand below it. Behind a line its shape is printed small, as in ",
        separated([Letter("n"), Letter("d")], Sign("times")),
        ": rows by columns. Round brackets group, and a bar, a hat or a tilde over a name belongs to it.",
    )
    return Section("Notation", (opening,), tuple(parts), "book-notation", numbered=False)


def _functions(operations: Sequence[Operation]) -> tuple[Block, ...]:
    """The functions that have a letter or word of their own in formulas, with their pages."""
    rows = tuple(
        (
            text(row(function_name(each.name), Fence("(", Letter("z")))),
            (Link(each.title or each.name, each.name), Text(" "), Code(each.name)),
        )
        for each in operations
        if each.symbol
    )
    return (Table(("Written", "Function"), rows, weights=(1.0, 3.0)),) if rows else ()


def _reading(evidence: bool) -> Section:
    """What the evidence on each page means."""
    if not evidence:
        words = paragraph("No checks were run: nothing in these pages has been verified.")
        return Section("How to read the evidence", (words,), (), "how-to-read", numbered=False)
    opening = paragraph(
        "Every formula in these pages is printed from the object that the derivation produced; the same object was turned "
        "into the code beside it and evaluated by the checks. Each step was evaluated on both sides. The table at the end "
        "of a page has a row for each witness and argument:"
    )
    columns: tuple[tuple[Inline, ...], ...] = (
        text(Text("Points", True), ": how many inputs the witness looked at, over so many strata (kinds of inputs)."),
        text(
            Text("Error", True),
            ": the largest relative error of any element, where it comes nearest to its bound, the error from which on a "
            "reason is asked for.",
        ),
        text(
            Text("ULP", True), ": the largest error in units in the last place, where ball arithmetic knows the truth."
        ),
    )
    witnesses = {name: _sentence(meaning) for name, meaning in WITNESSES.items()}
    verdicts = {str(verdict): meaning for verdict, meaning in VERDICTS.items()}
    kinds = {name: _sentence(strata.get(name).meaning) for name in strata.names()}
    return Section(
        "How to read the evidence",
        (opening, Items(columns)),
        (
            Section("Witnesses", (_glossary("Witness", "What it is", witnesses),), (), "book-witnesses"),
            Section("Verdicts", (_glossary("Verdict", "What it says", verdicts),), (), "book-verdicts"),
            Section("Strata of inputs", (_glossary("Stratum", "Inputs", kinds),), (), "book-strata"),
        ),
        "how-to-read",
        numbered=False,
    )


def _glossary(word: str, meaning: str, entries: dict[str, str]) -> Table:
    rows = tuple((text(Text(name, True)), text(words)) for name, words in entries.items())
    return Table((word, meaning), rows, weights=(1.0, 4.0))


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."

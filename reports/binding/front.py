"""What comes before the chapters: the signs and how they are read, and how to read the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    """A small declaration and the formula of it that shows a sign: an equation as declared, or a gradient."""

    declaration: str
    meaning: str
    gradient: str = ""  # of this input; else the forward equation
    form: str = "index"  # or "matrix", or "local" for a local derivative


ELEMENTS = (
    Example("X[n, d], g[d]; Y[i, j] = g[j]*X[i, j]", "The element of X in row i and column j. An index runs from 0 to its extent less 1."),
    Example("X[n, d], W[d, m]; Z[i, j] = sum(X[i, k]*W[k, j], k)", "A sum over every value of k, here from 0 to d - 1."),
    Example("X[n, d]; m[i] = max(X[i, k], k)", "The largest of the elements over which k runs."),
    Example("p[n]; q = prod(p[i], i)", "A product over every value of i."),
    Example("z[n]; y[i] = where(z[i] > 0, z[i], 0)", "The first line whose condition holds."),
    Example("z[n]; y[i] = abs(z[i])", "The absolute value."),
    Example("E[v, d], token[n]: int; y[i, k] = E[token[i], k]", "An array of integers, here token, chooses the row."),
    Example("x[T], w, h0; h[t] = tanh(w*h[t-1] + x[t]); h[-1] = h0", "A recurrence: each time step reads the one before it; the first reads what stands at -1."),
)  # fmt: skip
DERIVATIVES = (
    Example("X[n, d], W[d, m]; Z[i, j] = sum(X[i, k]*W[k, j], k)", "A bar: the derivative of the scalar that is differentiated by each "
            "element of W, an array of the shape of W.", "W"),
    Example("x[n]; y[i] = x[i]**2", "A local derivative: of one expression, everything else held fixed.", "x", "local"),
    Example("z[n]; y[i] = where(z[i] > 0, z[i], 0)", "A bracket is 1 where its condition holds and 0 elsewhere; what it multiplies is then "
            "not looked at.", "z"),
    Example("X[n, d]; m[i] = max(X[i, k], k)", "The argmax is where the maximum is, the first such place.", "X"),
    Example("z[n]; y[i] = abs(z[i])", "The sign: 1, 0 or -1.", "z"),
)  # fmt: skip
MATRICES = (
    Example("X[n, d], W[d, m]; Z[i, j] = sum(X[i, k]*W[k, j], k)", "A matrix product and a transpose.", "W", "matrix"),
    Example("x[n], y[m]; Z[i, j] = x[i]*y[j]", "The outer product of two vectors.", "", "matrix"),
    Example("X[n, d], W[d, m], b[m]; Z = X @ W + b", "A bold 1 is a vector of ones of the length that fits: here it adds up the rows.",
            "b", "matrix"),
    Example("Z[n, d]; Y = exp(Z)", "A dot in a circle multiplies element by element; a function of an array acts on each element.", "Z",
            "matrix"),
    Example("X[n, d], s[n]; Y[i, j] = X[i, j]/s[i]", "A stroke in a circle divides element by element.", "s", "matrix"),
    Example("X[n, d], s[n]; Y[i, j] = X[i, j]/s[i]", "diag(s) is the diagonal matrix of the vector s; on the left it scales the rows.", "X",
            "matrix"),
    Example("x[n]; y[i] = x[i]**2", "A power with a dot in a circle is taken element by element.", "", "matrix"),
    Example("X[n, d]; m[i] = max(X[i, k], k)", "A function whose name begins with row takes each row as a whole.", "", "matrix"),
)  # fmt: skip
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


def example_box(example: Example) -> Box:
    """The formula of an example, from its derivation."""
    operation = declare(example.declaration, name="example")
    derivation = derive(operation)
    notation = notation_of(derivation)
    if example.form == "local":
        line = local_lines(derivation, notation)[0]
        assert line.left is not None
        return equals(line.left, line.right)
    equations = derivation.equations if example.gradient else derivation.program.equations
    target = derivation.gradients[example.gradient] if example.gradient else equations[-1].target
    (equation,) = [each for each in equations if each.target == target][-1:]
    if example.form == "matrix":
        forms = derivation.matrix if example.gradient else program_matrices(derivation.program)
        return equals(*matrix_equation_boxes(target, forms[target], notation))
    return equals(*equation_boxes(equation, notation))


def _table(examples: Sequence[Example]) -> Table:
    rows = tuple((text(example_box(e)), text(e.meaning), text(Code(e.declaration))) for e in examples)
    return Table(("Written", "Read", "As declared"), rows, weights=(1.25, 1.5, 1.35))


def _notation(operations: Sequence[Operation]) -> Section:
    functions = _functions(operations)
    parts = [
        Section("Elements, sums and cases", (_table(ELEMENTS),), (), "notation-elements"),
        Section("Derivatives", (paragraph(
            "What is differentiated is one number: the output itself where it is one, else a scalar, written ", Letter("L", "script"),
            ", that the output passes on to and whose derivative by the output, the cotangent, is given. The chain rule writes one "
            "bracket for every index by which a tensor is read; the lines that follow remove them by summing."),
            _table(DERIVATIVES)), (), "notation-derivatives"),
        Section("Matrices", (paragraph(
            "Results of at most two indices are also written with matrices. Rows are the first index, columns the second; a vector "
            "stands upright."), _table(MATRICES)), (), "notation-matrices"),
    ]  # fmt: skip
    if functions:
        parts.append(Section("Functions with a sign of their own", functions, (), "notation-functions"))
    return Section(
        "Notation",
        (
            paragraph(
                "Tensors are arrays with named indices. A name of several letters is one name, a Greek letter's name is set as that "
                "letter, and digits behind a name stand below it. Behind a line its shape is printed small, as in ",
                separated([Letter("n"), Letter("d")], Sign("times")),
                ": rows by columns. Round brackets group, and a bar, a hat or a tilde over a name belongs to it.",
            ),
        ),
        tuple(parts),
        "notation",
        numbered=False,
    )


def _functions(operations: Sequence[Operation]) -> tuple[Block, ...]:
    rows = tuple(
        (text(row(function_name(each.name), Fence("(", Letter("z")))), (Link(each.title or each.name, each.name), Text(" "), Code(each.name)))
        for each in operations
        if each.symbol
    )  # fmt: skip
    return (Table(("Written", "Function"), rows, weights=(1.0, 3.0)),) if rows else ()


def _reading(evidence: bool) -> Section:
    """What the evidence on each page means."""
    if not evidence:
        words = paragraph("No checks were run: nothing in these pages has been verified.")
        return Section("How to read the evidence", (words,), (), "how-to-read", numbered=False)
    witnesses = tuple(
        (text(Text(name, True)), text(f"{meaning[:1].upper()}{meaning[1:]}.")) for name, meaning in WITNESSES.items()
    )
    verdicts = tuple((text(Text(str(verdict), True)), text(meaning)) for verdict, meaning in VERDICTS.items())
    kinds = tuple(
        (text(each.name), text(f"{each.meaning[:1].upper()}{each.meaning[1:]}."))
        for each in map(strata.get, strata.names())
    )
    columns: tuple[tuple[Inline, ...], ...] = (
        text(Text("Points", True), ": how many inputs the witness looked at, over so many ", Text("strata", True), " (kinds of inputs)."),
        text(Text("Error", True), ": the largest relative error of any element where it comes nearest to its ", Text("bound", True),
             ", the error from which on a reason is asked for."),
        text(Text("ULP", True), ": the largest error in units in the last place, where the true value is known by ball arithmetic."),
    )  # fmt: skip
    return Section(
        "How to read the evidence",
        (
            paragraph(
                "Every formula in these pages is printed from the object that the derivation produced; the same object was turned into "
                "the code beside it and evaluated by the checks. Each step was evaluated on both sides. The table at the end of a page "
                "has a row for each witness and argument:"
            ),
            Items(columns),
        ),
        (
            Section("Witnesses", (Table(("Witness", "What it is"), witnesses, weights=(1.0, 4.0)),), (), "witnesses"),
            Section("Verdicts", (Table(("Verdict", "What it says"), verdicts, weights=(1.0, 3.0)),), (), "verdicts"),
            Section("Strata of inputs", (Table(("Stratum", "Inputs"), kinds, weights=(1.0, 3.0)),), (), "strata"),
        ),
        "how-to-read",
        numbered=False,
    )

r"""LaTeX of expressions, equations and matrix trees: the tree of boxes of :mod:`derive.notation`, spelt in LaTeX.

Everything needs ``amsmath`` and ``amssymb`` only, and is accepted by MathML converters (no ``\substack``, no ``\tag``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympy import Expr

from derive.notation import Notation, break_lines, expression_box, matrix_box, width
from derive.notation.breaking import is_tall
from derive.notation.equations import equation_boxes, matrix_equation_boxes
from derive.notation.tree import (
    COMMA,
    MINUS,
    Accent,
    Big,
    Box,
    Cases,
    Evaluated,
    Fence,
    Fraction,
    Letter,
    Named,
    Number,
    Root,
    Row,
    Script,
    Sign,
    Under,
    Words,
)
from derive.program import Equation

if TYPE_CHECKING:
    from derive.derivation import Derivation
    from derive.matrix import Matrix

SIGNS = {
    "plus": "+", "minus": "-", "equals": "=", "ne": r"\ne", "lt": "<", "le": r"\le", "gt": ">", "ge": r"\ge",
    "cdot": r"\cdot", "times": r"\times", "odot": r"\odot", "oslash": r"\oslash", "comma": ",", "slash": "/",
    "thin": r"\,", "partial": r"\partial", "infinity": r"\infty", "top": r"\top", "prime": r"\prime", "in": r"\in",
    "open": r"\bigl(", "close": r"\bigr)",
}  # fmt: skip
FENCES = {"(": ("(", ")"), "[": ("[", "]"), "floor": (r"\lfloor", r"\rfloor"), "bar": ("|", "|")}
OPERATORS = frozenset(["log", "exp", "sin", "cos", "tan", "tanh", "sinh", "cosh", "max", "min", "det"])
LIMITS = {"sum": r"\sum", "prod": r"\prod", "max": r"\max", "min": r"\min"}
VARIANTS = {"epsilon": r"\varepsilon"}
SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip
LINE = 33.0  # em: a displayed line of the article class, whose text is 34.5 em wide


def escape(text: str) -> str:
    r"""Text that LaTeX prints literally.

    >>> escape("50% of x_1")
    '50\\% of x\\_1'
    """
    return "".join(SPECIAL.get(c, c) for c in text)


def expression_latex(expression: Expr, notation: Notation | None = None) -> str:
    r"""An expression in LaTeX's maths mode.

    >>> from derive.nodes import Access, index
    >>> i, j = index("i"), index("j")
    >>> print(expression_latex((Access("P", i, j) - Access("Y", i, j)) / 2))
    \frac{P_{ij} - Y_{ij}}{2}

    Raises :class:`derive.notation.expressions.NoNotation` for a node without a printed form.
    """
    return box_latex(expression_box(expression, notation))


def matrix_latex(tree: Matrix, notation: Notation | None = None) -> str:
    r"""A matrix tree in LaTeX's maths mode.

    >>> from derive.matrix import Product, Transpose, Whole
    >>> print(matrix_latex(Product(Transpose(Whole("X")), Whole("Z"))))
    X^{\top} Z
    """
    return box_latex(matrix_box(tree, notation))


def equation_latex(equation: Equation, notation: Notation | None = None) -> str:
    r"""``left = right`` of an equation.

    >>> from derive.registry import get
    >>> print(equation_latex(get("identity").program.equations[0]))
    a_i = z_i
    """
    left, right = equation_boxes(equation, notation or Notation())
    return f"{box_latex(left)} = {box_latex(right)}"


def derivation_latex(derivation: Derivation, form: str = "best", line: float = LINE) -> str:
    r"""The derived equations as an ``align*`` environment that compiles alone with amsmath.

    ``form`` is ``"index"``, or ``"best"``: matrix form where there is one.  Lines wider than ``line`` em are broken
    before top-level operators.

    >>> from derive.reverse import derive
    >>> from derive.registry import get
    >>> print(derivation_latex(derive(get("identity"))))
    \begin{align*}
    \bar{z} &= \bar{a}
    \end{align*}
    """
    notation = Notation.of(derivation)
    pairs = []
    for equation in derivation.equations:
        tree = derivation.matrix.get(equation.target) if form == "best" else None
        if tree is not None:
            pairs.append(matrix_equation_boxes(equation.target, tree, notation))
        else:
            pairs.append(equation_boxes(equation, notation))
    lead = max((width(left) for left, _ in pairs), default=0.0)
    rows = [each for left, right in pairs for each in aligned_rows(left, right, line, lead)]
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"


def aligned_rows(left: Box, right: Box, line: float = LINE, lead: float | None = None) -> list[str]:
    """One equation as rows of ``align``, broken where it is too wide; ``lead`` is the width of the widest left side."""
    first, *others = break_lines(right, line - (width(left) if lead is None else lead) - 1.5)
    return [f"{box_latex(left)} &= {box_latex(first)}", *(rf"&\quad {box_latex(other)}" for other in others)]


def box_latex(box: Box) -> str:
    """Boxes in LaTeX's maths mode."""
    match box:
        case Letter(text, style):
            return _letter(text, style)
        case Number(text):
            return text
        case Sign(name):
            return SIGNS[name]
        case Words(text):
            return rf"\text{{{escape(text)}}}"
        case Row(parts):
            return _row(parts)
        case Script(base, sub, sup):
            below = "" if sub is None else f"_{_group(box_latex(sub))}"
            above = "" if sup is None else f"^{_group(box_latex(sup))}"
            return f"{_base(base)}{below}{above}"
        case Fraction(numerator, denominator):
            return rf"\frac{{{box_latex(numerator)}}}{{{box_latex(denominator)}}}"
        case Root(radicand):
            return rf"\sqrt{{{box_latex(radicand)}}}"
        case Accent(kind, base):
            return _accent(kind, base)
        case Fence(kind, body):
            return _fence(kind, body)
        case Under(body, below):
            return rf"\underset{{{box_latex(below)}}}{{{box_latex(body)}}}"
        case Evaluated(body, at):
            return rf"\left. {box_latex(body)} \right|_{{{box_latex(at)}}}"
        case Big(name, below, above):
            sign = LIMITS.get(name, rf"\operatorname*{{{name}}}")
            lower = "" if below is None else f"_{{{box_latex(below)}}}"
            upper = "" if above is None else f"^{{{box_latex(above)}}}"
            return f"{sign}{lower}{upper}"
        case Named(name):
            return rf"\{name}" if name in OPERATORS else rf"\operatorname{{{escape(name)}}}"
        case Cases(rows):
            lines = r" \\ ".join(f"{box_latex(value)} & {box_latex(condition)}" for value, condition in rows)
            return rf"\begin{{cases}} {lines} \end{{cases}}"
    raise TypeError(f"no LaTeX is known for {type(box).__name__}")


def _letter(text: str, style: str) -> str:
    if style == "bold":
        return rf"\mathbf{{{text}}}"
    if style == "script":
        return rf"\mathcal{{{text}}}"
    if style == "upright":
        return rf"\mathrm{{{escape(text)}}}"
    if len(text) == 1:
        return text if text.isascii() else rf"\text{{{text}}}"
    return VARIANTS.get(text, rf"\{text}")


def _row(parts: tuple[Box, ...]) -> str:
    """Side by side; a minus at the start is a sign, single letters and a function's parenthesis need no space."""
    text = ""
    for number, part in enumerate(parts):
        piece = box_latex(part)
        before = parts[number - 1] if number else None
        tight = (
            not text
            or part == COMMA
            or (before == MINUS and number == 1)
            or (isinstance(_operator(before), Named) and piece[0] in "(^")
            or (isinstance(before, Named | Letter) and isinstance(part, Fence) and not piece.startswith("\\left"))
            or (text[-1:].isalnum() and len(piece) == 1 and piece.isalnum() and "\\" not in text.split(" ")[-1])
        )
        if isinstance(_operator(before), Named) and piece.startswith("\\left"):
            piece = rf"\!{piece}"  # TeX leaves a gap between an operator and a growing parenthesis
        text += piece if tight else f" {piece}"
    return text


def _operator(box: Box | None) -> Box | None:
    return box.base if isinstance(box, Script) else box


def _group(text: str) -> str:
    return text if len(text) == 1 else f"{{{text}}}"


def _base(base: Box) -> str:
    text = box_latex(base)
    needs = isinstance(base, Row | Script | Fraction)
    return f"{{{text}}}" if needs else text


def _accent(kind: str, base: Box) -> str:
    wide = isinstance(base, Letter) and base.style == "upright"
    command = {"bar": "overline", "hat": "widehat", "tilde": "widetilde"}.get(kind, kind) if wide else kind
    return rf"\{command}{{{box_latex(base)}}}"


def _fence(kind: str, body: Box) -> str:
    left, right = FENCES[kind]
    if is_tall(body):
        return rf"\left{left} {box_latex(body)} \right{right}"
    space = " " if left.startswith("\\") else ""
    return f"{left}{space}{box_latex(body)}{space}{right}"

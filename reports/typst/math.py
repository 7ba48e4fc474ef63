"""The boxes of a formula in Typst's maths language."""

from __future__ import annotations

from derive.notation.breaking import is_tall
from derive.notation.tree import (
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

# Symbols stand as themselves, so that no release of Typst can rename them.
SIGNS = {
    "plus": "+", "minus": "−", "equals": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥", "in": "∈",
    "cdot": "⋅", "times": "×", "odot": "⊙", "oslash": "⊘", "comma": "comma", "slash": r"\/", "thin": "thin",
    "partial": "∂", "infinity": "∞", "top": "⊤", "prime": "′",
    "open": r"lr(\(, size: #160%)", "close": r"lr(\), size: #160%)",
}  # fmt: skip
FENCES = {"(": (r"\(", r"\)"), "[": (r"\[", r"\]"), "floor": ("⌊", "⌋"), "bar": (r"\|", r"\|")}
ACCENTS = {"bar": "macron", "hat": "hat", "tilde": "tilde", "dot": "dot"}


def string(text: str) -> str:
    """A Typst string literal.

    >>> print(string('say "x"'))
    "say \\"x\\""
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "").replace("\t", " ")
    return f'"{escaped}"'


def box_typst(box: Box) -> str:
    """Boxes in Typst's maths mode (what stands between the dollar signs).

    >>> from derive.notation.tree import Fraction, Letter, Number
    >>> box_typst(Fraction(Number("1"), Letter("gamma")))
    'frac(1, gamma)'
    """
    match box:
        case Letter(text, style):
            return _letter(text, style)
        case Number(text):
            return text
        case Sign(name):
            return SIGNS[name]
        case Words(text):
            return string(text)
        case Row(parts):
            return " ".join(box_typst(part) for part in parts)
        case Script(base, sub, sup):
            below = "" if sub is None else f", b: {box_typst(sub)}"
            above = "" if sup is None else f", t: {box_typst(sup)}"
            return f"attach({box_typst(base)}{below}{above})"
        case Fraction(numerator, denominator):
            return f"frac({box_typst(numerator)}, {box_typst(denominator)})"
        case Root(radicand):
            return f"sqrt({box_typst(radicand)})"
        case Accent(kind, base):
            wide = isinstance(base, Letter) and base.style == "upright"
            command = "overline" if wide and kind == "bar" else ACCENTS[kind]
            return f"{command}({box_typst(base)})"
        case Fence(kind, body):
            left, right = FENCES[kind]
            inside = f"{left} {box_typst(body)} {right}"
            return f"lr({inside})" if is_tall(body) else inside
        case Under(body, below):
            return f"attach(limits({box_typst(body)}), b: {box_typst(below)})"
        case Evaluated(body, at):
            return f"attach(lr({box_typst(body)} |), b: {box_typst(at)})"
        case Big(name, below, above):
            sign = {"sum": "∑", "prod": "∏"}.get(name, f"op({string(name)}, limits: #true)")
            lower = "" if below is None else f", b: {box_typst(below)}"
            upper = "" if above is None else f", t: {box_typst(above)}"
            return f"attach({sign}{lower}{upper})"
        case Named(name):
            return f"op({string(name)})"
        case Cases(rows):
            lines = ", ".join(f"{box_typst(value)} quad & {box_typst(condition)}" for value, condition in rows)
            return f"cases({lines})"
    raise TypeError(f"no Typst is known for {type(box).__name__}")


def _letter(text: str, style: str) -> str:
    if style == "bold":
        return f"bold({text})"
    if style == "script":
        return f"cal({text})"
    if style == "upright":
        return f"upright({string(text)})"
    return text if len(text) > 1 or text.isalpha() else string(text)

"""A formula in words and plain signs: alternative text for readers that cannot see it."""

from __future__ import annotations

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

SIGNS = {
    "plus": "+", "minus": "-", "equals": "=", "ne": "is not", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "in": "in",
    "cdot": "times", "times": "times", "odot": "elementwise times", "oslash": "elementwise divided by", "comma": ",",
    "slash": "/", "thin": "", "partial": "partial", "infinity": "infinity", "top": "transpose", "prime": "prime",
    "open": "(", "close": ")",
}  # fmt: skip
FENCES = {"(": ("(", ")"), "[": ("[", "]"), "floor": ("floor(", ")"), "bar": ("|", "|")}


def box_words(box: Box) -> str:
    """The boxes of a formula, read aloud.

    >>> from derive.notation.tree import Fraction, Letter, Number
    >>> box_words(Fraction(Number("1"), Letter("n")))
    '1 over n'
    """
    match box:
        case Letter(text) | Number(text) | Named(text):
            return text
        case Words(text):
            return text.strip()
        case Sign(name):
            return SIGNS[name]
        case Row(parts):
            return " ".join(filter(None, (box_words(part) for part in parts)))
        case Script(base, sub, sup):
            below = "" if sub is None else f" sub {_group(sub)}"
            above = "" if sup is None else (" transpose" if sup == Sign("top") else f" to the {_group(sup)}")
            return f"{_group(base)}{below}{above}"
        case Fraction(numerator, denominator):
            return f"{_group(numerator)} over {_group(denominator)}"
        case Root(radicand):
            return f"root of {_group(radicand)}"
        case Accent(kind, base):
            return f"{box_words(base)} {kind}"
        case Fence(kind, body):
            left, right = FENCES[kind]
            return f"{left}{box_words(body)}{right}"
        case Under(body, below):
            return f"{_group(body)} (of shape {box_words(below)})"
        case Evaluated(body, at):
            return f"{box_words(body)} at {box_words(at)}"
        case Big(name, below, above):
            lower = "" if below is None else f" over {box_words(below)}"
            upper = "" if above is None else f" to {box_words(above)}"
            return f"{name}{lower}{upper} of"
        case Cases(rows):
            return "; ".join(f"{box_words(value)} {box_words(condition)}" for value, condition in rows)
    raise TypeError(f"no words are known for {type(box).__name__}")


def _group(box: Box) -> str:
    text = box_words(box)
    return f"({text})" if isinstance(box, Row) and len(box.parts) > 1 else text

"""How the name of a tensor, index or size is written: Greek, hats, bars, subscripts, words upright."""

from __future__ import annotations

import re
from functools import cache

from derive.notation.tree import Accent, Box, Letter, Number, Script, Sign, row, separated

_LETTERS = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""
GREEK = frozenset(_LETTERS.split())
SHORT = {"eps": "epsilon", "lam": "lambda", "lamda": "lambda"}  # how they are spelt where lambda is a keyword
ACCENTS = ("hat", "tilde", "dot")
BARE = re.compile(r"[A-Za-z]\d+")


@cache
def name_box(name: str) -> Box:
    """A name as it is set: ``W1`` as W with subscript 1, ``xhat`` as x with a hat, ``W_hh``, ``gamma``, words upright.

    >>> name_box("xhat")
    Accent(kind='hat', base=Letter(text='x', style='italic'))
    >>> name_box("scores")
    Letter(text='scores', style='upright')
    """
    head, underscore, tail = (name.lstrip("_") or name).partition("_")
    if underscore and head:
        parts = [_subscript(part) for part in tail.split("_") if part]
        base = name_box(head)
        if not parts:  # a trailing underscore marks a name that was made unique
            return Script(base, sup=Sign("prime"))
        if isinstance(base, Script) and base.sub is not None:
            return Script(base.base, separated([base.sub, *parts]))
        return Script(base, separated(parts))
    name = head
    digits = re.fullmatch(r"(.*?[^\d])(\d+)", name)
    if digits and (len(digits[1]) == 1 or _is_known(digits[1])):
        return Script(name_box(digits[1]), Number(digits[2]))
    for accent in ACCENTS:
        stem = name.removesuffix(accent)
        if stem and stem != name and (len(stem) == 1 or _is_known(stem)):
            return Accent(accent, name_box(stem))
    return _word(name)


def _is_known(name: str) -> bool:
    return name in GREEK or name in SHORT or any(name.endswith(a) and len(name) == len(a) + 1 for a in ACCENTS)


def _word(name: str) -> Box:
    name = SHORT.get(name, name)
    if name in GREEK or len(name) == 1:
        return Letter("ell" if name == "l" else name)
    return Letter(name, "upright")


def _subscript(text: str) -> Box:
    """What stands behind an underscore: digits, letters side by side (``hh``), or a word."""
    if text.isdigit():
        return Number(text)
    if len(text) == 2 and text.isalpha():
        return row(*(_word(letter) for letter in text))
    return name_box(text)


def accented(kind: str, name: Box) -> Box:
    """A mark over a name: over its letter, not over its subscripts."""
    if isinstance(name, Script):
        return Script(accented(kind, name.base), name.sub, name.sup)
    return Accent(kind, name)


def is_word(box: Box) -> bool:
    """Whether a name is set as a word, so that it needs a dot or space beside it."""
    if isinstance(box, Script | Accent):
        return is_word(box.base)
    return isinstance(box, Letter) and box.style == "upright"


def has_subscript(box: Box) -> bool:
    """Whether a name ends in a subscript already, so that an index needs parentheses around it."""
    return isinstance(box, Script)

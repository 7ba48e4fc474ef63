"""How wide a formula is, about, and where a long one may be broken."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from derive.notation.tree import (
    BINARY,
    CLOSE,
    ONE,
    OPEN,
    RELATIONS,
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
    row,
)

SCRIPT = 0.72  # how much smaller a subscript is
_WIDE_LETTERS = {"m": 0.88, "w": 0.75, "M": 1.0, "W": 1.0, "i": 0.36, "j": 0.42, "l": 0.33, "t": 0.38}


def width(box: Box) -> float:
    """The width of a box in em, a few per cent on the safe side.

    >>> width(Number("12")) < width(Row((Number("12"), Sign("plus"), Number("3"))))
    True
    """
    match box:
        case Letter(text, style):
            return sum(_letter(c) for c in text) if style == "upright" else _letter(text) if len(text) == 1 else 0.62
        case Number(text):
            return 0.5 * len(text)
        case Sign(name):
            return (
                1.25
                if name in BINARY | RELATIONS
                else 0.45
                if name in ("comma", "semicolon")
                else 0.2
                if name == "thin"
                else 0.8
            )
        case Words(text) | Named(text):
            return 0.5 * len(text) + 0.3
        case Row(parts):
            return sum(width(part) for part in parts)
        case Script(base, sub, sup):
            below = width(sub) if sub is not None else 0.0
            above = width(sup) if sup is not None else 0.0
            return width(base) + SCRIPT * max(below, above) + 0.05
        case Fraction(numerator, denominator):
            return max(width(numerator), width(denominator)) + 0.25
        case Root(radicand):
            return width(radicand) + 0.9
        case Accent(_, base):
            return width(base)
        case Fence(_, body):
            return width(body) + 0.9
        case Under(body, below):
            return max(width(body), SCRIPT * width(below))
        case Evaluated(body, at):
            return width(body) + SCRIPT * width(at) + 0.4
        case Big(name, below, above):
            limits = max(width(b) if b is not None else 0.0 for b in (below, above))
            sign = 1.45 if name in ("sum", "prod") else 0.5 * len(name)
            return max(sign, SCRIPT * limits) + 0.2
        case Cases(rows):
            return max(width(value) + width(condition) for value, condition in rows) + 3.0
    raise TypeError(f"no width is known for {type(box).__name__}")


def _letter(letter: str) -> float:
    return _WIDE_LETTERS.get(letter, 0.75 if letter.isupper() else 0.55)


def break_lines(box: Box, limit: float, first: float = 0.0) -> list[Box]:
    """The box in lines of at most ``limit`` em, broken before top-level operators.

    ``first`` is what the first line has to leave free (a left-hand side).  A line is broken before a plus or minus
    where that is enough, otherwise between factors too, with a multiplication sign at the start of the next line, and inside
    a parenthesis that is too wide alone.  What cannot be broken stays whole.
    """
    if width(box) <= limit - first:
        return [box]
    if not isinstance(box, Row):
        return _opened([box], limit - first, limit)
    lines: list[Box] = []
    room = limit - first
    for term in _terms(box):
        if lines and width(row(lines[-1], term)) <= room:
            lines[-1] = row(lines[-1], term)
            continue
        if lines:
            room = limit
        pieces = _factors(term, room, limit)
        lines.extend(pieces)
        room = limit if len(lines) > 1 else room
    return lines


def _terms(box: Row) -> list[Box]:
    """The parts of a row, cut before each sign that joins terms."""
    cuts = (
        [0] + [k for k, part in enumerate(box.parts) if k and part in (Sign("plus"), Sign("minus"))] + [len(box.parts)]
    )
    return [row(*box.parts[a:b]) for a, b in pairwise(cuts) if b > a]


def _factors(term: Box, room: float, limit: float) -> list[Box]:
    """A term that is too wide alone, cut between factors."""
    if width(term) <= room:
        return [term]
    if not isinstance(term, Row):
        return _opened([term], room, limit)
    lines: list[list[Box]] = [[]]
    for k, part in enumerate(term.parts):
        current = lines[-1]
        here = room if len(lines) == 1 else limit
        if current and part in (Sign("odot"), Sign("oslash")):
            if width(row(*current, *term.parts[k : k + 2])) > here:
                lines.append([])
        elif (
            current
            and not isinstance(current[-1], Big | Sign | Named)
            and not isinstance(part, Sign)
            and width(row(*current, part)) > here
            and (_parenthesis(part) is None or width(part) + 1.5 <= limit)  # else it is opened where it stands
        ):
            lines.append([Sign("times")])
        lines[-1].append(part)
    return [line for k, parts in enumerate(lines) for line in _opened(parts, room if k == 0 else limit, limit)]


def _opened(parts: Sequence[Box], room: float, limit: float) -> list[Box]:
    """A line that is still too wide, broken inside its widest parenthesis; a wide numerator is put into one first."""
    whole = row(*parts)
    places = [k for k, part in enumerate(parts) if _parenthesis(part) is not None or isinstance(part, Fraction)]
    if width(whole) <= room or not places:
        return [whole]
    k = max(places, key=lambda place: width(parts[place]))
    part = parts[k]
    if isinstance(part, Fraction):
        if not isinstance(part.numerator, Row):
            return [whole]
        quotient = Fraction(ONE, part.denominator)
        return _opened([*parts[:k], quotient, Fence("(", part.numerator), *parts[k + 1 :]], room, limit)
    fence = _parenthesis(part)
    assert fence is not None
    head = row(*parts[:k], OPEN)
    first, *others = break_lines(fence.body, limit - 1.0, width(head) + limit - room)
    if not others:
        return [whole]
    close: Box = Script(CLOSE, part.sub, part.sup) if isinstance(part, Script) else CLOSE
    return [row(head, first), *others[:-1], row(others[-1], close, *parts[k + 1 :])]


def _parenthesis(box: Box) -> Fence | None:
    """The parenthesis of a part that is one, or one with an exponent."""
    base = box.base if isinstance(box, Script) else box
    return base if isinstance(base, Fence) and base.kind == "(" and isinstance(base.body, Row) else None


def is_tall(box: Box) -> bool:
    """Whether delimiters have to grow around a box."""
    match box:
        case Fraction() | Big() | Cases() | Evaluated() | Root():
            return True
        case Row(parts):
            return any(is_tall(part) for part in parts)
        case Fence(_, body) | Under(body, _):
            return is_tall(body)
        case Script(base, _, sup):
            return is_tall(base) or (sup is not None and is_tall(sup))
    return False

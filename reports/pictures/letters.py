"""Names in pictures: the boxes of a formula as outlines of letters, with their exact size.

matplotlib can set formulas itself, from text with TeX's commands in it.  A name that a user wrote would be read as such
commands; here the boxes of :mod:`derive.notation` become outlines one by one, so that nothing is ever read.  The sizes are
known before anything is drawn, and it is ten times as fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.notation.names import GREEK
from derive.notation.tree import (
    BINARY,
    RELATIONS,
    Accent,
    Box,
    Fence,
    Fraction,
    Letter,
    Named,
    Number,
    Row,
    Script,
    Sign,
    Words,
)
from reports.errors import extra
from reports.spoken import box_words

_FACES = {"italic": "STIXGeneralItalic", "upright": "STIXGeneral", "bold": "STIXGeneralBol", "other": "DejaVuSans"}
_SCALE = 100.0  # the size at which outlines are read, in points
_GREEK_FROM = {"capital": 0x391, "small": 0x3B1}
_SIGNS = {
    "plus": "+", "minus": "−", "equals": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥", "cdot": "·",
    "times": "×", "odot": "⊙", "oslash": "⊘", "comma": ",", "slash": "/", "partial": "∂", "infinity": "∞", "top": "⊤",
    "prime": "′", "in": "∈",
}  # fmt: skip
_FENCES = {"(": "()", "[": "[]", "floor": "⌊⌋", "bar": "||"}
_ORDER = (  # as in Unicode
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho final sigma tau upsilon phi chi "
    "psi omega"
)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Set:
    """Outlines with their size, in points; the base line is at height 0 and the left edge at 0."""

    vertices: Array
    codes: Array
    width: float
    ascent: float
    descent: float

    def shifted(self, x: float, y: float = 0.0) -> Set:
        return Set(self.vertices + np.array([x, y]), self.codes, self.width + x, self.ascent + y, self.descent - y)

    @property
    def height(self) -> float:
        return self.ascent + self.descent


_NOTHING = Set(np.zeros((0, 2)), np.zeros(0), 0.0, 0.0, 0.0)


def typeset(box: Box, size: float) -> Set:
    """A formula of letters, digits, marks and scripts at a size in points.

    >>> from derive.notation.names import name_box
    >>> small, large = typeset(name_box("W1"), 10), typeset(name_box("W1"), 20)
    >>> round(large.width / small.width, 9), small.descent > 0 and len(small.codes) > 20
    (2.0, True)
    """
    match box:
        case Letter(text, style):
            return _letter(text, style, size)
        case Number(text) | Named(text):
            return words(text, size)
        case Words(text):
            return words(text, size)
        case Sign(name):
            return _sign(name, size)
        case Row(parts):
            return beside([typeset(part, size) for part in parts])
        case Script(base, sub, sup):
            return _scripts(typeset(base, size), sub, sup, size)
        case Accent(kind, base):
            return _accent(kind, typeset(base, size), size)
        case Fence(kind, body):
            fence = _FENCES[kind]
            return beside([words(fence[0], size), typeset(body, size), words(fence[1], size)])
        case Fraction(numerator, denominator):
            return beside([typeset(numerator, size), words("/", size), typeset(denominator, size)])
    return words(box_words(box), size)


def words(text: str, size: float, face: str = "upright") -> Set:
    """Words in upright letters, every character as it is; what no font has is shown by its number."""
    return beside([_character(character, face, size) for character in text])


def beside(parts: list[Set]) -> Set:
    """Side by side on one base line."""
    x, moved = 0.0, []
    for part in parts:
        moved.append(part.shifted(x))
        x += part.width
    return _merged(moved, x)


def _merged(parts: list[Set], width: float) -> Set:
    if not parts:
        return _NOTHING
    return Set(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.codes for part in parts]),
        width,
        max(part.ascent for part in parts),
        max(part.descent for part in parts),
    )


def _letter(text: str, style: str, size: float) -> Set:
    if text in GREEK:
        face = "italic" if text[0].islower() else "upright"
        place = _ORDER.split().index(text.lower())
        return _character(chr((0x3B1 if text[0].islower() else 0x391) + place), face, size)
    if text == "ell":
        return _character("ℓ", "upright", size)
    if style == "script":
        return _character({"L": "ℒ"}.get(text, text), "upright", size)
    if style == "italic" and len(text) == 1:
        return _character(text, "italic", size)
    return words(text, size, "bold" if style == "bold" else "upright")


def _sign(name: str, size: float) -> Set:
    if name == "thin":
        return Set(_NOTHING.vertices, _NOTHING.codes, size / 6, 0.0, 0.0)
    drawn = words(_SIGNS.get(name, f" {name} "), size)
    space = size * (0.22 if name in BINARY else 0.28 if name in RELATIONS else 0.0)
    after = size * 0.17 if name == "comma" else space
    return Set(
        drawn.vertices + np.array([space, 0.0]), drawn.codes, drawn.width + space + after, drawn.ascent, drawn.descent
    )


def _scripts(base: Set, sub: Box | None, sup: Box | None, size: float) -> Set:
    parts, wide = [base], 0.0
    if sub is not None:
        low = typeset(sub, size * 0.7)
        parts.append(low.shifted(base.width + 0.02 * size, -0.2 * size))
        wide = low.width
    if sup is not None:
        high = typeset(sup, size * 0.7)
        parts.append(high.shifted(base.width + 0.06 * size, max(0.36 * size, base.ascent - 0.28 * size)))
        wide = max(wide, high.width)
    return _merged(parts, base.width + wide + 0.05 * size)


def _accent(kind: str, base: Set, size: float) -> Set:
    """The mark is drawn, not taken from a font: it has the width of what it stands on."""
    low, high = base.ascent + 0.09 * size, base.ascent + 0.135 * size
    left, right = 0.08 * base.width, base.width * 0.98
    middle = (left + right) / 2
    if kind == "bar":
        outline = [(left, low), (right, low), (right, high), (left, high)]
    elif kind == "dot":
        half = 0.05 * size
        outline = [
            (middle - half, low),
            (middle + half, low),
            (middle + half, low + 2 * half),
            (middle - half, low + 2 * half),
        ]
    else:
        left, right = max(left, middle - 0.3 * size), min(right, middle + 0.3 * size)
        thick, rise = 0.045 * size, 0.13 * size
        top = [(left, low), (middle, low + rise), (right, low)]
        if kind == "tilde":
            third = (right - left) / 3
            top = [
                (left, low),
                (left + third, low + rise * 0.7),
                (right - third, low + rise * 0.2),
                (right, low + rise * 0.9),
            ]
        outline = [*top, *((x, y + thick) for x, y in reversed(top))]
    corners = np.array([*outline, outline[0]], dtype=float)
    codes = np.array([1, *[2] * (len(outline) - 1), 79], dtype=float)
    mark = Set(corners, codes, base.width, float(corners[:, 1].max()), 0.0)
    return _merged([base, mark], base.width)


def _character(character: str, face: str, size: float) -> Set:
    outline = _outline(character, face)
    if outline is None and not character.isprintable():
        return words(f"[U+{ord(character):04X}]", size)
    outline = outline or _outline(character, "upright") or _outline(character, "other")
    if outline is None:
        return words(f"[U+{ord(character):04X}]", size)
    scale = size / _SCALE
    return Set(
        outline.vertices * scale, outline.codes, outline.width * scale, outline.ascent * scale, outline.descent * scale
    )


@cache
def _outline(character: str, face: str) -> Set | None:
    """The outline of one character, or ``None`` where the font has none (or it is a control character)."""
    font = _font(face)
    if not character.isprintable() or not font.get_char_index(ord(character)):
        return None
    glyph = font.load_char(ord(character), flags=_plain())
    vertices, codes = font.get_path()
    vertices = np.array(vertices, dtype=float).reshape(-1, 2)
    tall = vertices[:, 1] if len(vertices) else np.zeros(1)
    width = glyph.linearHoriAdvance / 65536
    if face == "italic" and len(vertices):
        width = max(width, float(vertices[:, 0].max()) + 2.0)  # a slanted letter leans over its own advance
    return Set(vertices, np.array(codes, dtype=float), width, max(float(tall.max()), 0.0), max(-float(tall.min()), 0.0))


@cache
def _font(face: str) -> Any:
    with extra("matplotlib"):
        import matplotlib
        from matplotlib.ft2font import FT2Font
    font = FT2Font(str(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{_FACES[face]}.ttf")))
    font.set_size(_SCALE, 72.0)
    return font


def _plain() -> Any:
    from matplotlib.ft2font import LoadFlags

    return LoadFlags.NO_HINTING


def put(
    figure: Any, drawn: Set, x: float, y: float, colour: str, transform: Any = None, *, turned: bool = False
) -> None:
    """Draw outlines with their left end of the base line at a point, in points or in the coordinates given."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline
    from matplotlib.transforms import Affine2D, ScaledTranslation

    if not len(drawn.codes):
        return
    points = Affine2D().scale(1 / 72)
    if turned:
        points = points.rotate_deg(90)
    if transform is None:
        placed = points.translate(round(x, 2) / 72, round(y, 2) / 72) + figure.dpi_scale_trans
    else:
        placed = points + figure.dpi_scale_trans + ScaledTranslation(x, y, transform)
    outline = Outline(
        np.round(drawn.vertices, 2), drawn.codes.astype(np.uint8)
    )  # hundredths of a point: half the bytes
    figure.add_artist(PathPatch(outline, facecolor=colour, linewidth=0, transform=placed, clip_on=False))


__all__ = ["Set", "beside", "put", "typeset", "words"]

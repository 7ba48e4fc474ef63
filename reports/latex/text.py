r"""Words in LaTeX: everything is printed as it is, whatever it contains."""

from __future__ import annotations

import re
from collections.abc import Sequence

from derive.latex import box_latex, escape
from reports.document import Code, Inline, Link, Math, Text, Verdict, address, anchor

# What people write and inputenc does not know; anything else beyond Latin letters is printed by its number.
KNOWN = {
    "–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''", "…": r"\dots{}", "×": r"$\times$", "≤": r"$\le$",
    "≥": r"$\ge$", "≠": r"$\ne$", "→": r"$\to$", "±": r"$\pm$", "·": r"$\cdot$", "∞": r"$\infty$", "−": "$-$",
    "⊙": r"$\odot$", "\u00a0": "~", "\u202f": r"\,", "°": r"$^\circ$", "½": r"$\frac12$",
}  # fmt: skip
KNOWN |= {raised: rf"\textsuperscript{{{digit}}}" for digit, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
KNOWN["⁻"] = r"\textsuperscript{$-$}"
LATIN = 0x17F


def words(text: str) -> str:
    r"""Text that appears literally.

    >>> words(r"\write18{rm} & 50%")
    '\\textbackslash{}write18\\{rm\\} \\& 50\\%'
    >>> words("中")
    '\\texttt{[U+4E2D]}'
    """
    pieces = [_character(c) for c in text]
    for k in range(1, len(text)):
        if text[k] == text[k - 1] and text[k] in "-'`,!?":  # no ligature: two signs stay two
            pieces[k] = "{}" + pieces[k]
    return "".join(pieces)


def _character(character: str) -> str:
    if character in KNOWN:
        return KNOWN[character]
    code = ord(character)
    if code > LATIN or (code < 32 and character not in "\n\t") or 0x7F <= code < 0xA0:
        return rf"\texttt{{[U+{code:04X}]}}"
    return escape(character)


def typewriter(text: str, space: str = r"\ ") -> str:
    """Text in typewriter letters, spaces kept, line breaks allowed at spaces and behind punctuation."""
    pieces = []
    for character in text:
        piece = {" ": space, "'": r"\textquotesingle{}", "`": r"\textasciigrave{}", "-": "-{}"}.get(character)
        piece = _character(character) if piece is None else piece
        pieces.append(piece + (r"\allowbreak{}" if character in "_./,(=" else ""))
    return rf"\texttt{{{''.join(pieces)}}}"


def inline(content: Sequence[Inline]) -> str:
    """Running text."""
    return "".join(_piece(piece) for piece in content)


def _piece(piece: Inline) -> str:
    match piece:
        case Text(text, strong):
            return rf"\textbf{{{words(text)}}}" if strong else words(text)
        case Math(box):
            return rf"\({box_latex(box)}\)"
        case Code(text):
            return typewriter(text)
        case Link(text, target, code):
            shown = typewriter(text) if code else words(text)
            if piece.outside:
                url = re.sub(r"([#%&_])", r"\\\1", address(target)).replace("~", r"\string~")
                return rf"\href{{{url}}}{{{shown}}}"
            return rf"\hyperref[{anchor(target)}]{{{shown}}}"
        case Verdict(text, tone):
            return rf"\textcolor{{verdict-{tone}}}{{\textbf{{{words(text)}}}}}"
    raise TypeError(f"no LaTeX is known for {type(piece).__name__}")

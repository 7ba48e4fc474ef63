"""Program text with its keywords, names, numbers, strings and comments marked, so that a style sheet can colour them."""

from __future__ import annotations

import io
import keyword
import tokenize
from html import escape

_KINDS = {tokenize.COMMENT: "comment", tokenize.STRING: "string", tokenize.NUMBER: "number"}


def highlighted(text: str, language: str) -> str:
    """The text in HTML; what is not Python, or does not read as such, is only escaped.

    >>> highlighted("return x  # < 1", "python")
    '<span class="keyword">return</span> x  <span class="comment"># &lt; 1</span>'
    >>> highlighted("a < b", "")
    'a &lt; b'
    """
    marks = _marks(text) if language == "python" else []
    pieces, lines = [], text.splitlines(keepends=True)
    row, column = 0, 0
    for kind, (start_row, start), (end_row, end) in marks:
        pieces.append(escape(_between(lines, (row, column), (start_row, start))))
        inside = escape(_between(lines, (start_row, start), (end_row, end)))
        pieces.append(f'<span class="{kind}">{inside}</span>')
        row, column = end_row, end
    pieces.append(escape(_between(lines, (row, column), (len(lines), 0))))
    return "".join(pieces)


Place = tuple[int, int]


def _marks(text: str) -> list[tuple[str, Place, Place]]:
    """What to mark: the kind, where it begins and where it ends (rows from 0)."""
    found: list[tuple[str, Place, Place]] = []
    before = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind = _KINDS.get(token.type, "")
            if token.type == tokenize.NAME:
                if keyword.iskeyword(token.string):
                    kind = "keyword"
                elif before in ("def", "class"):
                    kind = "name"
            if kind:
                found.append((kind, (token.start[0] - 1, token.start[1]), (token.end[0] - 1, token.end[1])))
            before = token.string
    except (tokenize.TokenError, SyntaxError):  # IndentationError is one
        return []
    return found


def _between(lines: list[str], start: Place, end: Place) -> str:
    if start[0] == end[0]:
        return lines[start[0]][start[1] : end[1]] if start[0] < len(lines) else ""
    last = lines[end[0]][: end[1]] if end[0] < len(lines) else ""
    return lines[start[0]][start[1] :] + "".join(lines[start[0] + 1 : end[0]]) + last

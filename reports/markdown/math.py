r"""Formulas in Markdown, so that every reader of it shows them.

GitHub, and whatever else parses Markdown before it looks for formulas, eats a backslash before punctuation (``\,``, ``\{``,
``\\``), makes emphasis of underscores, links of ``[a](b)`` and tags of ``<b>``, ends a cell at every bar, and allows no
``\operatorname``.  Notebooks take formulas out first, and know ``$`` only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from derive.latex import SPECIAL, box_latex
from derive.notation import Box

_WORDS = {r"\,": r"\thinspace ", r"\!": r"\negthinspace ", r"\{": r"\lbrace ", r"\}": r"\rbrace ", r"\|": r"\Vert "}
_TOKENS = re.compile(r"(\\[,!{}|]|[<>|]) ?")
_NAMED = re.compile(r"\\operatorname(\*?)\{((?:[^{}\\]|\\.)*)\}(?=([_^])?)")
_TEXT = re.compile(r"\\text\{((?:[^{}\\]|\\[^a-z]|\\text[a-z]+\{\})*)\}")
_CLOSING = re.compile(r"(?<=[^\s\\])_(?![A-Za-z0-9])")  # an underscore that could end an emphasis
_TRAPS = re.compile(r"\\[^A-Za-z\s]|\]\(|\*|~~|`|\\$")
# How a character of running text is set in a formula.
_SYMBOLS = {
    "\\": r"\backslash ", "{": r"\lbrace ", "}": r"\rbrace ", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\wedge ", "~": r"\sim ", "<": r"\lt ", ">": r"\gt ", "|": r"\vert ",
}  # fmt: skip
_UNESCAPED = {escaped: plain for plain, escaped in SPECIAL.items()}
_ESCAPED = re.compile("|".join(map(re.escape, sorted(_UNESCAPED, key=len, reverse=True))))


@dataclass(frozen=True)
class Flavour:
    """Whose Markdown: with fences and backticks around formulas (GitHub, GitLab), or dollar signs alone (notebooks)."""

    fenced: bool = True

    def inline(self, box: Box) -> str:
        r"""A formula in running text.

        >>> from derive.notation.tree import Accent, Fence, Letter, Script, Words, row
        >>> GITHUB.inline(Letter("x"))
        '$x$'
        >>> print(GITHUB.inline(row(Script(Accent("bar", Letter("x")), Fence("(", Letter("i"))), Letter("y"))))
        $\bar{x} _{(i)} y$
        >>> print(GITHUB.inline(Words("50%")))
        $`\text{50}\%`$
        """
        code = _CLOSING.sub(" _", tame(box_latex(box)))
        if self.fenced and _TRAPS.search(code):
            return f"$`{code}`$"
        return f"${code}$"

    def display(self, code: str) -> str:
        """LaTeX on lines of its own."""
        return f"```math\n{code}\n```" if self.fenced else f"$$\n{code}\n$$"


GITHUB = Flavour()
NOTEBOOK = Flavour(fenced=False)


def tame(code: str) -> str:
    r"""The same formula in words instead of signs that mean something else outside.

    >>> tame(r"\operatorname{GELU}(x) \, |y| < 1")
    '\\mathop{\\mathrm{GELU}}(x) \\thinspace \\vert y\\vert \\lt 1'
    """
    code = _NAMED.sub(_operator, code)
    code = _TEXT.sub(lambda found: text(_ESCAPED.sub(lambda c: _UNESCAPED[c[0]], found[1])), code)
    return _TOKENS.sub(lambda found: _WORDS.get(found[1]) or _SYMBOLS[found[1]], code)


def text(words: str) -> str:
    r"""Words in a formula; readers differ in what they take for a command inside ``\text``, so that nothing of it stays there.

    >>> text("50% of a_b")
    '\\text{50}\\%\\text{ of a}\\_\\text{b}'
    """
    pieces = re.split(r"([\\{}$&#%_^~<>|])", words)
    return "".join(_SYMBOLS.get(p) or rf"\text{{{p}}}" for p in pieces if p)


def _operator(found: re.Match[str]) -> str:
    star, name, script = found.groups()
    limits = r"\limits" if star else r"\nolimits" if script else ""
    return rf"\mathop{{\mathrm{{{name}}}}}{limits}"

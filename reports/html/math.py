"""Formulas in HTML: MathML by ``math-core``, with the words and the LaTeX of what is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape, unescape
from typing import Any

from derive.latex import aligned_rows, box_latex
from derive.notation import Box
from reports.document import Line
from reports.errors import extra
from reports.spoken import box_words

_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9A-Fa-f]+);)\w+;")  # XML knows five names only

# A bar means a derivative here, and browsers let it touch its letter: the style sheet lifts it.  The stretchy low line that
# math-core puts over a word is drawn twice by Chromium: a border is drawn instead, where style sheets know how.
BAR, NEW_BAR = '<mo stretchy="false">\u00af</mo>', '<mo stretchy="false" class="bar">\u00af</mo>'
OVERLINE, NEW_OVERLINE = '<mo stretchy="true">\u0332</mo>', '<mo stretchy="false" class="overline">\u00af</mo>'


@cache
def _converter() -> Any:
    with extra("math_core"):
        from math_core import LatexToMathML
    return LatexToMathML(xml_namespace=True)


def mathml(box: Box, display: bool = False) -> str:
    """A formula in MathML, with its words for readers that cannot see it.

    A displayed one has large operators but flows in its line: where it stands is for the table of equations to say.
    """
    code = str(_converter().convert_with_local_state(box_latex(box), displaystyle=display))
    code = _ENTITY.sub(lambda found: unescape(found[0]), code)
    code = code.replace(BAR, NEW_BAR).replace(OVERLINE, NEW_OVERLINE)
    code = code.replace(' display="block"', ' displaystyle="true"', 1)
    return code.replace("<math ", f'<math aria-label="{escape(box_words(box), quote=True)}" ', 1)


def lines_latex(lines: Sequence[Line]) -> str:
    """Displayed lines as an ``align*`` environment that compiles alone with amsmath; for whoever wants to paste them."""
    rows: list[str] = []
    for line in lines:
        if line.equals:
            first, *others = aligned_rows(line.left, line.right) if line.left is not None else _continued(line.right)
            rows += [first, *others]
        else:
            rows.append(f"& {box_latex(line.right)}")
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"


def _continued(right: Box) -> list[str]:
    from derive.notation.tree import Row

    return [row.strip() for row in aligned_rows(Row(()), right)]

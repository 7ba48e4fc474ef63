"""From expressions to what stands on paper: one tree of boxes that every output language prints.

``tree`` holds the boxes, ``names`` turns tensor names into letters with hats and bars, ``sums``, ``products`` and
``expressions`` say how a textbook writes an expression, ``matrices`` does so for matrix form, ``breaking`` measures and
breaks long lines.
Nothing here knows LaTeX: :mod:`derive.latex` prints the tree, and so do other printers elsewhere.
"""

from derive.notation.breaking import break_lines, width
from derive.notation.context import Notation
from derive.notation.expressions import condition_box, expression_box
from derive.notation.matrices import matrix_box
from derive.notation.tree import Box

__all__ = ["Box", "Notation", "break_lines", "condition_box", "expression_box", "matrix_box", "width"]

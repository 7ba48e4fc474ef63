"""LaTeX: derivations to paste, and whole documents for latexmk.

The printer of formulas is :mod:`derive.latex`, since a derivation prints itself.
"""

from derive.latex import box_latex, derivation_latex, equation_latex, expression_latex, matrix_latex

__all__ = ["box_latex", "derivation_latex", "equation_latex", "expression_latex", "matrix_latex"]

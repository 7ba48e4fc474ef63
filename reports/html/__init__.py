"""HTML: one self-contained file; formulas are MathML, made from the LaTeX printer's text."""

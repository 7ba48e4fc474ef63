"""Reports: derivation pages and the book, in PDF (with and without TeX), HTML, LaTeX and Markdown."""

from reports.writing import book, report

__all__ = ["book", "report"]

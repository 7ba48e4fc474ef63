"""Reports: derivation pages and the book, in PDF (with and without TeX), HTML, LaTeX and Markdown."""

from reports.answer import answer
from reports.writing import book, report

__all__ = ["answer", "book", "report"]

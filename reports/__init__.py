"""Reports: derivation pages and the book, in PDF (with and without TeX), HTML, LaTeX and Markdown."""

from reports.answer import answer
from reports.binding.pages import Page, pages
from reports.writing import book, report

__all__ = ["Page", "answer", "book", "pages", "report"]

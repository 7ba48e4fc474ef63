"""Markdown with LaTeX formulas between dollar signs."""

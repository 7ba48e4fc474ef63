"""Typst: its printer for formulas, its writer for documents; PDF through the ``typst`` wheel, without TeX."""

"""The catalog's book without evidence, made once, and small documents."""

from __future__ import annotations

import shutil

import pytest

from derive.registry import operations
from derive.reverse import derive
from numeric import compile as generate
from reports.document import Document
from reports.page import sections
from reports.writing import bind


@pytest.fixture(scope="session")
def book() -> Document:
    """All operations, with everything but the checks."""
    pages = []
    for operation in operations():
        derivation = derive(operation)
        pages.append((operation, sections(operation, derivation, None, generate(derivation))))
    return bind(pages, evidence=False)


@pytest.fixture
def tex() -> None:
    """Skip where TeX is not installed."""
    if shutil.which("latexmk") is None or shutil.which("pdflatex") is None:
        pytest.skip("needs latexmk and pdflatex")

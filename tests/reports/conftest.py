"""A book of a part of the catalog, without evidence, made once; and small documents."""

from __future__ import annotations

import shutil

import pytest

from derive.registry import get
from derive.reverse import derive
from numeric import compile as generate
from reports.document import Document
from reports.page import sections
from reports.writing import bind
from tests.shares import CORE


@pytest.fixture(scope="session")
def book() -> Document:
    """The operations of a first course, with everything but the checks.

    Not a share of the catalog yet: steps of some later operations hold a bracket wider than the text, and lines are
    broken at the outermost level only.
    """
    pages = []
    for operation in map(get, CORE):
        derivation = derive(operation)
        pages.append((operation, sections(operation, derivation, None, generate(derivation))))
    return bind(pages, evidence=False)


@pytest.fixture
def tex() -> None:
    """Skip where TeX is not installed."""
    if shutil.which("latexmk") is None or shutil.which("pdflatex") is None:
        pytest.skip("needs latexmk and pdflatex")

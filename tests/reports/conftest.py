"""A book of a part of the catalog, without evidence, made once; and small documents."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from derive.registry import declare, get, names
from reports.binding.bind import bind
from reports.binding.pages import Page, pages
from reports.document import Document
from reports.engines import latex_run, typst_pdf
from reports.latex.writer import latex
from reports.site import site
from reports.typst.writer import typst
from reports.writing import assets
from tests.shares import BOOK

TEX = shutil.which("latexmk") is not None and shutil.which("pdflatex") is not None


@pytest.fixture(scope="session")
def core() -> tuple[Page, ...]:
    """Some pages of a first course, others in another run; all with ``BACKPROOF_TEST_ALL=1``.  Only the checks are left out."""
    chosen = names() if os.environ.get("BACKPROOF_TEST_ALL") else BOOK
    return tuple(pages([get(name) for name in chosen], evidence=False, pictures=("svg", "pdf") if TEX else ("svg",)))


@pytest.fixture(scope="session")
def book(core: tuple[Page, ...]) -> Document:
    """Those pages as a book."""
    return bind(core, evidence=False)


@pytest.fixture(scope="session")
def printed(book: Document) -> dict[str, tuple[bytes, str]]:
    """The book out of each engine that is there, with what the engine says of it."""
    found = {"typst": (typst_pdf(typst(book), assets(book, "svg")), "")}
    if TEX:
        found["latex"] = latex_run(latex(book), assets(book, "pdf"))
    return found


EVIL = '</script><script>alert(1)</script> "quoted" &amp \\write18 $x$ größe'


@pytest.fixture(scope="session")
def made_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small site, without evidence: an operation of each kind of page, and one whose every word is hostile."""
    hostile = replace(
        declare('x[n]; # <a href="#zzz"> </script>\ny[i] = x[i]**2', name="evil"),
        name=EVIL, title=EVIL, summary=EVIL, category=EVIL, source=EVIL, meanings={"x": EVIL},
    )  # fmt: skip
    out = tmp_path_factory.mktemp("site") / "site"
    site(out, [*map(get, ("relu", "dense", "layer_norm", "l2")), hostile], evidence=False)
    return out


@pytest.fixture
def tex() -> None:
    """Skip where TeX is not installed."""
    if not TEX:
        pytest.skip("needs latexmk and pdflatex")

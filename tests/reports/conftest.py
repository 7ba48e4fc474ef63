"""A book of a part of the catalog, without evidence, made once; and small documents."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from derive.registry import declare, get
from derive.reverse import derive
from numeric import compile as generate
from reports.document import Document
from reports.page import sections
from reports.site import site
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


EVIL = '</script><script>alert(1)</script> "quoted" &amp \\write18 $x$ größe'


@pytest.fixture(scope="session")
def made_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small site, without evidence: an operation of each kind of page, and one whose every word is hostile."""
    hostile = replace(
        declare("x[n]; # </script>\ny[i] = x[i]**2", name="evil"),
        name=EVIL, title=EVIL, summary=EVIL, category=EVIL, source=EVIL, meanings={"x": EVIL},
    )  # fmt: skip
    out = tmp_path_factory.mktemp("site") / "site"
    site(out, [*map(get, ("relu", "dense", "layer_norm", "l2")), hostile], evidence=False)
    return out


@pytest.fixture
def tex() -> None:
    """Skip where TeX is not installed."""
    if shutil.which("latexmk") is None or shutil.which("pdflatex") is None:
        pytest.skip("needs latexmk and pdflatex")

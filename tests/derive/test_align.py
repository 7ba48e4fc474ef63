"""LaTeX to paste: an environment that compiles alone with amsmath, in which nothing runs into the margin."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from derive.latex import box_latex, derivation_latex
from derive.notation import break_lines, width
from derive.notation.names import name_box
from derive.notation.tree import CLOSE, OPEN, PLUS, Fence, Fraction, Letter, Number, Row
from derive.registry import get
from derive.reverse import derive
from tests.shares import share, turn


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_it_compiles_alone_and_keeps_within_the_margin(tmp_path: Path) -> None:
    """One article of all environments, a page each; TeX's own log says what is too wide."""
    pages = [
        rf"\typeout{{@ {name} {form}}}" + "\n" + derivation_latex(derive(get(name)), form) + "\n\\clearpage"
        for name in {*turn("align", share("align"), 12), "gelu_tanh", "dense"}
        for form in ("best", "index")
    ]
    preamble = r"\documentclass{article}\usepackage{amsmath}\allowdisplaybreaks\begin{document}"
    (tmp_path / "all.tex").write_text("\n".join([preamble, *pages, r"\end{document}"]))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    log = (tmp_path / "all.log").read_text(errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert log.count("@ ") >= len(pages)
    wide = re.findall(r"@ ([^\n]*)\n(?:(?!@ ).*\n)*?Overfull \\hbox \(([^)]*)\)", log)
    assert not wide


def test_names_are_set_as_in_books() -> None:
    shown = {n: box_latex(name_box(n)) for n in ("W_hh", "xhat", "theta", "b_1")}
    assert shown == {"W_hh": "W_{hh}", "xhat": r"\hat{x}", "theta": r"\theta", "b_1": "b_1"}


def test_a_parenthesis_that_is_too_wide_is_broken_inside_and_stays_whole_elsewhere() -> None:
    terms = Row(tuple(part for k in range(12) for part in ((PLUS, Letter("x")) if k else (Letter("x"),))))
    lines = break_lines(Row((Number("2"), Fence("(", terms))), 9.0)
    assert len(lines) > 1
    assert all(width(line) <= 9.0 for line in lines)
    first, last = lines[0], lines[-1]
    assert isinstance(first, Row)
    assert isinstance(last, Row)
    assert OPEN in first.parts
    assert CLOSE in last.parts
    quotient, *_ = break_lines(Fraction(terms, Letter("n")), 9.0)
    assert isinstance(quotient, Row)
    assert quotient.parts[0] == Fraction(Number("1"), Letter("n"))
    assert break_lines(Fence("(", terms), 99.0) == [Fence("(", terms)]

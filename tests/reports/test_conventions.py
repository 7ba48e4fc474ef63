"""The conventions section says what the program records, with its formulas set."""

from __future__ import annotations

import pytest

from derive.latex import box_latex
from derive.registry import declare, get
from derive.reverse import derive
from numeric import compile as generate
from reports.conventions import conventions
from reports.document import Items, Math, Text
from reports.page import sections
from reports.symbols import notation_of


@pytest.mark.parametrize(
    ("text", "formula", "before", "after"),
    [
        ("z[n]\na = max(0, z)", r"\max(0, z_i)", "At a tie of", "the first argument takes the whole cotangent."),
        (
            "x[n], w[k]\nties(max) == last\ny[i] = max(x[i + p] + w[p], p)",
            r"\max_{p < k} (w_p + x_{i + p})",
            "At a tie of",
            "the last extremum takes the whole cotangent.",
        ),
        (
            "z[n]\na[i] = where(1 < z[i], 1, 0)",
            "z_i > 1",
            "Where the condition",
            "changes, the derivative is that of the branch taken.",
        ),
    ],
)
def test_a_kink_has_its_sentence(text: str, formula: str, before: str, after: str) -> None:
    derivation = derive(declare(text))
    (sentence,) = conventions(derivation.program, notation_of(derivation))
    assert [box_latex(piece.box) for piece in sentence if isinstance(piece, Math)] == [formula]
    assert "".join(piece.text for piece in sentence if isinstance(piece, Text)) == f"{before}  {after}"


@pytest.mark.parametrize(("name", "kinks"), [("relu", 1), ("binary_step", 1), ("mse", 0)])
def test_the_page_lists_them(name: str, kinks: int) -> None:
    derivation = derive(get(name))
    (section,) = [s for s in sections(get(name), derivation, None, generate(derivation)) if s.title == "Conventions"]
    assert sum(len(block.items) for block in section.blocks if isinstance(block, Items)) == kinks

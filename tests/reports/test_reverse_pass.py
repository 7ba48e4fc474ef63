"""The reverse pass of a page: one section for each adjoint that a line names, before that line."""

from __future__ import annotations

import pytest

from derive.latex import box_latex
from derive.registry import get
from derive.reverse import derive
from numeric import compile as generate
from reports.document import Paragraph, Section, plain
from reports.page import sections
from reports.symbols import notation_of
from tests.shares import share, turn


def reverse_pass(name: str) -> tuple[Section, ...]:
    derivation = derive(get(name))
    (found,) = [s for s in sections(get(name), derivation, None, generate(derivation)) if s.title == "Reverse pass"]
    return found.sections


@pytest.mark.parametrize("name", turn("reverse pass", share("reverse pass"), 10))
def test_every_adjoint_that_the_steps_derive_has_its_section(name: str) -> None:
    derivation = derive(get(name))
    titles = [section.title.removeprefix("Adjoint of ").partition(" at ")[0] for section in reverse_pass(name)]
    tensors = {adjoint: tensor for tensor, adjoint in derivation.adjoints.items()}
    assert titles == [tensors[e.target] for e in derivation.derived]


def test_an_adjoint_that_is_put_in_says_so() -> None:
    first, second = reverse_pass("softmax_cross_entropy")
    assert (first.title, second.title) == ("Adjoint of P", "Adjoint of Z")
    said = first.blocks[-1]
    assert isinstance(said, Paragraph)
    assert plain(said.content).endswith("is put in where it is read and not computed on its own.")
    bar = notation_of(derive(get("softmax_cross_entropy"))).name("dP")
    assert box_latex(bar) == r"\bar{P}"
    assert any(getattr(piece, "box", None) == bar for piece in said.content)
    assert not isinstance(second.blocks[-1], Paragraph)

"""Markdown as its readers take it: a parser of CommonMark leaves every formula whole, and nothing GitHub refuses is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from derive.latex import box_latex
from derive.notation.names import name_box
from derive.notation.tree import Accent, Big, Box, Cases, Fence, Letter, Named, Number, Row, Script, Sign, Words, row
from derive.registry import get
from derive.reverse import derive
from numeric import compile as generate
from reports.document import (
    Block,
    Code,
    Document,
    Equations,
    Items,
    Line,
    Link,
    Math,
    Note,
    Section,
    Table,
    paragraph,
    text,
)
from reports.markdown.math import GITHUB, NOTEBOOK, tame
from reports.markdown.math import text as words_in_math
from reports.markdown.writer import block_markdown, inline, markdown
from reports.page import page

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@pytest.fixture(scope="module")
def whole() -> str:
    """A page with matrices, brackets, recurrences and tables."""
    operation = get("rnn")
    derivation = derive(operation)
    return markdown(page(operation, derivation, None, generate(derivation)))


def tokens(source: str) -> Iterator[Token]:
    for token in READER.parse(source):
        yield token
        yield from token.children or ()


def shown(source: str) -> str:
    """The words that a parser finds, code between backticks."""
    kinds = {"text": "{}", "code_inline": "`{}`", "softbreak": "\n", "math": "{}"}
    return "".join(kinds[t.type].format(t.content) for t in tokens(source) if t.type in kinds)


X, Y, I, J = Letter("x"), Letter("y"), Letter("i"), Letter("j")
BAR = Accent("bar", X)
TRAPS: list[Box] = [
    row(Script(BAR, Row((I, J))), Script(BAR, Row((I, J)))),  # underscores between braces are emphasis
    row(Script(BAR, I), Sign("plus"), Script(X, Row((I, J))), Script(BAR, J)),
    row(Fence("[", row(I, Sign("equals"), J)), Fence("(", X)),  # a link
    row(Fence("bar", X), Sign("lt"), Y, Sign("gt"), X),  # a tag
    row(X, Sign("thin"), Y),  # a backslash before punctuation
    Cases(((X, row(Words("if "), X)), (Y, Words("otherwise")))),  # two backslashes
    row(Big("argmax", I), Script(X, I), Big("argmax", J), Script(X, J)),  # stars
    row(Named("softplus"), Fence("(", X)),
    name_box("log_long_prob"),
    Script(Letter("two_words", "upright"), I),
    Words("50% of a_b & c"),
    row(Number("0"), Sign("le"), I, Sign("lt"), Letter("n")),
]


@pytest.mark.parametrize("box", TRAPS, ids=[str(k) for k in range(len(TRAPS))])
def test_markdown_leaves_a_formula_whole(box: Box) -> None:
    written = GITHUB.inline(box)
    code = written.strip("$`")
    for source in (f"so {written} and {written}.", f"*a* {written} **b** {written}", f"| a |\n| --- |\n| {written} |"):
        assert {t.type for t in tokens(source)} & {"link_open", "html_inline", "s_open"} == set()
        seen = shown(source)
        assert seen.count(code) == source.count(code), (source, seen)


def test_one_that_is_not_tamed_is_not_left_whole() -> None:
    """What the test above would see without the writer's care."""
    for box in (TRAPS[0], TRAPS[4], TRAPS[5]):
        code = f"${box_latex(box)}$"
        assert code not in shown(f"so {code} and {code}.")


def test_github_gets_no_macro_that_it_refuses() -> None:
    for box in TRAPS:
        assert r"\operatorname" not in GITHUB.inline(box)
    assert tame(box_latex(Script(Named("softplus"), sup=Number("2")))) == r"\mathop{\mathrm{softplus}}\nolimits^2"
    assert tame(box_latex(Big("argmax", I))) == r"\mathop{\mathrm{argmax}}\limits_{i}"


def test_a_page_is_prose_tables_code_and_formulas(whole: str) -> None:
    kinds = {t.type for t in tokens(whole)}
    assert kinds & {"html_block", "code_block"} == set()
    tags = [t.content for t in tokens(whole) if t.type == "html_inline"]
    assert [
        tag for tag in tags if not re.fullmatch(r'<a id="[\w.-]+">|</a>', tag)
    ] == []  # where links lead, and no more
    targets = {str(t.attrs["href"]) for t in tokens(whole) if t.type == "link_open"}
    assert {each[1:] for each in targets if each.startswith("#")} <= set(re.findall(r'<a id="([^"]+)">', whole))
    assert {"table_open", "fence"} <= kinds
    seen = shown(whole)
    formulas = re.findall(r"\$`[^`]+`\$|\$[^$\n]+\$", re.sub(r"(?ms)^(`{3,}).*?^\1$", "", whole))
    assert len(formulas) > 80
    assert [f for f in formulas if f not in seen] == []


def test_displayed_formulas_are_fences_that_close(whole: str) -> None:
    fences = [t for t in tokens(whole) if t.type == "fence" and t.info == "math"]
    assert len(fences) > 10
    for fence in fences:
        assert fence.content.count(r"\begin{") == fence.content.count(r"\end{") >= 1
        assert re.sub(r"\\[{}]", "", fence.content).count("{") == re.sub(r"\\[{}]", "", fence.content).count("}")
        assert r"\operatorname" not in fence.content
    assert "$$" not in whole


def test_every_dollar_opens_where_github_looks_for_it(whole: str) -> None:
    """Behind a letter, a digit or a hyphen it is a dollar."""
    prose = re.sub(r"(?ms)^(`{3,}).*?^\1$", "", whole)
    for formula in re.finditer(r"(.?)(\$`[^`]+`\$|\$[^$\n]+\$)(.?)", prose):
        assert not re.match(r"[\w-]", formula[1]), formula[0]
        assert not re.match(r"\w", formula[3]), formula[0]
    assert inline(text("non-", X)) == "non- $x$"


def test_a_bar_in_a_cell_is_no_end_of_it() -> None:
    table = Table(("a",), ((text(Fence("bar", X), " or ", Code("p|q"), " | ", Math(name_box("x_1"))),),))
    (row_open,) = [t for t in tokens(block_markdown(table)) if t.type == "tbody_open"]
    assert row_open
    assert [t.type for t in tokens(block_markdown(table))].count("td_open") == 1
    assert "vert" in shown(block_markdown(table))


@pytest.mark.parametrize(
    "words", ["- no list", "+ no list", "1. no list", "2) none", "=== no heading", "---", "# none", "    none"]
)
def test_words_at_the_start_of_a_line_are_words(words: str) -> None:
    blocks: list[Block] = [paragraph(words), Note(text(words)), Items((text(words),))]
    for block in blocks:
        source = "before\n\n" + block_markdown(block)
        kinds = [t.type for t in tokens(source)]
        assert kinds.count("bullet_list_open") + kinds.count("ordered_list_open") == isinstance(block, Items), source
        assert not {"heading_open", "code_block", "hr"} & set(kinds), source
        assert words.strip() in shown(source), source


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30))
def test_a_reason_is_told_in_words_that_are_no_commands(words: str) -> None:
    block = Equations((Line(X, Y, text(words)),))
    (fence,) = [t for t in tokens(block_markdown(block)) if t.type == "fence"]
    reason = fence.content.split("&&", 1)[1].split("\n\\end", 1)[0]
    inside = re.findall(r"\\text\{([^{}]*)\}", reason)
    assert all(not set(piece) & set("\\{}$&#%_^~") for piece in inside)
    plain = re.sub(r"[\\{}$&#%_^~<>|]", "", words)
    assert "".join(inside) == plain
    assert words_in_math(words).count("{") == words_in_math(words).count("}")


def test_equations_have_numbers_and_marks_where_links_lead_to_them() -> None:
    lines = (Line(X, Y, text("because"), number="(1)", label="one"), Line(None, J, number="(2)", label="two"))
    source = markdown(Document("t", (Section("s", (Equations(lines), paragraph("see ", Link("(1)", "one")))),)))
    (fence,) = [t for t in tokens(source) if t.type == "fence"]
    assert [row.split("&&")[1].strip() for row in fence.content.splitlines()[1:3]] == [
        r"\text{because} \quad \text{(1)} \\", r"\quad \text{(2)}",
    ]  # fmt: skip
    assert re.findall(r'<a id="(\w+)">', source) == ["one"]


def test_a_notebook_gets_dollar_signs_alone() -> None:
    blocks = (paragraph("a ", TRAPS[2]), Equations((Line(X, Y),), boxed=True))
    source = markdown(Document("t", (Section("s", blocks),)), NOTEBOOK)
    assert "```" not in source
    assert "$[i = j] (x)$" in source
    assert "$$\n\\boxed{\\begin{aligned}\nx &= y\n\\end{aligned}}\n$$" in source

"""What a page tells: numbers that links lead to, sanity checks, forks, levels of detail, code beside its equations."""

from __future__ import annotations

import pytest
from sympy import expand, symbols

from derive.notation import expression_box
from derive.registry import declare, get
from derive.reverse import derive
from numeric import compile as generate
from reports import writing
from reports.costs import LOWER, count_words
from reports.document import (
    Code,
    Document,
    Equations,
    Items,
    Link,
    Listing,
    Paragraph,
    Section,
    labels,
    links,
    plain,
    text,
)
from reports.errors import ReportError
from reports.page import page
from reports.sanity import sanity_blocks
from reports.statement import reduction
from reports.symbols import long_extents, notation_of
from verify.processes import unordered


def made(name: str, **settings: str) -> Document:
    derivation = derive(get(name))
    return page(get(name), derivation, None, generate(derivation), **settings)


@pytest.fixture(scope="module")
def document() -> Document:
    return made("softmax_cross_entropy")


def blocks(sections: tuple[Section, ...]) -> list[object]:
    return [block for s in sections for block in (*s.blocks, *blocks(s.sections))]


def test_every_link_leads_to_an_equation_and_every_number_is_given_once(document: Document) -> None:
    known = labels(document)
    assert len(known) == len(set(known))
    inside = [link for link in links(document) if not link.outside]
    assert inside
    assert {link.target for link in inside} <= set(known)
    lines = [line for b in blocks(document.sections) if isinstance(b, Equations) for line in b.lines if line.number]
    first = {line.number: line.label for line in lines if line.label}
    assert [int(n.strip("()")) for n in first] == list(range(1, len(first) + 1))
    assert all(first[link.text] == link.target for link in inside if link.text in first)


def test_reasons_name_the_equation_that_they_use(document: Document) -> None:
    reverse = next(s for s in document.sections if s.title == "Reverse pass").sections[-1]
    reasons = [plain(line.reason) for b in reverse.blocks if isinstance(b, Equations) for line in b.lines]
    assert "by the definition of P, (1)" in reasons
    assert any(r.startswith("because sum over j = 0 to k - 1 of Y sub (i j) = 1, (3)") for r in reasons)


def test_the_lines_of_code_are_marked_with_their_equations(document: Document) -> None:
    listing = next(b for b in blocks(document.sections) if isinstance(b, Listing) and b.margin)
    lines = listing.text.splitlines()
    assert {lines[n - 1].split()[0]: link.text for n, link in listing.margin.items()} == {
        "P": "(1)", "L": "(2)", "dZ": "(4)",
    }  # fmt: skip
    assert all(isinstance(link, Link) for link in listing.margin.values())


def said(name: str) -> str:
    derivation = derive(get(name))
    _, items = sanity_blocks(get(name), derivation, notation_of(derivation))
    assert isinstance(items, Items)
    return "\n".join(plain(item) for item in items.items)


def test_sanity_checks_say_what_holds_and_nothing_else() -> None:
    entropy = said("softmax_cross_entropy")
    assert "sum over j = 0 to k - 1 of Z bar sub (i j) = 0" in entropy
    assert "sum over i" not in entropy  # columns do not add up to 0
    assert "for k = 1, Z bar = 0" in entropy
    assert "at p = y the loss is stationary" in said("bce")
    assert "slope 1 over 4 at 0" in said("sigmoid")
    assert "Vanishing" not in said("dense")


def test_a_value_that_is_shared_is_told() -> None:
    texts = [plain(b.content) for b in blocks(made("dense").sections) if isinstance(b, Paragraph)]
    assert "The same b sub j enters Z sub (i j) for every i, hence the sum over it; in matrix form that is the product with a "\
        "vector of ones. " in texts  # fmt: skip


def test_reduction_is_read_from_the_equation() -> None:
    def of(text: str) -> list[tuple[str, bool]]:
        return [(str(n), mean) for _, n, mean in reduction(declare(text, name="own").program.equations[-1].rhs)]

    assert of("x[n, k]; L = sum(x**2)") == [("n", False), ("k", False)]
    assert of("x[n, k]; L = mean(sum(x[i, j]**2, j), i)") == [("n", True), ("k", False)]
    assert of("x[n]; L = sum(x)/3") == [("n", False)]


def test_reduction_over_two_indices_of_one_extent() -> None:
    def of(text: str) -> list[tuple[str, bool]]:
        return [(str(i), mean) for i, _, mean in reduction(declare(text, name="own").program.equations[-1].rhs)]

    assert of("X[n, n]; L = sum(X[i, j]**2, i, j)") == [("i", False), ("j", False)]
    assert of("X[n, n]; L = mean(X[i, j]**2, i, j)") == [("i", True), ("j", True)]
    assert of("X[n, n]; L = sum(X[i, j]**2, i, j)/n") == []  # neither: the gradient carries 1/n, not 1/n^2
    assert of("X[n, n]; L = sum(log(sum(exp(X[j, i]), i)), j)") == [("j", False)]  # an inner sum has no say
    assert of("x[n]; L = sum(x[i]**2, i)/sqrt(n)") == []


def test_the_commands_that_a_page_prints_make_it_again() -> None:
    own = declare("a[n]; b = a**2", name="relu")  # the name is taken, the text is not that of the catalog
    for each, told in (
        (get("relu"), "relu"), (get("mlp", activation="relu"), "mlp:activation=relu"), (own, "relu.eqs")
    ):  # fmt: skip
        derivation = derive(each)
        last = blocks(page(each, derivation, None, generate(derivation)).sections)[-1]
        assert isinstance(last, Paragraph)
        codes = [inline.text for inline in last.content if isinstance(inline, Code)]
        assert codes == [f"backproof report {told} --out DIR", f"backproof verify {told}"]
    assert writing._command([get("mlp", activation="relu"), own], "typst", {}).endswith(" mlp:activation=relu relu.eqs")


def test_brief_is_short_and_full_is_long() -> None:
    brief, lecture, full = (made("layer_norm", detail=level) for level in ("brief", "lecture", "full"))
    assert "Reverse pass" not in [s.title for s in brief.sections]
    counts = [
        sum(len(b.lines) for b in blocks(each.sections) if isinstance(b, Equations)) for each in (brief, lecture, full)
    ]
    assert counts[0] < counts[1] < counts[2]
    with pytest.raises(ReportError, match="brief, lecture, full"):
        made("dense", detail="long")


def test_long_extents_have_a_name_whatever_is_taken() -> None:
    def of(text: str) -> list[str]:
        return sorted(map(str, long_extents(derive(declare(text, name="own"))).values()))

    assert of("x[N], w[M], H, size; y[i] = H*size*sum(x[2*i + j]*w[j], j)") == ["size2_1"]
    hard = declare("x[N], w[M], H, size; y[i] = H*size*sum(x[2*i + j]*w[j], j)", name="own")
    assert sanity_blocks(hard, derive(hard), notation_of(derive(hard)))  # at sizes that go together
    assert of("x[N_1], w[k]; y[i] = sum(x[2*i + j]*w[j], j)") == ["M_1"]


def test_a_page_that_ends_early_is_a_fault() -> None:
    def work(_: int) -> int:
        raise StopIteration

    with pytest.raises(RuntimeError, match="StopIteration"):
        list(unordered(work, [1, 2], 1))


def test_a_count_of_many_lines_is_told_by_its_highest_terms() -> None:
    """As in two dimensions of a convolution, multiplied out; a short one is told in full."""
    derivation = derive(get("dense"))
    notation = notation_of(derivation)
    n, d, k = symbols("n d k")
    long = expand((n + 1) ** 3 * (d + 2) ** 3 * (k + 3) ** 2 + n * d + 7)
    short = 2 * n * d * k + 3 * n
    assert count_words(short, notation) == text(expression_box(short, notation))
    told = count_words(long, notation)
    assert told == (*text(expression_box(n**3 * d**3 * k**2, notation)), LOWER)
